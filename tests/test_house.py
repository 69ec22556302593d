"""The rules of the house, kept by reading the code: who writes, who imports whom, what templates and styles may hold.

A rule with exceptions lists them here with their reason. A list that grows says that the rule, or the code, is wrong.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.template.loader import get_template

from affect import agreement, codecs, vocabularies
from config.celery import app as celery
from inference import backends

ROOT = Path(__file__).resolve().parent.parent
APPS = ("core", "consent", "labeling", "datasets", "inference")
LAYERS = ("config", "demo", "inference", "datasets", "labeling", "consent", "core", "affect")
PACKAGES = (*LAYERS, "launch")
WRITES = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "aupdate", "asave",
    "acreate", "adelete", "executemany",
}  # fmt: skip
OURS = (*APPS, "keyring")


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = list(sources(*PACKAGES))
EVERY_MODULE = pytest.mark.parametrize("path", MODULES, ids=name_of)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


# only services write ----------------------------------------------------------------------------------------------------


def is_outside(path: Path) -> bool:
    """Views, endpoints, tasks, forms, commands and template tags: what must ask a service."""
    inside = path.relative_to(ROOT).parts
    return bool({"views", "api", "templatetags", "management"} & set(inside[:-1])) or path.stem.startswith(
        ("views", "api", "tasks", "forms", "urls", "pictures")
    )


OUTSIDE = [path for path in sources(*APPS, "config", "demo") if is_outside(path)]
# A dict's own update(), and a hash's: not writes to a database. Told apart by the name they are called on.
PLAIN = {"context", "digest", "found", "values", "told", "headers", "params", "hasher", "sha", "env", "environ"}


def writes(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES):
            continue
        on = ast.unparse(node.func.value)
        # `services.create(…)`, `tokens.create(…)`: a module's function, which is how a service is called.
        if on in imported(path) or on in PLAIN or (on.endswith("_service") or on.endswith("_services")):
            continue
        yield f"{name_of(path)}:{node.lineno} {on}.{node.func.attr}()"


def imported(path: Path) -> set[str]:
    """Names under which modules of ours are imported."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LAYERS:
            for alias in node.names:
                if (ROOT / (node.module.replace(".", "/"))).is_dir():
                    names.add(alias.asname or alias.name)
    return names - {"models"}


@pytest.mark.parametrize("path", OUTSIDE, ids=name_of)
def test_only_services_write(path: Path):
    found = list(writes(path))
    assert not found, "Ask a service of the app to do this: " + "; ".join(found)


def test_the_scan_for_writes_sees_a_write(tmp_path: Path):
    """The scanner itself: it sees an ORM call and lets a service's function pass."""
    sample = ROOT / "labeling" / "views" / "__init__.py"
    bad = ast.parse("Item.objects.filter(pk=1).update(code='x')\nitem.save()")
    calls = [
        n
        for n in ast.walk(bad)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in WRITES
    ]
    assert len(calls) == 2
    assert list(writes(sample)) == []


# imports ----------------------------------------------------------------------------------------------------------------


def ours_imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module.split(".")[0]
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name.split(".")[0]


@EVERY_MODULE
def test_imports_point_down_also_inside_functions(path: Path):
    own = path.relative_to(ROOT).parts[0]
    if own not in LAYERS:
        return
    above = set(LAYERS[: LAYERS.index(own)])
    found = [f"{node.lineno}: {name}" for node in ast.walk(tree(path)) for name in ours_imported(node) if name in above]
    assert not found, f"{name_of(path)} imports from above: {found}"


def test_the_import_contracts_hold():
    program = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@EVERY_MODULE
def test_nobody_listens_to_signals(path: Path):
    text = path.read_text()
    assert "django.dispatch" not in text, "No signals; a service calls what must follow."
    assert "models.signals" not in text or "lint" in text, "No signals; a service calls what must follow."


# size and words -----------------------------------------------------------------------------------------------------------


@EVERY_MODULE
def test_modules_say_what_they_are_for_and_stay_small(path: Path):
    lines = path.read_text().count("\n")
    assert lines <= 450, f"{name_of(path)} has {lines} lines; split it by activity."
    if lines:
        assert ast.get_docstring(tree(path)), f"{name_of(path)} does not say what it is for."


