"""The rows of a version: what is said about one item, as canonical content under pseudonyms of this dataset only.

Content holds no wall time, no row order and no key of the database, so the same labels give the same content on every
database; its salted hash is a leaf of the version's Merkle tree. Pseudonyms are HMACs under keys that end with the
participant: after an erasure nobody can compute them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import rfc8785
from django.db.models import Prefetch, QuerySet

from affect.codecs import trace as container
from consent import keys
from consent.gate import Use, permitted
from consent.purposes import Modality
from datasets.models import DatasetVersion
from labeling.models import Annotator, Answer, Appearance, GoldLabel, Item, ItemTarget, Question, Trace
from labeling.services import ratings


@dataclass(frozen=True)
class Row:
    """One item on its way into a version."""

    item: UUID
    code: str  # names the item to the split, so that the same seed gives the same sides on every database
    participants: tuple[UUID, ...]  # everyone who appears: the content is sealed under all their keys
    session: str
    stratum: str  # the gold label of the first question, for balanced splits
    content: dict


def items(version: DatasetVersion) -> QuerySet[Item]:
    """The items that may go into a version: with a gold label, and allowed for its purpose and recipients, now."""
    use = Use(version.purpose, version.recipient_class)
    with_gold = Item.objects.filter(gold_labels__gold_standard=version.gold_standard).distinct()
    return permitted(permitted(with_gold, Use("human_annotation")), use)


def build(version: DatasetVersion) -> Iterator[Row]:
    """Every row of a version, without its split."""
    chosen = list(
        items(version)
        .select_related("recording")
        .prefetch_related(
            Prefetch("item_targets", ItemTarget.objects.order_by("participant_id")),
            Prefetch("recording__appearances", Appearance.objects.select_related("track", "participant")),
        )
    )
    ids = {item.pk for item in chosen}
    gold, said, traces = _gold(version, ids), _ratings(version, ids), _traces(version, ids)
    names = _Names(version)
    texts = _texts(version, chosen)
    for item in chosen:
        appearances = list(item.recording.appearances.all())
        targets = [t.participant_id for t in item.item_targets.all()]
        content = {
            "kind": item.kind,
            "start_us": item.start_us,
            "end_us": item.end_us,
            "modalities": sorted({a.track.modality for a in appearances}),
            "targets": sorted(names.participant(p) for p in targets),
            "gold": gold[item.pk],
            "ratings": sorted(
                ({**one, "annotator": names.annotator(who)} for who, one in said[item.pk]), key=lambda r: (r["question"], r["annotator"])
            ),
            "traces": sorted(
                ({**one, "annotator": names.annotator(who) if who else "gold"} for who, one in traces[item.pk]),
                key=lambda r: (r["question"], r["annotator"]),
            ),
        }  # fmt: skip
        if item.pk in texts:
            content["text"] = texts[item.pk]
        people = {a.participant_id: a.participant for a in appearances}
        groups = sorted({p.group for p in people.values() if p.group})
        yield Row(
            item.pk,
            item.code,
            tuple(sorted(people)),
            item.recording.session or (groups[0] if groups else ""),
            _stratum(gold[item.pk]),
            content,
        )


def canonical(content: Mapping) -> str:
    """RFC 8785 text of a row's content."""
    return rfc8785.dumps(dict(content)).decode()


class _Names:
    """Pseudonyms of this dataset, each computed once."""

    def __init__(self, version: DatasetVersion) -> None:
        self._dataset = version.dataset_id
        self._study = version.dataset.study_id
        self._participants: dict[UUID, str] = {}
        self._annotators: dict[UUID, str] = {}
        self._kinds = dict(Annotator.objects.filter(study=version.dataset.study).values_list("pk", "kind"))

    def participant(self, one: UUID) -> str:
        if one not in self._participants:
            self._participants[one] = (
                "P" + keys.export_id(self._dataset, [one], b"participant", study_id=self._study).hex()[:16]
            )
        return self._participants[one]

    def annotator(self, one: UUID) -> str:
        """Tells simulated raters from people in the name itself, so that no later step can lose it."""
        if one not in self._annotators:
            made = keys.export_id(self._dataset, [], b"annotator:" + one.bytes, study_id=self._study).hex()[:12]
            prefix = {"simulated": "simulated-", "imported": "imported-"}.get(self._kinds.get(one, ""), "")
            self._annotators[one] = f"{prefix}R{made}"
        return self._annotators[one]


def _gold(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, dict]:
    found: dict[UUID, dict] = defaultdict(dict)
    rows = GoldLabel.objects.filter(gold_standard=version.gold_standard).select_related("question", "label")
    for one in rows:
        if one.item_id in ids:
            value = one.label.code if one.label else one.number
            found[one.item_id][one.question.key] = {"value": value, "spread": one.spread, "n": one.n, "flag": one.flag}
    return found


def _ratings(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, list[tuple[UUID, dict]]]:
    found: dict[UUID, list[tuple[UUID, dict]]] = defaultdict(list)
    rows = (
        Answer.objects.filter(annotation__in=ratings.annotations(version.campaign))
        .exclude(question__kind=Question.Kind.TEXT)
        .values_list("annotation__item_id", "annotation__annotator_id", "question__key", "label__code", "number")
    )
    for item, annotator, question, label, number in rows.iterator(chunk_size=5000):
        if item in ids:
            found[item].append((annotator, {"question": question, "label": label, "number": number}))
    return found


def _traces(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, list[tuple[UUID | None, dict]]]:
    """Everybody's trace as it was recorded, and the fused one on the common grid."""
    found: dict[UUID, list[tuple[UUID | None, dict]]] = defaultdict(list)
    rows = Trace.objects.filter(
        annotation__in=ratings.annotations(version.campaign), state=Trace.State.PACKED
    ).select_related("annotation", "question", "asset")
    for row in rows:
        if row.annotation.item_id in ids:
            found[row.annotation.item_id].append(
                (row.annotation.annotator_id, _samples(row.question.key, ratings.samples(row)))
            )
    fused = GoldLabel.objects.filter(gold_standard=version.gold_standard).exclude(trace=None).select_related("question")
    for one in fused:
        if one.item_id in ids:
            found[one.item_id].append((None, _samples(one.question.key, container.unpack(bytes(one.trace)))))
    return found


def _samples(question: str, trace: container.Trace) -> dict:
    return {
        "question": question,
        "times_us": [int(t) for t in trace.times_us],
        "values": [float(v) for v in trace.values],
    }


def _texts(version: DatasetVersion, chosen: list[Item]) -> dict[UUID, str]:
    """The words themselves: only in the profile that carries them."""
    if version.profile != "labels_and_text":
        return {}
    found = {}
    for item in chosen:
        spoken = [t for t in item.recording.tracks.all() if t.modality == Modality.TEXT and t.text]
        people = defaultdict(list)
        for appearance in item.recording.appearances.all():
            people[appearance.track_id].append(appearance.participant_id)
        words = [keys.open_text(bytes(t.text), study_id=item.study_id, participant_ids=people[t.pk]) for t in spoken]
        if words:
            found[item.pk] = "\n".join(words)
    return found


def _stratum(gold: Mapping[str, Mapping]) -> str:
    values = [one["value"] for _key, one in sorted(gold.items()) if isinstance(one["value"], str)]
    return values[0] if values else ""
