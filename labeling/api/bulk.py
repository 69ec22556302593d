"""Thousands of recordings in one request: checked in one pass over plain dicts, without a serializer a row.

Every row is first tried as what it should be; only a row that is not is looked at closely, for a list of what is wrong.
What has to do with other rows and with the study is the service's business (labeling/services/recordings.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from consent.models import Study
from core.errors import Invalid
from labeling.models import Item, Recording, Track
from labeling.services.recordings import MOST_ERRORS, Appears, NewItem, NewRecording, NewTrack, Registered

MOST_ROWS = 20_000
EXAMPLE = {
    "study": "01890a5d-ac96-774b-bcce-b302099a8057",
    "rows": [{
        "code": "S01-C1", "session": "S01",
        "tracks": [{"modality": "audio", "name": "microphone", "appearances": [{"participant": "P-0001", "role": "target"}], "duration_us": 8_900_000}],
        "items": [{"code": "S01-C1-a", "kind": "segment", "targets": ["P-0001"], "start_us": 0, "end_us": 4_000_000}],
    }],
}  # fmt: skip

# What each part may hold: name -> type. A bool is no whole number here.
_RECORDING = {"code": str, "session": str, "source": str, "licence": str, "tracks": list, "items": list}
_TRACK = {
    "modality": str, "name": str, "appearances": list, "text": str, "language": str, "start_us": int, "duration_us": int, "offset_us": int,
    "separable": bool, "ready": bool,
}  # fmt: skip
_APPEARS = {"participant": str, "role": str}
_ITEM = {"code": str, "targets": list, "kind": str, "start_us": int, "end_us": int}
_NEEDED = {
    id(_RECORDING): ("code", "tracks"),
    id(_TRACK): ("modality", "name", "appearances"),
    id(_APPEARS): ("participant",),
    id(_ITEM): ("code", "targets"),
}
_LONGEST_TEXT = 1_000_000


class Rows(serializers.JSONField):
    """The rows, for the schema only; `body` reads them."""


def body(given: Any) -> tuple[UUID, list[NewRecording]]:
    """The study's id and the rows of a request. Raises what a strict serializer would, with pointers to rows."""
    if not isinstance(given, Mapping):
        raise ValidationError({"non_field_errors": [_("An object with study and rows is needed.")]})
    if unknown := set(given) - {"study", "rows"}:
        raise ValidationError(
            {name: [ErrorDetail(_("There is no such field to write."), "unknown_field")] for name in sorted(unknown)}
        )
    try:
        study = UUID(given["study"])
    except (KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise ValidationError({"study": [_("The id of a study is needed.")]}) from wrong
    rows = given.get("rows")
    if type(rows) is not list or not 0 < len(rows) <= MOST_ROWS:
        raise ValidationError({"rows": [_("From 1 to %(most)d rows are taken at a time.") % {"most": MOST_ROWS}]})
    return study, _read(rows)


def _read(rows: list[Any]) -> list[NewRecording]:
    made: list[NewRecording] = []
    wrong: dict[str, list[str]] = {}
    for n, row in enumerate(rows):
        try:
            made.append(_recording(row))
        except (TypeError, KeyError, AttributeError):
            for where, sentence in _explain(row):
                if len(wrong) < MOST_ERRORS:
                    wrong.setdefault(f"rows/{n}{where}", []).append(sentence)
    if wrong:
        raise Invalid("rows_refused", _("Nothing was stored: some rows cannot be used."), fields=wrong)
    return made


def _recording(row: dict[str, Any]) -> NewRecording:
    """One row, or TypeError, KeyError, AttributeError when it is none. Says nothing: that is `_explain`'s work."""
    for name, value in row.items():
        if type(value) is not _RECORDING[name]:
            raise TypeError(name)
    return NewRecording(
        **row
        | {"tracks": [_track(one) for one in row["tracks"]], "items": [_item(one) for one in row.get("items", ())]}
    )


def _track(track: dict[str, Any]) -> NewTrack:
    for name, value in track.items():
        if type(value) is not _TRACK[name]:
            raise TypeError(name)
    if len(track.get("text", "")) > _LONGEST_TEXT:
        raise TypeError("text")
    return NewTrack(**track | {"appearances": [_appears(one) for one in track["appearances"]]})


def _appears(given: dict[str, Any]) -> Appears:
    for name, value in given.items():
        if type(value) is not _APPEARS[name]:
            raise TypeError(name)
    return Appears(**given)


def _item(item: dict[str, Any]) -> NewItem:
    for name, value in item.items():
        if type(value) is not _ITEM[name]:
            raise TypeError(name)
    for code in item["targets"]:
        if type(code) is not str:
            raise TypeError("targets")
    return NewItem(**item)


def _explain(row: Any) -> Iterator[tuple[str, str]]:
    yield from _wrong(row, _RECORDING, "")
    if type(row) is not dict:
        return
    for n, track in enumerate(_listed(row, "tracks")):
        yield from _wrong(track, _TRACK, f"/tracks/{n}")
        if type(track) is not dict:
            continue
        if len(track.get("text") or "") > _LONGEST_TEXT if type(track.get("text")) is str else False:
            yield f"/tracks/{n}/text", _("This text is too long.")
        for m, one in enumerate(_listed(track, "appearances")):
            yield from _wrong(one, _APPEARS, f"/tracks/{n}/appearances/{m}")
    for n, item in enumerate(_listed(row, "items")):
        yield from _wrong(item, _ITEM, f"/items/{n}")
        if type(item) is dict and not all(type(code) is str for code in _listed(item, "targets")):
            yield f"/items/{n}/targets", _("Targets are codes of participants.")


def _listed(part: dict[str, Any], name: str) -> list[Any]:
    value = part.get(name)
    return value if type(value) is list else []


def _wrong(part: Any, known: Mapping[str, type], at: str) -> Iterator[tuple[str, str]]:
    if type(part) is not dict:
        yield at, _("An object is needed here.")
        return
    for name in part:
        if name not in known:
            yield f"{at}/{name[:80]}", _("There is no such field to write.")
        elif type(part[name]) is not known[name]:
            yield f"{at}/{name}", _("This is of the wrong type: %(type)s is needed.") % {"type": _TYPES[known[name]]}
    for name in _NEEDED[id(known)]:
        if name not in part:
            yield f"{at}/{name}", _("This is needed.")


_TYPES = {str: "string", int: "integer", list: "array", bool: "boolean"}


def answer(study: Study, made: Registered) -> HttpResponse:
    """201 with the ids; written at once, since a serializer for each would take longer than storing them."""
    rows = [
        {"recording": _dashed(one), "tracks": list(map(_dashed, tracks)), "items": list(map(_dashed, items))}
        for one, tracks, items in zip(made.recording_ids, made.track_ids, made.item_ids, strict=True)
    ]
    text = json.dumps({"study": str(study.pk), "rows": rows}, separators=(",", ":"))
    return HttpResponse(text, status=201, content_type="application/json")


def _dashed(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def registered_before(study: Study, rows: Sequence[NewRecording]) -> Registered:
    """What an earlier request with these rows made, found by its codes: for a repeat of an Idempotency-Key."""
    codes = [row.code for row in rows]
    ids: dict[str, UUID] = {}
    for at in range(0, len(codes), 10_000):
        ids |= dict(Recording.objects.filter(study=study, code__in=codes[at : at + 10_000]).values_list("code", "pk"))
    tracks: dict[UUID, list[str]] = {}
    items: dict[UUID, list[str]] = {}
    kept = list(ids.values())
    for at in range(0, len(kept), 10_000):
        for found, model, order in ((tracks, Track, "position"), (items, Item, "pk")):
            some = model.objects.filter(recording__in=kept[at : at + 10_000]).order_by(order)
            for recording, pk in some.values_list("recording_id", "pk"):
                found.setdefault(recording, []).append(pk.hex)
    present = [ids[code] for code in codes if code in ids]
    return Registered(
        [one.hex for one in present], [tracks.get(one, []) for one in present], [items.get(one, []) for one in present]
    )