@pytest.mark.parametrize("path", [ROOT / "manage.py", *sorted(ROOT.glob("launch/*.py"))], ids=name_of)
def test_nothing_of_the_machine_it_was_written_on(path: Path):
    assert not re.search(r"/(root|home)/\w+|https?://[\w.]*(pypi|files\.pythonhosted)[^\s\"']*@", path.read_text())


# models -------------------------------------------------------------------------------------------------------------------

MODELS = [model for app in (*APPS, "keyring") for model in apps.get_app_config(app).get_models()]
EVERY_MODEL = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
# Keys that count: the audit log has no gap, epochs of the key-encryption key are numbered. Role grants are guardian's rows.
OTHER_KEYS = {"core.AuditEvent", "keyring.Epoch"}


def is_grant(model: type[models.Model]) -> bool:
    return any(base.__name__ == "RoleGrant" for base in model.__mro__)


@EVERY_MODEL
def test_every_domain_row_has_a_uuid(model: type[models.Model]):
    if model._meta.label in OTHER_KEYS or is_grant(model):
        return
    assert isinstance(
        model._meta.pk.remote_field.model._meta.pk if model._meta.pk.remote_field else model._meta.pk, models.UUIDField
    )


def reaches(model: type[models.Model], name: str, deep: int = 6) -> bool:
    """Whether a chain of foreign keys leads to a model of this name."""
    if deep == 0:
        return False
    for field in model._meta.concrete_fields:
        if field.many_to_one or field.one_to_one:
            other = field.related_model
            if other.__name__ == name or (
                other is not model and other._meta.app_label in OURS and reaches(other, name, deep - 1)
            ):
                return True
    return False


# Never looked up by an address of its own: reached only through a row already held (access.within), or by services.
WITHIN = {
    "consent.AssetSubject", "consent.Permission", "consent.ParticipantLink", "consent.RequestStep",
    "consent.ErasureStep",
}  # fmt: skip


@EVERY_MODEL
def test_every_row_of_a_study_names_the_way_to_its_door(model: type[models.Model]):
    if is_grant(model) or model._meta.app_label in ("core", "keyring"):
        return
    direct = [f.name for f in model._meta.concrete_fields if f.name == "study" and f.is_relation]
    if direct and model._meta.label not in WITHIN:
        assert getattr(model, "access_path", None) is not None, (
            f"{model._meta.label} carries a study and no access_path."
        )
    for path in getattr(model, "access_path", ()):
        step = model
        for name in path.split("__") if path else ():
            step = step._meta.get_field(name).related_model
        assert step.roles, f"{model._meta.label}.access_path ends at {step.__name__}, which is no root."


# Inside one aggregate a part goes with its whole; a role, a link and a token go with what they open.
CASCADES = {
    "consent.AssetSubject.asset", "consent.Permission.participant", "consent.ParticipantLink.participant",
    "core.ApiToken.user", "core.IdempotencyKey.user", "datasets.VersionSubject.row", "labeling.TraceChunk.trace",
}  # fmt: skip
FORGOTTEN = {"job", "actor"}  # SET_NULL: a job's row may be swept, a person who left stays out of the log's way


@EVERY_MODEL
def test_foreign_keys_protect_except_inside_one_aggregate(model: type[models.Model]):
    wrong = []
    for field in model._meta.local_fields:
        if not field.is_relation or is_grant(model):
            continue
        rule = field.remote_field.on_delete
        name = f"{model._meta.label}.{field.name}"
        inside = field.related_model._meta.app_label == model._meta.app_label
        if rule is models.PROTECT or (rule is models.SET_NULL and field.name in FORGOTTEN):
            continue
        if rule is models.CASCADE and inside and name in CASCADES:
            continue
        wrong.append(f"{name} {getattr(rule, '__name__', rule)}")
    assert not wrong, f"{wrong}: PROTECT, or name the aggregate here."


@pytest.mark.django_db(databases="__all__")
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# templates ----------------------------------------------------------------------------------------------------------------

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
EVERY_TEMPLATE = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
# Packages that are read without the application: a stylesheet of their own, nothing loaded from elsewhere.
STANDALONE = ("consent/package/index.html",)
# Markup that code of ours built with format_html, so every text in it is escaped.
BUILT = {"work.guideline.html|safe"}


