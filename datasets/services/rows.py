"""The rows of a version: what is said about one item, as canonical content under pseudonyms of this dataset only.

Content holds no wall time, no row order and no key of the database, so the same labels give the same content on every
database; its salted hash is a leaf of the version's Merkle tree. Pseudonyms are HMACs under keys that end with the
participant: after an erasure nobody can compute them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import rfc8785
from django.db.models import Prefetch, QuerySet

from affect.codecs import trace as container
from affect.schemes import model as asking
from affect.schemes.model import labels_of
from consent import keys
from consent.gate import Use, permitted
from consent.models import Participant
from consent.purposes import Modality
from datasets.models import DatasetVersion
from labeling.models import Annotator, Answer, Appearance, GoldLabel, Item, ItemTarget, Question, Segment, Trace, Track
from labeling.services import ratings, traces
from labeling.services.definitions import definition

# What an answer's row tells beside its label; and questions whose answers are told elsewhere, or not at all: words are about people.
SAID = ("position", "state", "role", "number", "x", "y", "intensity", "grade", "side", "confidence")
_ELSEWHERE = (Question.Kind.TEXT, Question.Kind.SEGMENTS, Question.Kind.TRACE)
GOLD = "gold"  # stands where an annotator's pseudonym would, for the fused trace


@dataclass(frozen=True)
class Row:
    """One item on its way into a version."""

    item: UUID
    code: str  # names the item to the split, so that the same seed gives the same sides on every database
    participants: tuple[UUID, ...]  # who appears on what is used: the content is sealed under all their keys
    together: frozenset[str]  # what may not be on two sides of a split: everyone who appears, and their groups
    session: str
    stratum: str  # the gold label of the first question, for balanced splits
    content: dict


def items(version: DatasetVersion) -> QuerySet[Item]:
    """The items that may go into a version: with a gold label, and allowed for its purpose and recipients, now."""
    with_gold = GoldLabel.objects.filter(gold_standard=version.gold_standard_id).values("item")
    return allowed(Item.objects.filter(pk__in=with_gold), version)


def allowed(queryset: QuerySet, version: DatasetVersion) -> QuerySet:
    """What of a queryset may be labeled and used for the version's purpose by its recipients, now."""
    return permitted(permitted(queryset, Use("human_annotation")), Use(version.purpose, version.recipient_class))


def build(version: DatasetVersion) -> Iterator[Row]:
    """Every row of a version, without its split."""
    chosen = list(
        items(version)
        .select_related("recording")
        .order_by("code")
        .prefetch_related(
            Prefetch("item_targets", ItemTarget.objects.order_by("participant_id")),
            Prefetch("recording__appearances", Appearance.objects.select_related("participant")),
        )
    )
    ids = {item.pk for item in chosen}
    tracks = _tracks(version, chosen)
    gold, said, traces = _gold(version, ids), _ratings(version, ids), _traces(version, ids)
    segments = _segments(version, ids)
    texts = _texts(version, chosen, tracks)
    names = _Names(version)
    for item in chosen:
        content = _content(item, tracks[item.recording_id], gold[item.pk], said[item.pk], traces[item.pk], names)
        if item.pk in texts:
            content["text"] = texts[item.pk]
        if item.pk in segments:
            named = [{**one, "annotator": names.annotator(who)} for who, one in segments[item.pk]]
            content["segments"] = sorted(
                named, key=lambda s: (s["question"], s["tier"], s["annotator"], s["start_us"], s["end_us"], s["label"])
            )
        used = {track.pk for track in tracks[item.recording_id]}
        appearances = list(item.recording.appearances.all())
        yield Row(
            item.pk,
            item.code,
            tuple(sorted({a.participant_id for a in appearances if a.track_id in used})),
            frozenset(name for a in appearances for name in _bonds(a.participant)),
            item.recording.session,
            _stratum(gold[item.pk]),
            content,
        )


def _bonds(one: Participant) -> Iterator[str]:
    yield one.code
    if one.group:
        yield f"group {one.group}"  # a household or a dyad stays on one side


