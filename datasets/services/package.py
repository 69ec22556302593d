"""A version's package: the same bytes whenever it is made, from its frozen rows alone.

Three tables (items, ratings, traces) in three formats, a split file, a datasheet, and a manifest with the SHA-256 of every
other file. Nothing is read but the version and its rows; times in the archive are fixed; order is that of export ids.
The archive is made file by file while it is read, so that one file at a time is in memory, not the whole.
"""

from __future__ import annotations

import gc
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pyarrow
import rfc8785

from affect import codecs
from affect.codecs.table import Table
from consent import keys
from datasets.models import DatasetVersion, VersionRow, VersionSubject
from datasets.services import datasheet, tables

FORMATS = ("parquet", "csv", "jsonl")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold: no wall time in the bytes
FORMAT, FORMAT_VERSION = "concord-dataset", 1
MANIFEST = "manifest.json"

Contents = Sequence[tuple[bytes, dict]]  # (export id, content) in the order of export ids


@dataclass(frozen=True)
class File:
    name: str
    about: str
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def codec_version() -> str:
    """Under which writers the bytes are promised."""
    written = (f"{name}-{codecs.load(name).VERSION}" for name in FORMATS)
    return "+".join([f"{FORMAT}-{FORMAT_VERSION}", *written, f"pyarrow-{pyarrow.__version__}"])


def files(version: DatasetVersion, rows: Contents | None = None) -> Iterator[File]:
    """Every file of the package, the manifest last; one is made when it is asked for. `rows` when they are at hand."""
    rows = contents(version) if rows is None else rows
    listed, described = [], {}
    for file, table in _made(version, rows):
        listed.append({"name": file.name, "about": file.about, "bytes": len(file.content), "sha256": file.sha256})
        if table is not None:
            described[table.name] = {"rows": len(table), "about": table.description, "columns": _columns(table)}
        yield file
    yield File(MANIFEST, "Every file with its size and SHA-256", _json(_manifest(version, described, listed)))


def archive(version: DatasetVersion) -> Iterator[bytes]:
    """The package as one zip, in blocks: stored, fixed times and modes, so the same version gives the same bytes."""
    return zipped(files(version), f"{version.dataset.slug}-{version.number}")


def zipped(made: Iterable[File], folder: str) -> Iterator[bytes]:
    """A zip of files below one folder, in blocks, one file's content in memory at a time."""
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archived:
        for file in made:
            entry = zipfile.ZipInfo(f"{folder}/{file.name}", EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archived.writestr(entry, file.content)
            yield out.taken()
    yield out.taken()


def contents(version: DatasetVersion) -> list[tuple[bytes, dict]]:
    """(export id, content) of every row that is still there, in the order of export ids. Three queries, whatever the size.

    Raises keys.KeyGone when somebody in it was erased and the rows are not blank yet.
    """
    stored = version.version_rows.filter(kind="item").exclude(content=b"").values_list("export_id", "content")
    stored = sorted((bytes(export_id), bytes(content)) for export_id, content in stored)
    people = _people(version)
    opened = keys.open_many(
        [content for _id, content in stored],
        study_id=version.dataset.study_id,
        participant_ids=[people.get(export_id, ()) for export_id, _content in stored],
    )
    said = json.loads(f"[{','.join(opened)}]")
    return [(export_id, one) for (export_id, _content), one in zip(stored, said, strict=True)]


def export(version: DatasetVersion, table: str = "items", name: str = "jsonl") -> bytes:
    """One table of a version in one of FORMATS, alone. `table` is a function of datasets.services.tables."""
    collecting = gc.isenabled()
    gc.disable()  # a few hundred thousand small objects, none of them in a ring: looking for rings doubles the time
    try:
        return written(getattr(tables, table)(version, contents(version)), name)
    finally:
        if collecting:
            gc.enable()


def _people(version: DatasetVersion) -> dict[bytes, list[UUID]]:
    """Export id of a row -> the participants whose keys its content is sealed under."""
    found: dict[bytes, list[UUID]] = {}
    named = VersionSubject.objects.filter(row__version=version, row__kind="item")
    for export_id, participant in named.values_list("row__export_id", "participant_id"):
        found.setdefault(bytes(export_id), []).append(participant)
    return found


def subjects(version: DatasetVersion) -> dict:
    """Row -> the participants whose keys its content is sealed under."""
    found: dict = {}
    named = VersionSubject.objects.filter(row__version=version).values_list("row_id", "participant_id")
    for row, participant in named:
        found.setdefault(row, []).append(participant)
    return found


def opened(row: VersionRow, study_id) -> str:
    """A row's canonical content. Raises keys.KeyGone when somebody in it was erased."""
    people = sorted(subject.participant_id for subject in row.subjects.all())
    return keys.open_text(bytes(row.content), study_id=study_id, participant_ids=people)


def _made(version: DatasetVersion, rows: Contents) -> Iterator[tuple[File, Table | None]]:
    """The files but the manifest; each table is built, written in every format, and let go."""
    # Only a scheme with tiers has them: a package without keeps the files, and the bytes, that it always had.
    tiers = (tables.segments,) if any("segments" in content for _id, content in rows) else ()
    for build in (tables.items, tables.ratings, tables.traces, *tiers):
        table = build(version, rows)
        for name in FORMATS:
            yield File(f"{table.name}{codecs.load(name).SUFFIX}", table.description, written(table, name)), table
    split = tables.splits(version, rows)
    yield File("splits.csv", split.description, written(split, "csv")), split
    yield File("DATASHEET.md", "What this dataset is, for people", datasheet.markdown(version).encode()), None
    yield File("datasheet.json", "The same, for programs", _json(datasheet.facts(version))), None


def _columns(table: Table) -> list[dict]:
    return [{"name": c.name, "type": c.type, "about": c.description} for c in table.columns]


def _manifest(version: DatasetVersion, described: dict, listed: list[dict]) -> dict:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "dataset": version.schema["dataset"],
        "version": version.number,
        "root": version.root,
        "rows": version.rows,
        "codec": codec_version(),
        "purpose": version.purpose,
        "recipients": version.recipient_class,
        "profile": version.profile,
        "changes": version.changes,
        "split": version.split,
        "tables": described,
        "files": listed,
    }


def written(made: Table, name: str) -> bytes:
    """A table in one of FORMATS."""
    out = io.BytesIO()
    codecs.load(name).write(made, out)
    return out.getvalue()


def _json(value: dict) -> bytes:
    """Canonical first (RFC 8785), then indented for people: the same text for the same facts."""
    return (json.dumps(json.loads(rfc8785.dumps(value)), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


class _Pipe(io.RawIOBase):
    """What is written can be taken out again; it cannot seek, so the archive is written from front to back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: bytes) -> int:
        self._parts.append(bytes(block))
        return len(block)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
