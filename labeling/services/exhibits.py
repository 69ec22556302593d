"""Exhibits: material without participants, for practice, tests and examples. It comes with a licence and a source.

Nobody appears in it, so no gate is asked and no split could keep it apart: it can never become an item of a dataset. Its
file is sealed under the study's key alone. Registering refuses it as the file of a track, and so does the database when a
track is given another file (migration 0003).
"""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from consent import assets
from consent.models import Asset, Study
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Exhibit
from labeling.services.media import MEDIA_TYPES


@transaction.atomic
def add_exhibit(*, actor: User | None, study: Study, title: str, licence: str, source: str) -> Exhibit:
    """Say what will be shown, under which licence, from where. Its file comes with `attach`. Raises Invalid."""
    wrong = {
        name: [_("This is needed.")]
        for name, given in (("title", title), ("licence", licence), ("source", source))
        if not given.strip()
    }
    if wrong:
        raise Invalid("exhibit_refused", _("An exhibit has a title, a licence and a source."), fields=wrong)
    made = Exhibit.objects.create(study=study, title=title, licence=licence, source=source)
    audit.record("labeling.exhibit.added", actor=actor, target=made)
    return made


def attach(*, actor: User | None, exhibit: Exhibit, source: BinaryIO, file_name: str) -> Asset:
    """Store the exhibit's file; it is never overwritten. Raises Invalid("media_type_unknown"), Refused("has_original")."""
    ending = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    if ending not in MEDIA_TYPES:
        raise Invalid(
            "media_type_unknown", _("Files ending in %(known)s are taken.") % {"known": ", ".join(sorted(MEDIA_TYPES))}
        )
    if exhibit.asset_id is not None:
        raise _has_file()
    asset = assets.store(
        study=exhibit.study, kind=Asset.Kind.ORIGINAL, source=source, media_type=MEDIA_TYPES[ending], file_name=file_name,
        actor=actor,
    )  # fmt: skip
    try:
        with transaction.atomic():
            # Asked again in the statement: of two files that come at once, the first stays.
            if not Exhibit.objects.filter(pk=exhibit.pk, asset=None).update(asset=asset):
                raise _has_file()
            audit.record("labeling.exhibit.attached", actor=actor, target=exhibit, bytes=asset.plain_bytes)
    except BaseException:
        assets.erase([asset], actor=actor)
        raise
    exhibit.asset = asset
    return asset


def _has_file() -> Refused:
    return Refused("has_original", _("This exhibit has its file already; it is never overwritten."))
