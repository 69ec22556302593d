"""Every setting of the installation, in one file. Values come from the environment; the defaults run on a laptop.

Nothing here has a side effect: folders and secrets are made by `manage.py` commands and services, not by importing this.
"""

from pathlib import Path

import csp.constants as csp
from django.utils.translation import gettext_lazy as _

from config import env, secret

BASE_DIR = Path(__file__).resolve().parent.parent

# Where data lives -------------------------------------------------------------------------------------------------
CONCORD_DATA = env.folder("CONCORD_DATA", BASE_DIR / ".data", "Folder of everything that is stored.")
CONCORD_LEDGER = env.folder(
    "CONCORD_LEDGER",
    CONCORD_DATA.parent / f"{CONCORD_DATA.name}-ledger",
    "Folder of tombstones and audit checkpoints; outside CONCORD_DATA so that a restored backup cannot roll it back.",
)
CONCORD_KEYS = env.folder(
    "CONCORD_KEYS", CONCORD_DATA / "keys", "Folder of the key-encryption keys, one file an epoch; back it up apart."
)
CONCORD_MODELS = env.folder("CONCORD_MODELS", CONCORD_DATA / "models", "Folder of model files that the set-up fetched.")

DEBUG = env.flag("DEBUG", False, "Show error details; for developers only.")
SECRET_KEY = secret.key(
    env.text("SECRET_KEY", "", "Django's signing key; made and kept in CONCORD_DATA when empty."), CONCORD_DATA
)
SECRET_KEY_FALLBACKS = env.words(
    "SECRET_KEY_FALLBACKS", "", "Former signing keys, still read: sessions and second factors go on after a change."
)
HOST = env.text("HOST", "127.0.0.1", "Address the web server listens on.")
PORT = env.number("PORT", 8000, "Port the web server listens on.", least=1, most=65535)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://{HOST}:{PORT}", "Address people reach the installation by; used in links.")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver", "Host names that are answered.")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "", "Origins behind a proxy that may post, with scheme.")
SECURE = env.flag(
    "SECURE", PUBLIC_URL.startswith("https://"), "Cookies for HTTPS only, HSTS, redirect; on when PUBLIC_URL is https."
)

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"  # third-party tables only; ours carry UUIDs
AUTH_USER_MODEL = "core.User"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    "core", "consent", "consent.keyring", "labeling", "datasets", "inference", "demo", "config",
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.humanize", "django.contrib.sessions", "django.contrib.messages",
    "whitenoise.runserver_nostatic", "django.contrib.staticfiles",
    "rest_framework", "drf_spectacular", "guardian", "django_htmx", "axes", "csp",
    "allauth", "allauth.account", "allauth.mfa", "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]  # fmt: skip

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.RequestId",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # every page, unless it says otherwise
    "core.middleware.UserLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.FirstAdministrator",
    "core.middleware.Problems",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.navigation.navigation",
            ],
            "builtins": ["core.templatetags.concord"],
        },
    }
]


# Databases: the data, and the keys apart from it (a backup of one is useless without the other) -----------------------
def _sqlite(path: Path) -> dict:
    return {
        "ENGINE": "core.db.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
            "PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;",
        },
        "TEST": {"NAME": ":memory:"},
    }


DATABASES = {
    "default": env.database(
        "DATABASE_URL", f"sqlite:///{CONCORD_DATA / 'concord.sqlite3'}", "The data: sqlite:///… or postgresql://…", sqlite=_sqlite
    ),
    "keys": env.database(
        "KEYS_DATABASE_URL", f"sqlite:///{CONCORD_DATA / 'keys.sqlite3'}",
        "The wrapped keys: a second SQLite file, or a schema of its own (…?schema=keys).", sqlite=_sqlite,
    ),
}  # fmt: skip
# Migrations run as the owner of the tables; the running application has fewer rights (decisions 31).
DATABASE_OWNER_URL = env.text(
    "DATABASE_OWNER_URL", "", "PostgreSQL: the role that owns the tables, for migrations only."
)
KEYS_DATABASE_OWNER_URL = env.text("KEYS_DATABASE_OWNER_URL", "", "PostgreSQL: the owner role of the keys' schema.")
DATABASE_ROUTERS = ["consent.keyring.router.KeyringRouter"]

# Jobs ---------------------------------------------------------------------------------------------------------------
BROKER_URL = env.text(
    "BROKER_URL", f"redis+socket://{CONCORD_DATA / 'broker.sock'}", "Celery's broker: Valkey, Redis or RabbitMQ."
)
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "concord"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,  # above the longest job, or a running one would be handed out twice
    "unacked_restore_interval": 2,  # kombu 5.7: look for messages of dead workers this often,
    "unacked_restore_throttle": 1,  # or the job of a killed worker waits for the timeout
    "max_retries": 1,  # a request does not wait for a broker that is down; the sweep sends the job later
    "interval_start": 0,
    "connect_retries_timeout": 2,
}
CELERY_BEAT_SCHEDULE = {
    "sweep jobs": {"task": "core.sweep_jobs", "schedule": 10.0},
    "checkpoint the audit log": {"task": "core.checkpoint_audit", "schedule": 24 * 3600.0},
    "start erasures that are due": {"task": "consent.sweep_erasures", "schedule": 300.0},
    "clear unfinished assets": {"task": "consent.sweep_assets", "schedule": 3600.0},
    "give back leases": {"task": "labeling.sweep", "schedule": 60.0},
    "forget idempotency keys": {"task": "core.forget_idempotency_keys", "schedule": 6 * 3600.0},
}
JOB_STALE_SECONDS = env.number("JOB_STALE_SECONDS", 30, "A job without a heartbeat for so long is taken over.", least=2)