def _content(
    item: Item, tracks: list[Track], gold: dict, said: list[tuple[UUID, dict]], traces: list[tuple[UUID | None, dict]], names: _Names
) -> dict:  # fmt: skip
    """What a row says. Lists are sorted by what they hold, so that no order of a database gets into the hash."""
    return {
        "kind": item.kind,
        "start_us": item.start_us,
        "end_us": item.end_us,
        "modalities": sorted({track.modality for track in tracks}),
        "targets": sorted(names.participant(t.participant_id) for t in item.item_targets.all()),
        "gold": gold,
        "ratings": sorted(
            ({**one, "annotator": names.annotator(who)} for who, one in said),
            key=lambda r: (r["question"], r["annotator"], r["place"]),
        ),
        "traces": sorted(
            ({**one, "annotator": names.annotator(who) if who else GOLD} for who, one in traces),
            key=lambda r: (r["question"], r["annotator"], r["times_us"], r["values"]),
        ),
    }


def canonical(content: Mapping) -> str:
    """RFC 8785 text of a row's content."""
    return rfc8785.dumps(dict(content)).decode()


def salt(dataset_id: UUID, participants: Sequence[UUID], export_id: bytes, study_id: UUID) -> bytes:
    """What a row's content is hashed with. It comes from the keys of the dataset and of those who appear: equal wherever the
    keys are, and gone with the first of them, so that nobody can try out contents against the leaf of an erased row."""
    return keys.export_id(dataset_id, participants, b"salt:" + export_id, study_id=study_id)


def participant_name(dataset_id: UUID, participant_id: UUID, study_id: UUID) -> str:
    """The pseudonym of a participant in one dataset. Raises keys.KeyGone after an erasure."""
    return "P" + keys.export_id(dataset_id, [participant_id], b"participant", study_id=study_id).hex()[:16]


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
            self._participants[one] = participant_name(self._dataset, one, self._study)
        return self._participants[one]

    def annotator(self, one: UUID) -> str:
        """Tells simulated raters from people in the name itself, so that no later step can lose it."""
        if one not in self._annotators:
            made = keys.export_id(self._dataset, [], b"annotator:" + one.bytes, study_id=self._study).hex()[:12]
            prefix = {"simulated": "simulated-", "imported": "imported-"}.get(self._kinds.get(one, ""), "")
            self._annotators[one] = f"{prefix}R{made}"
        return self._annotators[one]


class _Exported:
    """The names of questions and labels in files: what the scheme says for exports, else their ids."""

    def __init__(self, version: DatasetVersion) -> None:
        self._asked = definition(version.campaign.scheme_version_id).form
        self._known = {one.id for one in self._asked.questions}

    def question(self, key: str) -> str:
        return exported(self._asked[key]) if key in self._known else key

    def label(self, key: str, code: str | None, tier: str = "") -> str | None:
        if key not in self._known:
            return code  # of a question that a later version of the scheme asks no more
        question = self._asked[key]
        labels = next(one.labels for one in question.tiers if one.id == tier) if tier else labels_of(question)
        return next((one.key for one in labels if one.id == code), code)


def exported(question: asking.Question) -> str:
    """A question's name in files."""
    return question.key or question.id


def _gold(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, dict]:
    found: dict[UUID, dict] = defaultdict(dict)
    asked = _Exported(version)
    rows = GoldLabel.objects.filter(gold_standard=version.gold_standard).select_related("question", "label")
    for one in rows:
        if one.item_id in ids:
            value = asked.label(one.question.key, one.label.code) if one.label else one.number
            found[one.item_id][asked.question(one.question.key)] = {
                "value": value,
                "spread": one.spread,
                "n": one.n,
                "flag": one.flag,
            }
    return found