@EVERY_TEMPLATE
def test_every_template_compiles(path: Path):
    get_template(str(path.relative_to(ROOT / "templates")))


@EVERY_TEMPLATE
def test_templates_keep_to_the_content_security_policy(path: Path):
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", path.read_text(), flags=re.S)
    if str(path.relative_to(ROOT / "templates")) in STANDALONE:
        return
    assert not re.findall(r"<[^>]*\sstyle\s*=", text), "A style attribute is refused by the policy; use a class."
    assert not re.findall(r"<[^>]*\son[a-z]+\s*=\s*[\"']", text), "A handler in an attribute is refused by the policy."
    assert not re.findall(r"(?:href|action)\s*=\s*[\"']\s*javascript:", text)
    for opening, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, flags=re.S):
        assert "nonce" in opening or "application/json" in opening, f"A script without a nonce: {opening}"
        assert not body.strip() or "application/json" in opening or "importmap" in opening or "mfa" in str(path)
    unsafe = set(re.findall(r"[\w.]+\|safe\b", text)) - BUILT
    assert not unsafe, f"{unsafe}: texts are escaped; markup is built with format_html."
    assert not re.findall(r"<style|{%\s*autoescape off", text)


# Words that are the same in every language, or no words: marks, units, the name, codes of keys.
SAME = re.compile(
    r"^(Concord|SHA-256|CSV|JSON|JSONL|Parquet|API|ID|n|N|SD|α|UAR|F1|CCC|MAE|Esc|Enter|Space|R|C|M|Z|X|W3C|DPV|ffmpeg|e-mail|URL)$"
)


def visible_texts(text: str) -> Iterator[str]:
    """What a person would read and no translation tag covers."""
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"{%-?\s*(blocktranslate|blocktrans)\b.*?{%\s*end\1\s*%}", " ", text, flags=re.S)
    text = re.sub(r"<(script|style|kbd|code|svg)\b.*?</\1>", " ", text, flags=re.S)
    text = re.sub(r"{{.*?}}|{%.*?%}", "\0", text, flags=re.S)
    yield from re.findall(r"\s(?:aria-label|title|placeholder|alt)\s*=\s*\"([^\"]*)\"", text)
    yield from re.sub(r"<[^>]*>", "\n", text).split("\n")


@EVERY_TEMPLATE
def test_every_word_can_be_translated(path: Path):
    loose = []
    for found in visible_texts(path.read_text()):
        words = re.sub(r"[\0\s]+", " ", re.sub(r"&\w+;", " ", found)).strip()
        if [word for word in re.findall(r"[^\W\d_][\w-]+", words) if not SAME.match(word)]:
            loose.append(words)
    assert not loose, f"Not in a translate tag: {loose}"


# styles and scripts ---------------------------------------------------------------------------------------------------------

