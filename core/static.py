"""Static files under names that carry their content's hash, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Before `collectstatic` ran (tests, development) plain names are used instead of an error."""

    manifest_strict = False
