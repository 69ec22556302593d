"""A version's package: the same bytes whenever it is made, from its frozen rows alone.

Three tables (items, ratings, traces) in three formats, a split file, a datasheet, and a manifest with the SHA-256 of every
file. Nothing is read but the version and its rows; times in the archive are fixed; order is that of export ids.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import rfc8785
from django.db.models import Count

from affect import codecs
from affect.codecs.table import FLOAT64, INT64, LIST_STRING, STRING, Column, Table
from affect.codecs.table import build as table
from consent import keys
from datasets.models import DatasetVersion, VersionRow
from datasets.services import datasheet
from labeling.models import Annotator, Question
from labeling.services import agreement

FORMATS = ("parquet", "csv", "jsonl")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold: no wall time in the bytes
FORMAT, FORMAT_VERSION = "concord-dataset", 1


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
    return "+".join([f"{FORMAT}-{FORMAT_VERSION}", *(f"{name}-{codecs.load(name).VERSION}" for name in FORMATS)])


def describe(version: DatasetVersion) -> dict:
    """Everything the datasheet and the columns need, frozen at publication: later changes elsewhere do not reach it."""
    study, campaign = version.dataset.study, version.campaign
    report, _fresh = agreement.latest(campaign)
    kinds = (
        Annotator.objects.filter(annotations__campaign=campaign, annotations__current=True)
        .values_list("kind")
        .annotate(n=Count("pk", distinct=True))
    )
    return {
        "dataset": version.dataset.name,
        "about": version.dataset.about,
        "version": version.number,
        "study": {"name": study.name, "purpose": study.purpose, "context": study.context, "fictional": study.fictional, "controller": study.controller.name},
        "bases": sorted([b.people_role, b.purpose, b.kind] for b in study.bases.filter(ends_at=None)),
        "campaign": {"name": campaign.name, "overlap": campaign.overlap, "round": campaign.round, "predictions": campaign.predictions, "seed": campaign.seed},
        "scheme": {"name": campaign.scheme_version.scheme.name, "version": campaign.scheme_version.number},
        "questions": [_question(q) for q in campaign.scheme_version.questions.exclude(kind=Question.Kind.TEXT)],
        "annotators": dict(sorted(kinds)),
        "gold": {"version": version.gold_standard.number, "method": version.gold_standard.method, "ties": version.gold_standard.summary.get("ties", 0)},
        "agreement": report.measures if report else [],
        "sources": sorted({(r.source, r.licence) for r in _recordings(version) if r.source or r.licence}),
        "published_on": version.published_at.date().isoformat(),
    }  # fmt: skip


def files(version: DatasetVersion) -> list[File]:
    """Every file of the package, the manifest last."""
    rows = list(contents(version))
    tables = [_items(version, rows), _ratings(rows), _traces(rows)]
    made = [File(f"{t.name}{codecs.load(f).SUFFIX}", t.description, _written(t, f)) for t in tables for f in FORMATS]
    made.append(File("splits.csv", "Which side of the split each item is on", _written(_splits(rows), "csv")))
    made.append(File("DATASHEET.md", "What this dataset is, for people", datasheet.markdown(version).encode()))
    made.append(File("datasheet.json", "The same, for programs", _json(datasheet.facts(version))))
    made.append(File("manifest.json", "Every file with its size and SHA-256", _json(_manifest(version, tables, made))))
    return made


def archive(version: DatasetVersion) -> bytes:
    """The package as one zip: stored, fixed times and modes, so the same version gives the same bytes."""
    out = io.BytesIO()
    folder = f"{version.dataset.slug}-{version.number}"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zipped:
        for file in files(version):
            entry = zipfile.ZipInfo(f"{folder}/{file.name}", EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, file.content)
    return out.getvalue()


def contents(version: DatasetVersion) -> Iterator[tuple[bytes, dict]]:
    """(export id, content) of every row that is still there, in the order of export ids."""
    study_id = version.dataset.study_id
    stored = version.version_rows.filter(kind="item").exclude(content=b"").prefetch_related("subjects")
    for row in sorted(stored, key=lambda r: bytes(r.export_id)):
        yield bytes(row.export_id), json.loads(opened(row, study_id))


def opened(row: VersionRow, study_id) -> str:
    """A row's canonical content. Raises keys.KeyGone when somebody in it was erased."""
    people = sorted(subject.participant_id for subject in row.subjects.all())
    return keys.open_text(bytes(row.content), study_id=study_id, participant_ids=people)


def _recordings(version: DatasetVersion):
    return {
        row.item.recording
        for row in version.version_rows.filter(kind="item").select_related("item__recording")
        if row.item
    }


def _question(question: Question) -> dict:
    return {
        "key": question.key, "kind": question.kind, "level": question.level, "prompt": question.prompt, "dimension": question.dimension,
        "minimum": question.minimum, "maximum": question.maximum, "anchors": question.anchors, "uri": question.uri,
        "labels": [{"code": label.code, "name": label.name, "uri": label.uri} for label in question.labels.all()],
    }  # fmt: skip