STYLES = [path for path in sorted((ROOT / "static" / "css").glob("*.css")) if path.name != "tokens.css"]
# Veils over pictures: the same dark in both themes, so no token turns with them (they come from the mock).
VEILS = {"oklch(.15 .01 235 / .45)", "oklch(.14 .006 235 / .78)"}
# Text in drawings is in their own units, the brand and the reading page have a size of their own (from the mock).
SIZES = {"12px", "1rem", "1.0625rem"}
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\([^)]*\)|:\s*(?:red|blue|green|black|white|gray|grey)\b"
)
PHYSICAL = re.compile(
    r"(?<![\w.-])(?:(?:margin|padding|border)-(?:left|right|top|bottom)(?:-\w+)?|left|right|top|bottom|float|clear)\s*:(?!where|is|has|not)\s*[^{;}]+[;}]|text-align\s*:\s*(?:left|right)"
)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_use_tokens_and_logical_directions(path: Path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    colours = {found for found in COLOUR.findall(text) if not found.startswith("color-mix")} - VEILS
    assert not colours, f"{colours}: colours come from tokens.css."
    assert not PHYSICAL.findall(text), f"{PHYSICAL.findall(text)}: writing goes both ways; use inline and block."
    sizes = [
        found
        for found in re.findall(r"font-size\s*:\s*([^;}]+)", text)
        if found.strip() not in SIZES and not re.match(r"var\(--t-|inherit|[\d.]+em\b", found.strip())
    ]
    assert not sizes, f"{sizes}: text sizes come from tokens.css."
    defined = set(re.findall(r"(--[\w-]+)\s*:", (ROOT / "static/css/tokens.css").read_text() + text))
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert not used - defined, f"{used - defined} is no token."


SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT / "static")))
def test_scripts_show_no_words_of_their_own(path: Path):
    """What people read comes from the page (lib/texts.js finds it there), where gettext put it."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)
    shown = r"(?:textContent|innerText|innerHTML|placeholder|title|ariaLabel)\s*=\s*[\"'`]([^\"'`]*)[\"'`]"
    spoken = r"setAttribute\(\s*[\"'](?:aria-label|title|placeholder|alt)[\"']\s*,\s*[\"'`]([^\"'`]*)[\"'`]"
    asked = r"\b(?:alert|confirm|prompt)\(\s*[\"'`]([^\"'`]*)"
    words = [
        w
        for pattern in (shown, spoken, asked)
        for w in re.findall(pattern, text)
        if re.search(r"[A-Za-z]{2,}", re.sub(r"\$\{.*?\}|<[^>]*>?", "", w))
    ]
    assert not words, f"{words}: put them into the page's template."
    assert "eval(" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text), "Nothing is fetched from another host."


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "js" / "elements").glob("*.js")), ids=lambda path: path.name)
def test_an_element_defines_the_tag_of_its_file(path: Path):
    assert f'customElements.define("{path.stem}"' in path.read_text().replace("'", '"')


def test_what_is_vendored_is_listed_with_its_hash():
    listed = (ROOT / "static" / "vendor" / "VENDOR.md").read_text()
    for path in (ROOT / "static" / "vendor").rglob("*"):
        if path.is_file() and path.name != "VENDOR.md":
            assert sha256(path.read_bytes()).hexdigest() in listed, f"{path.name} is not in VENDOR.md as it is."


# plug-ins and settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", codecs.CODECS)
def test_every_format_loads_and_has_a_sample(name: str):
    codec = codecs.load(name)
    samples = list((ROOT / "tests" / "affect" / "samples").glob(f"*{codec.SUFFIX}"))
    assert samples, f"tests/affect/samples has no example of {name}."


@pytest.mark.parametrize("name", agreement.MEASURES)
def test_every_measure_loads(name: str):
    assert callable(agreement.load(name))


@pytest.mark.parametrize("name", vocabularies.VOCABULARIES)
def test_every_vocabulary_loads_with_terms_in_english(name: str):
    found = vocabularies.load(name)
    assert found.terms or found.scales


@pytest.mark.parametrize("name", backends.BACKENDS)
def test_every_back_end_loads_and_has_a_sample(name: str):
    kind = backends.find(name)
    assert kind.name == name
    assert kind.licence
    assert (ROOT / "demo" / "media" / kind.sample).exists() or (ROOT / kind.sample).exists()


@pytest.mark.parametrize("dotted", settings.HOLDINGS)
def test_every_holding_offers_the_five_functions(dotted: str):
    module = import_module(dotted)
    missing = [
        name
        for name in ("describe", "export", "suspend", "resume", "erase")
        if not callable(getattr(module, name, None))
    ]
    assert not missing
    assert module.COVERS


def test_a_deployment_with_https_has_no_warning(tmp_path: Path):
    env = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYS_DATABASE_URL", "BROKER_URL")
    } | {
        "CONCORD_DATA": str(tmp_path), "PUBLIC_URL": "https://concord.example", "ALLOWED_HOSTS": "concord.example",
        "SECRET_KEY": "".join(f"{n:02x}" for n in range(40)) + "Kq", "BEHIND_PROXY": "1",
    }  # fmt: skip
    argv = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_scheduler_asks_for_nothing_that_no_worker_knows():
    celery.loader.import_default_modules()
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"core.sweep_jobs", "consent.sweep_erasures", "consent.sweep_assets", "labeling.sweep"} <= asked
    assert asked <= set(celery.tasks)