def _ratings(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, list[tuple[UUID, dict]]]:
    found: dict[UUID, list[tuple[UUID, dict]]] = defaultdict(list)
    asked = _Exported(version)
    rows = (
        Answer.objects.filter(annotation__in=ratings.annotations(version.campaign))
        .exclude(question__kind__in=_ELSEWHERE)
        .values_list("annotation__item_id", "annotation__annotator_id", "question__key", "label__code", *SAID)
    )
    for item, annotator, question, label, *more in rows.iterator(chunk_size=5000):
        if item in ids:
            told = {
                "question": asked.question(question),
                "label": asked.label(question, label),
                **dict(zip(SAID, more, strict=True)),
            }
            found[item].append((annotator, told | {"place": told.pop("position")}))
    return found


def _segments(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, list[tuple[UUID, dict]]]:
    """Everybody's labelled intervals. Their words stay out: they are free text about people."""
    found: dict[UUID, list[tuple[UUID, dict]]] = defaultdict(list)
    asked = _Exported(version)
    rows = Segment.objects.filter(annotation__in=ratings.annotations(version.campaign)).select_related(
        "annotation", "question", "label"
    )
    for one in rows.iterator(chunk_size=5000):
        if one.annotation.item_id in ids:
            told = {
                "question": asked.question(one.question.key),
                "tier": one.tier,
                "label": asked.label(one.question.key, one.label.code, one.tier) if one.label else "",
                "start_us": one.start_us,
                "end_us": one.end_us,
                "apex_us": one.apex_us,
                "intensity": one.intensity,
                "grade": one.grade,
            }
            found[one.annotation.item_id].append((one.annotation.annotator_id, told))
    return found


def _traces(version: DatasetVersion, ids: set[UUID]) -> dict[UUID, list[tuple[UUID | None, dict]]]:
    """Everybody's trace as it was recorded, and the fused one on the common grid."""
    found: dict[UUID, list[tuple[UUID | None, dict]]] = defaultdict(list)
    asked = _Exported(version)
    rows = Trace.objects.filter(
        annotation__in=ratings.annotations(version.campaign), state=Trace.State.PACKED
    ).select_related("annotation", "question", "asset")
    for row in rows:
        if row.annotation.item_id in ids:
            called = asked.question(row.question.key)
            for name, samples in traces.columns(row, called):
                found[row.annotation.item_id].append((row.annotation.annotator_id, _samples(name, samples)))
    fused = GoldLabel.objects.filter(gold_standard=version.gold_standard).exclude(trace=None).select_related("question")
    for one in fused:
        if one.item_id in ids:
            found[one.item_id].append(
                (None, _samples(asked.question(one.question.key), container.unpack(bytes(one.trace))))
            )
    return found


def _samples(question: str, trace: container.Trace) -> dict:
    return {
        "question": question,
        "times_us": trace.times_us.tolist(),
        "values": trace.values.tolist(),
        "flags": trace.flags.tolist(),
    }


def _tracks(version: DatasetVersion, chosen: list[Item]) -> dict[UUID, list[Track]]:
    """The tracks of the items' recordings that may be used: one that can be split off and is not allowed stays out."""
    found: dict[UUID, list[Track]] = defaultdict(list)
    of_items = Item.objects.filter(pk__in=items(version).values("pk")).values("recording")
    usable = allowed(Track.objects.filter(recording__in=of_items), version).defer("probe")
    for track in usable.prefetch_related("appearances"):
        found[track.recording_id].append(track)
    return found


def _texts(version: DatasetVersion, chosen: list[Item], tracks: Mapping[UUID, list[Track]]) -> dict[UUID, str]:
    """The words themselves: only in the profile that carries them."""
    if version.profile != "labels_and_text":
        return {}
    spoken = [(i.pk, t) for i in chosen for t in tracks[i.recording_id] if t.modality == Modality.TEXT and t.text]
    opened = keys.open_many(
        [bytes(track.text) for _item, track in spoken],
        study_id=version.dataset.study_id,
        participant_ids=[[a.participant_id for a in track.appearances.all()] for _item, track in spoken],
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for (item, _track), words in zip(spoken, opened, strict=True):
        found[item].append(words)
    return {item: "\n".join(words) for item, words in found.items()}


def _stratum(gold: Mapping[str, Mapping]) -> str:
    values = [one["value"] for _key, one in sorted(gold.items()) if isinstance(one["value"], str)]
    return values[0] if values else ""