def _items(version: DatasetVersion, rows: list[tuple[bytes, dict]]) -> Table:
    columns = [
        Column("item", STRING, "Export id of the item: of this dataset only, and of nothing else"),
        Column("split", STRING, "train, development or test; nobody who appears is in two of them"),
        Column("kind", STRING, "whole recording, segment or utterance"),
        Column("start_us", INT64, "Start on the recording clock, microseconds"),
        Column("end_us", INT64, "End on the recording clock, microseconds, not included"),
        Column("modalities", LIST_STRING, "Modalities of the recording"),
        Column("targets", LIST_STRING, "Whom the labels are about, under pseudonyms of this dataset"),
    ]
    asked = version.schema["questions"]
    for question in asked:
        key = question["key"]
        choice = question["kind"] == "choice"
        columns += [
            Column(
                f"{key}",
                STRING if choice else FLOAT64,
                f"Gold value of {key} ({question['level']}); none when tied or too few",
            ),
            Column(
                f"{key}_spread",
                FLOAT64,
                "Share of the winning label" if choice else "Standard deviation over annotators",
            ),
            Column(f"{key}_n", INT64, "Annotators behind the gold value"),
            Column(f"{key}_flag", STRING, "tie or too_few; empty when neither"),
        ]
    if version.profile == "labels_and_text":
        columns.append(Column("text", STRING, "The words of the item"))
    values = []
    for export_id, content in rows:
        row = [
            export_id.hex(),
            *(content[name] for name in ("split", "kind", "start_us", "end_us", "modalities", "targets")),
        ]
        for question in asked:
            gold = content["gold"].get(question["key"], {"value": None, "spread": None, "n": 0, "flag": ""})
            number = question["kind"] != "choice" and gold["value"] is not None
            row += [float(gold["value"]) if number else gold["value"], _float(gold["spread"]), gold["n"], gold["flag"]]
        values.append([*row, content.get("text")] if version.profile == "labels_and_text" else row)
    return table(
        "items", "One row an item: split, times, gold labels with their spread", columns, values, [e for e, _ in rows]
    )


def _ratings(rows: list[tuple[bytes, dict]]) -> Table:
    columns = [
        Column("item", STRING, "Export id of the item"),
        Column(
            "annotator",
            STRING,
            "Pseudonym; begins with simulated- or imported- when it is not one of the study's annotators",
        ),
        Column("question", STRING, "Key of the question"),
        Column("label", STRING, "Code of the label, for choices"),
        Column("number", FLOAT64, "Value, for scales"),
    ]
    values, order = [], []
    for export_id, content in rows:
        for n, said in enumerate(content["ratings"]):
            values.append([export_id.hex(), said["annotator"], said["question"], said["label"], _float(said["number"])])
            order.append(export_id + n.to_bytes(4, "big"))
    return table("ratings", "One row an answer: every annotator, nothing averaged", columns, values, order)


def _traces(rows: list[tuple[bytes, dict]]) -> Table:
    columns = [
        Column("item", STRING, "Export id of the item"),
        Column("annotator", STRING, "Pseudonym, or gold for the fused trace"),
        Column("question", STRING, "Key of the question"),
        Column("time_us", INT64, "Media time on the recording clock, microseconds"),
        Column("value", FLOAT64, "Rated value"),
    ]
    values, order = [], []
    for export_id, content in rows:
        for n, trace in enumerate(content["traces"]):
            for m, (at, value) in enumerate(zip(trace["times_us"], trace["values"], strict=True)):
                values.append([export_id.hex(), trace["annotator"], trace["question"], at, float(value)])
                order.append(export_id + n.to_bytes(4, "big") + m.to_bytes(4, "big"))
    return table(
        "traces", "One row a sample of a continuous rating: raw of every annotator, and fused", columns, values, order
    )


def _splits(rows: list[tuple[bytes, dict]]) -> Table:
    columns = [Column("item", STRING, "Export id of the item"), Column("split", STRING, "Its side")]
    return table("splits", "Split", columns, [[e.hex(), c["split"]] for e, c in rows], [e for e, _ in rows])


def _manifest(version: DatasetVersion, tables: list[Table], made: list[File]) -> dict:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "dataset": version.schema["dataset"],
        "version": version.number,
        "root": version.root,
        "rows": version.rows,
        "codec": version.codec,
        "purpose": version.purpose,
        "profile": version.profile,
        "changes": version.changes,
        "split": version.split,
        "tables": {
            t.name: {"rows": len(t), "columns": [{"name": c.name, "type": c.type, "about": c.description} for c in t.columns]} for t in tables
        },
        "files": [{"name": f.name, "about": f.about, "bytes": len(f.content), "sha256": f.sha256} for f in made],
    }  # fmt: skip


def _written(made: Table, name: str) -> bytes:
    out = io.BytesIO()
    codecs.load(name).write(made, out)
    return out.getvalue()


def _json(value: dict) -> bytes:
    """Canonical first (RFC 8785), then indented for people: the same text for the same facts."""
    return (json.dumps(json.loads(rfc8785.dumps(value)), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
