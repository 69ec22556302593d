"""The tables of a package: items, ratings, traces and the split, with a description of every column (docs/datasets.md).

They are built from rows as (export id, content) alone, so a package never depends on what else the database holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from affect.codecs.table import FLOAT64, INT64, LIST_STRING, STRING, Column, Table, build
from datasets.models import DatasetVersion

Contents = Sequence[tuple[bytes, dict]]

NO_GOLD = {"value": None, "spread": None, "n": 0, "flag": ""}
ITEM = Column("item", STRING, "Export id of the item: of this dataset only, and of nothing else")
FLAGS = (
    "Bits: 1 nothing is known since the sample before, 2 rated again from here after going back, "
    "4 another device or axis from here, 8 computed and not entered, 16 a seam: taken up again in another sitting"
)
_GOLD = {"choice": "label", "scale": "number", "trace": "trace"}
NUMBERS = {"number", "x", "y", "intensity", "confidence"}
FIXED = ("split", "kind", "start_us", "end_us", "modalities", "targets")


def items(version: DatasetVersion, rows: Contents) -> Table:
    """One row an item: split, times, gold labels with their spread."""
    columns = [
        ITEM,
        Column("split", STRING, "train, development or test; nobody who appears is in two of them"),
        Column("kind", STRING, "whole recording, segment or utterance"),
        Column("start_us", INT64, "Start on the recording clock, microseconds"),
        Column("end_us", INT64, "End on the recording clock, microseconds, not included"),
        Column("modalities", LIST_STRING, "Modalities of the recording that may be used"),
        Column("targets", LIST_STRING, "Whom the labels are about, under pseudonyms of this dataset"),
    ]
    asked = [one for one in version.schema["questions"] if _fused(one)]
    for question in asked:
        columns += _of_question(question)
    with_text = version.profile == "labels_and_text"
    if with_text:
        columns.append(Column("text", STRING, "The words of the item"))
    values = []
    for export_id, content in rows:
        row = [export_id.hex(), *[content[name] for name in FIXED]]
        for question in asked:
            gold = content["gold"].get(question["key"], NO_GOLD)
            value = gold["value"] if _fused(question) == "label" else _float(gold["value"])
            row += [value, _float(gold["spread"]), gold["n"], gold["flag"]]
        if with_text:
            row.append(content.get("text"))
        values.append(row)
    return build(
        "items", "One row an item: split, times, gold labels with their spread", columns, values, [e for e, _ in rows]
    )


def _of_question(question: dict) -> Iterator[Column]:
    key, choice = question["key"], _fused(question) == "label"
    means = {
        "label": "Gold label", "trace": "Mean over time of the fused trace", "truth": "Gold answer, 1 for yes and 0 for no,",
    }.get(_fused(question), "Gold value")  # fmt: skip
    yield Column(
        key, STRING if choice else FLOAT64, f"{means} of {key} ({question['level']}); none when tied or too few"
    )
    shares = _fused(question) in ("label", "truth")
    spread = "Share of the winning answer" if shares else "Standard deviation over annotators"
    yield Column(f"{key}_spread", FLOAT64, spread)
    yield Column(f"{key}_n", INT64, "Annotators behind the gold value")
    yield Column(f"{key}_flag", STRING, "tie or too_few; empty when neither")


def ratings(version: DatasetVersion, rows: Contents) -> Table:
    """One row for each value of an answer."""
    columns = [
        ITEM,
        Column("annotator", STRING, "Pseudonym; simulated- and imported- tell who was no annotator of the platform"),
        Column("question", STRING, "Key of the question"),
        Column("place", INT64, "Its place in the answer: an answer of several labels has a row for each"),
        Column("state", STRING, "answered, cannot_tell or skipped"),
        Column("label", STRING, "Code of the label; none where all were asked for and none was found"),
        Column("role", STRING, "primary or secondary, where the question tells them apart"),
        Column("number", FLOAT64, "Value of a scale; 1 and 0 of yes and no"),
        Column("x", FLOAT64, "Of a point in a plane: to the right"),
        Column("y", FLOAT64, "Of a point in a plane: upwards"),
        Column("intensity", FLOAT64, "Intensity of the label; on a wheel its ring"),
        Column("grade", STRING, "Intensity of an action unit, A to E"),
        Column("side", STRING, "Side of an action unit: left, right or asymmetric"),
        Column("confidence", FLOAT64, "The annotator's confidence in the answer, in its first row"),
    ]
    columns = _known(version, columns, {"item", "annotator", "question", "label", "number"})
    names = [column.name for column in columns[1:]]
    values, order = [], []
    for export_id, content in rows:
        for n, said in enumerate(content["ratings"]):
            told = {name: _float(said[name]) if name in NUMBERS else said[name] for name in names}
            values.append([export_id.hex(), *told.values()])
            order.append(export_id + n.to_bytes(4, "big"))
    return build(
        "ratings", "One row for each value of an answer: every annotator, nothing averaged", columns, values, order
    )


def traces(version: DatasetVersion, rows: Contents) -> Table:
    """One row a sample of a continuous rating."""
    columns = [
        ITEM,
        Column("annotator", STRING, "Pseudonym, or gold for the fused trace"),
        Column("question", STRING, "Key of the question"),
        Column("time_us", INT64, "Media time on the recording clock, microseconds"),
        Column("value", FLOAT64, "Rated value"),
        Column("flags", INT64, FLAGS),
    ]
    values, order = [], []
    for export_id, content in rows:
        item = export_id.hex()
        for n, trace in enumerate(content["traces"]):
            who, key, place = trace["annotator"], trace["question"], export_id + n.to_bytes(4, "big")
            samples = zip(trace["times_us"], trace["values"], trace["flags"], strict=True)
            for m, (at, value, flags) in enumerate(samples):
                values.append([item, who, key, at, _float(value), flags])
                order.append(place + m.to_bytes(4, "big"))
    return build(
        "traces", "One row a sample of a continuous rating: raw of every annotator, and fused", columns, values, order
    )


def segments(version: DatasetVersion, rows: Contents) -> Table:
    """One row a labelled interval."""
    columns = [
        ITEM,
        Column("annotator", STRING, "Pseudonym, as in ratings"),
        Column("question", STRING, "Key of the question"),
        Column("tier", STRING, "Id of the tier"),
        Column("label", STRING, "Code of the label; empty where a segment carries words"),
        Column("start_us", INT64, "Media time on the recording clock, microseconds"),
        Column("end_us", INT64, "The end is not included"),
        Column("apex_us", INT64, "Moment of the apex, where it was told"),
        Column("intensity", FLOAT64, "Intensity of the segment"),
        Column("grade", STRING, "Intensity of an action unit, A to E"),
    ]
    columns = _known(version, columns, {"item", "annotator", "question", "label", "start_us", "end_us"})
    names = [column.name for column in columns[1:]]
    values, order = [], []
    for export_id, content in rows:
        for n, one in enumerate(content.get("segments", ())):
            said = [_float(one[name]) if name in NUMBERS else one[name] for name in names]
            values.append([export_id.hex(), *said])
            order.append(export_id + n.to_bytes(4, "big"))
    return build("segments", "One row a labelled interval: every annotator, nothing averaged", columns, values, order)


def splits(version: DatasetVersion, rows: Contents) -> Table:
    """Which side each item is on, alone: for tools that want a list."""
    columns = [ITEM, Column("split", STRING, "Its side")]
    values = [[export_id.hex(), content["split"]] for export_id, content in rows]
    return build("splits", "Which side of the split each item is on", columns, values, [e for e, _ in rows])


def _fused(question: dict) -> str:
    """What the gold label of a question is. A version of before schemes were documents tells it by the kind."""
    return question["gold"] if "gold" in question else _GOLD.get(question["kind"], "")


def _known(version: DatasetVersion, columns: list[Column], before: set[str]) -> list[Column]:
    """The columns that a version has: one of before schemes were documents keeps those it was published with."""
    if all("gold" in one for one in version.schema["questions"]):
        return columns
    return [one for one in columns if one.name in before]


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
