"""The access package: everything that is held about one participant, in one archive that needs no program to read.

`index.html` (no scripts, nothing from elsewhere), `data.json`, `consent/` with the notices as they were told, what each
app adds, and `manifest.json` with size and SHA-256 of every other file. Made in memory and stored sealed; no plain file.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consent import assets, keys, registry
from consent.models import Asset, Participant, Request
from core import audit
from core.errors import Refused
from core.models import User

_EPOCH = (1980, 1, 1, 0, 0, 0)  # times inside the archive say nothing


class Package:
    """What holdings write into. Paths are relative and written once."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._zip = zipfile.ZipFile(self._bytes, "w", zipfile.ZIP_DEFLATED)
        self.files: list[dict[str, Any]] = []
        self.sections: list[tuple[str, list[list[str]]]] = []
        self.data: dict[str, Any] = {}

    def section(self, title: str, rows: Sequence[Sequence[Any]]) -> None:
        """A table on the package's page."""
        self.sections.append((title, [[str(cell) for cell in row] for row in rows]))

    def add_json(self, path: str, value: Any) -> None:
        """A JSON file; its value also stands in data.json under the path."""
        self.data[path] = value
        self.add_bytes(path, _json(value), "application/json")

    def add_asset(self, path: str, asset: Asset) -> None:
        """A stored file, also while it is kept restricted: a person who stopped still gets their copy."""
        with assets.open_asset(asset, restricted=True) as source:
            self.add_bytes(path, source.read(), asset.media_type)

    def add_bytes(self, path: str, content: bytes, media_type: str) -> None:
        if path.startswith("/") or ".." in path.split("/") or any(one["path"] == path for one in self.files):
            raise ValueError(f"{path!r} is no new path inside the package.")
        self._zip.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
        self.files.append(
            {"path": path, "bytes": len(content), "sha256": sha256(content).hexdigest(), "media_type": media_type}
        )

    def close(self, participant: Participant) -> bytes:
        """Write page, data and manifest, and return the archive."""
        about = {
            "format": "concord-access-package", "format_version": 1, "participant": participant.code,
            "study": participant.study.name, "made_at": timezone.now().isoformat(),
        }  # fmt: skip
        self.add_bytes("data.json", _json({**about, "files": self.data}), "application/json")
        page = render_to_string(
            "consent/package/index.html", {"participant": participant, "sections": self.sections, "files": self.files}
        )
        self.add_bytes("index.html", page.encode(), "text/html")
        manifest = {"format": "concord-package-manifest", "format_version": 1, "files": self.files}
        self._zip.writestr(zipfile.ZipInfo("manifest.json", _EPOCH), _json(manifest), zipfile.ZIP_DEFLATED)
        self._zip.close()
        return self._bytes.getvalue()


def build(
    request: Request, *, actor: User | None, progress: Callable[[int, int], None] = lambda done, total: None
) -> Asset:
    """Collect from every holding, store the archive sealed under the participant's key, and put it on the request in place
    of the one that was built before.

    An error in one holding ends the whole: a package with a hole in it would look complete. Raises Refused without a
    participant to collect for.
    """
    participant = request.participant
    if participant is None or participant.state == Participant.State.ERASED:
        raise Refused("nobody_to_collect_for", _("This request names no participant whose data could be collected."))
    holdings = registry.holdings()
    package = Package()
    with translation.override(participant.language or translation.get_language()):
        for done, (_name, module) in enumerate(holdings):
            progress(done, len(holdings))
            module.export(participant, package)
        content = package.close(participant)

    def link(asset: Asset) -> None:
        Request.objects.filter(pk=request.pk).update(package=asset)
        audit.record(
            "consent.package.built", actor=actor, target=request, files=len(package.files), bytes=len(content),
            subject_ref=keys.subject_ref(participant.pk),
        )  # fmt: skip

    asset = assets.store(
        study=participant.study, kind=Asset.Kind.PACKAGE, source=content, media_type="application/zip",
        subjects=[participant], file_name=f"{participant.code}.zip", actor=actor, linked=link,
    )  # fmt: skip
    if request.package is not None:
        assets.erase([request.package], actor=actor)  # a copy of everything about a person is kept once
    progress(len(holdings), len(holdings))
    return asset


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, indent=2, sort_keys=True, ensure_ascii=False).encode()
