"""Static files under names that carry their content's hash, compressed beforehand (WhiteNoise).

ES modules import one another by plain names which the import map resolves (`{% import_map %}`), so no file is rewritten
but style sheets.
"""

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Before `collectstatic` ran (tests, development) plain names serve instead of an error."""

    manifest_strict = False
    support_js_module_import_aggregation = False

    def url(self, name: str, force: bool = False) -> str:
        if not self.hashed_files and not settings.DEBUG:
            return self.base_url + name
        return super().url(name, force)