# Stored bytes ---------------------------------------------------------------------------------------------------------
S3_BUCKET = env.text("S3_BUCKET", "", "Bucket for stored (encrypted) bytes; empty keeps them in CONCORD_DATA/store.")
S3_OPTIONS = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env.text("S3_ENDPOINT_URL", "", "Address of an S3 service other than AWS.") or None,
    "region_name": env.text("S3_REGION", "", "Region of the bucket.") or None,
    "access_key": env.text("S3_ACCESS_KEY", "", "S3 access key; empty uses the machine's own role.") or None,
    "secret_key": env.text("S3_SECRET_KEY", "", "S3 secret key.") or None,
    "file_overwrite": False,
    "querystring_auth": False,
}
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CONCORD_DATA / "store"},
    },
    "staticfiles": {"BACKEND": "core.static.ManifestStorage"},
    "store": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": S3_OPTIONS,
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": CONCORD_DATA / "store",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}
FILE_UPLOAD_HANDLERS = ["consent.assets.SealedUploadHandler"]  # an upload is never a plain file on the disk
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_MB", 4096, "Largest accepted media file, in MB.", least=1) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 8  # more than any page has
JOB_VIEWERS = "config.jobs.may_see"
# What hangs from something comes before it: an erasure goes through them in this order.
HOLDINGS = [
    "inference.holdings",
    "datasets.holdings",
    "labeling.holdings",
    "consent.holdings",
]  # erased from the top down

# Static files: hashed names, compressed, served by WhiteNoise (nginx in the compose file) --------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = CONCORD_DATA / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Signing in --------------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "core.access.RootRoles",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "core.accounts.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "core.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # passkeys on http://localhost
MFA_TOTP_ISSUER = "Concord"
OIDC_ISSUER = env.text("OIDC_ISSUER", "", "OpenID Connect: address of the provider; empty turns it off.")
OIDC_APP = {
    "provider_id": "oidc",
    "name": env.text("OIDC_NAME", "Single sign-on", "OpenID Connect: what the button says."),
    "client_id": env.text("OIDC_CLIENT_ID", "", "OpenID Connect: client id."),
    "secret": env.text("OIDC_CLIENT_SECRET", "", "OpenID Connect: client secret."),
    "settings": {"server_url": OIDC_ISSUER},
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC_APP]}} if OIDC_ISSUER else {}
SOCIALACCOUNT_ADAPTER = "core.accounts.SingleSignOnAdapter"
SOCIALACCOUNT_ONLY = False
AXES_FAILURE_LIMIT = env.number(
    "LOGIN_ATTEMPTS", 8, "Wrong passwords before an account is locked for a while.", least=1
)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "core.accounts.named_at_the_door"
AXES_LOCKOUT_CALLABLE = "core.accounts.locked_out"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # the address is unique by a constraint on its lower case
    "guardian.W001",  # the door answers instead of guardian's back end
]

# Browsers ------------------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.NONCE, csp.STRICT_DYNAMIC],
        "style-src": [csp.SELF],
        "img-src": [csp.SELF, "data:", "blob:"],
        "media-src": [csp.SELF, "blob:"],
        "connect-src": [csp.SELF],
        "font-src": [csp.SELF],
        "worker-src": [csp.SELF, "blob:"],
        "manifest-src": [csp.SELF],
        "form-action": [
            csp.SELF,
            *([OIDC_ISSUER.split("/", 3)[0] + "//" + OIDC_ISSUER.split("/", 3)[2]] if OIDC_ISSUER else []),
        ],
        "base-uri": [csp.NONE],
        "frame-ancestors": [csp.NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "core.sessions"  # in the database: a sign-out counts in every web process at once
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", False, "Trust X-Forwarded-Proto.") else None
)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "core.problems.csrf_failed"

# API ------------------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.api.TokenAuthentication", "core.api.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "consent.api.base.Schema",
    "EXCEPTION_HANDLER": "core.problems.for_api",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concord",
    "DESCRIPTION": "Consent-first ground truth for emotion data.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [],  # enumerations stay where they are used: a shared name would change with every new one
}

# Languages, mail, logs -----------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.text("SMTP_HOST", "", "Mail server; without one, mails are written to CONCORD_DATA/mail.")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = CONCORD_DATA / "mail"
EMAIL_HOST = env.text("SMTP_HOST", "", "Mail server; without one, mails are written to CONCORD_DATA/mail.")
EMAIL_PORT = env.number("SMTP_PORT", 587, "Port of the mail server.", least=1, most=65535)
EMAIL_HOST_USER = env.text("SMTP_USER", "", "User name at the mail server.")
EMAIL_HOST_PASSWORD = env.text("SMTP_PASSWORD", "", "Password at the mail server.")
EMAIL_USE_TLS = True
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "concord@localhost", "Sender of mails.")
METRICS_TOKEN = env.text("METRICS_TOKEN", "", "Bearer token for /metrics; empty lets only this machine read it.")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "How much is logged.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "core.logs.WithoutKeys", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DEMO = env.flag("CONCORD_DEMO", False, "Show the demo's accounts on the sign-in page; set by `make demo`.")
