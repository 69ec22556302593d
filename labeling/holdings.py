"""What labeling holds about a participant: recordings they appear in, items about them, and everything said of those.

A recording of one person goes with that person. When others appear in it, it is sealed: what is about the person is
erased, the rest is kept restricted (the gate sees that they appear and stays shut) until somebody confirms a redacted
rendition for the others (decisions 14). The stored bytes themselves are consent's to erase.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from consent import assets, keys
from consent.models import Asset, Participant
from consent.registry import Held
from core import audit
from core.models import User
from labeling.models import (
    Alignment,
    Annotation,
    Annotator,
    Answer,
    Appearance,
    Assignment,
    Campaign,
    CampaignItem,
    Comment,
    GoldLabel,
    Item,
    ItemTarget,
    Lane,
    Quality,
    QueueRank,
    Recording,
    Segment,
    Suggestion,
    Trace,
    TraceChunk,
    Track,
)
from labeling.services import comments, queue
from labeling.services.annotations import answers_of

COVERS = {
    "labeling.Alignment", "labeling.Annotation", "labeling.Annotator", "labeling.Answer", "labeling.Appearance",
    "labeling.Assignment", "labeling.CampaignItem", "labeling.Comment", "labeling.GoldLabel", "labeling.GuidelineAcknowledgement", "labeling.Item", "labeling.ItemTarget",
    "labeling.Lane", "labeling.Practice", "labeling.Quality", "labeling.QueuePlace", "labeling.QueueRank", "labeling.Recording", "labeling.Segment",
    "labeling.Suggestion", "labeling.Trace", "labeling.TraceChunk", "labeling.Track",
}  # fmt: skip


def describe(participant: Participant) -> list[Held]:
    items = Item.objects.filter(item_targets__participant=participant)
    return [
        Held(_("recordings"), _recordings(participant).exclude(state=Recording.State.ERASED).count()),
        Held(_("labeled clips about them"), items.count()),
        Held(_("annotations"), Annotation.objects.filter(item__in=items).count()),
        Held(_("comments of annotators"), Comment.objects.filter(item__in=items).count()),
        Held(_("continuous ratings"), Trace.objects.filter(_of("item", items, Trace)).distinct().count()),
        Held(_("gold labels"), GoldLabel.objects.filter(item__in=items).count()),
        Held(_("predictions shown to annotators"), Suggestion.objects.filter(item__in=items).count()),
    ]


def export(participant: Participant, package: Any) -> None:
    """Recordings the person appears in, what was said about them, and the files in which nobody else is."""
    recordings = list(_recordings(participant).prefetch_related("tracks__original").order_by("code"))
    package.add_json("data/recordings.json", [_recording(one, participant) for one in recordings])
    items = Item.objects.filter(item_targets__participant=participant)
    said = Annotation.objects.filter(item__in=items).select_related("item", "annotator", "campaign")
    package.add_json("data/annotations.json", [_annotation(one) for one in said.order_by("id")])
    package.add_json("data/comments.json", comments.export(Comment.objects.filter(item__in=items)))
    gold = GoldLabel.objects.filter(item__in=items).select_related(
        "item", "label", "question", "gold_standard__campaign"
    )
    package.add_json("data/gold.json", [_gold(one) for one in gold.order_by("id")])
    package.section(
        _("Recordings you appear in"),
        [[one.code, f"{one.duration_us / 1e6:.1f} s", one.get_state_display()] for one in recordings],
    )
    package.section(_("Labeled clips about you"), [[_("clips"), items.count()], [_("annotations"), said.count()]])
    for recording in recordings:
        for track in recording.tracks.all():
            _export_track(track, recording, participant, package)


def suspend(participant: Participant) -> None:
    """Nothing they appear in is handed out or taken any more: their clips leave the queue, leases on them end."""
    recordings = _recordings(participant)
    leased = Assignment.objects.filter(state=Assignment.State.LEASED)
    held = leased.filter(item__recording__in=recordings).order_by("pk").values_list("pk", "campaign_item_id")
    # An answer that comes in at this moment is either counted and no lease any more, or finds the lease withdrawn.
    entries = [entry for pk, entry in list(held) if leased.filter(pk=pk).update(state=Assignment.State.WITHDRAWN)]
    queue.give_back(entries, reopen=False)
    closed = CampaignItem.objects.filter(item__recording__in=recordings, open=True).update(open=False, returned=False)
    _record("labeling.participant.suspended", participant, leases=len(entries), entries=closed)


def resume(participant: Participant) -> None:
    """Their clips come back into the queue, before the rest, where everybody who appears is active again."""
    others = Appearance.objects.exclude(participant__state=Participant.State.ACTIVE).exclude(participant=participant)
    recordings = _recordings(participant).exclude(pk__in=others.values("recording_id"))
    opened = CampaignItem.objects.filter(
        item__recording__in=recordings, open=False, taken__lt=F("wanted"), answered__lt=F("wanted")
    ).exclude(campaign__state=Campaign.State.CLOSED)
    _record("labeling.participant.resumed", participant, entries=opened.update(open=True, returned=True))


@transaction.atomic
def erase(participant: Participant) -> dict[str, int]:
    """Everything said about the person, and the recordings in which nobody else appears. Safe to repeat.

    Apps above have let go of items and tracks before (the order of settings.HOLDINGS).
    """
    suspend(participant)
    alone, shared = _alone_and_shared(participant)
    items = list(
        Item.objects.filter(Q(recording_id__in=alone) | Q(item_targets__participant=participant))
        .distinct().values_list("pk", flat=True)
    )  # fmt: skip
    counts = _erase_items(items)
    counts["recordings"] = _erase_recordings(alone)
    counts["sealed"] = Recording.objects.filter(pk__in=shared).update(state=Recording.State.SEALED)
    _record("labeling.participant.erased", participant, **counts)
    return counts


@transaction.atomic
def forget_annotator(*, actor: User | None, annotator: Annotator) -> None:
    """Cut the tie between an annotator's code and their account; what they answered stays under the code."""
    if Annotator.objects.filter(pk=annotator.pk).exclude(user=None).update(user=None):
        audit.record("labeling.annotator.forgotten", actor=actor, target=annotator)


# ----------------------------------------------------------------------------------------------------------------------


def _recordings(participant: Participant) -> QuerySet[Recording]:
    return Recording.objects.filter(pk__in=Appearance.objects.filter(participant=participant).values("recording_id"))


def _of(path: str, items: Any, model: type) -> Q:
    """Rows that hang from items by their annotation or, while they are being made, by their assignment."""
    found = Q(**{f"annotation__{path}__in": items})
    return found | Q(**{f"assignment__{path}__in": items}) if model is Trace else found


def _alone_and_shared(participant: Participant) -> tuple[list[UUID], list[UUID]]:
    people = (
        Appearance.objects.filter(recording__in=_recordings(participant))
        .exclude(
            participant__state=Participant.State.ERASED, participant__in=Participant.objects.exclude(pk=participant.pk)
        )
        .values_list("recording_id")
        .annotate(Count("participant_id", distinct=True))
    )
    found = dict(people)
    return [pk for pk, n in found.items() if n == 1], [pk for pk, n in found.items() if n > 1]


def _erase_items(items: list[UUID]) -> dict[str, int]:
    annotations = Annotation.objects.filter(item_id__in=items)
    traces = Trace.objects.filter(_of("item_id", items, Trace))
    large = list(Asset.objects.filter(pk__in=traces.exclude(asset=None).values("asset")))
    sizes = Counter(CampaignItem.objects.filter(item_id__in=items).values_list("campaign_id", flat=True))
    counts = {
        "answers": _delete(Answer.objects.filter(annotation__in=annotations)),
        "segments": _delete(Segment.objects.filter(annotation__in=annotations)),
        "chunks": _delete(TraceChunk.objects.filter(trace__in=traces)),
        "traces": _delete(traces),
        "gold_labels": _delete(GoldLabel.objects.filter(item_id__in=items)),
        "suggestions": _delete(Suggestion.objects.filter(item_id__in=items)),
        "comments": _delete(Comment.objects.filter(item_id__in=items)),
    }
    annotations.update(supersedes=None)
    counts["annotations"] = _delete(annotations)
    counts["assignments"] = _delete(Assignment.objects.filter(item_id__in=items))
    _delete(QueueRank.objects.filter(item_id__in=items))
    _delete(CampaignItem.objects.filter(item_id__in=items))
    for campaign, n in sizes.items():
        Campaign.objects.filter(pk=campaign, size__gte=n).update(size=F("size") - n)
    _delete(ItemTarget.objects.filter(item_id__in=items))
    counts["items"] = _delete(Item.objects.filter(pk__in=items))
    counts["trace_files"] = assets.erase(large)["assets"]
    return counts


def _erase_recordings(recordings: list[UUID]) -> int:
    tracks = Track.objects.filter(recording_id__in=recordings)
    for model in (Lane, Quality, Alignment):
        _delete(model.objects.filter(track__in=tracks))
    _delete(Appearance.objects.filter(recording_id__in=recordings))
    _delete(tracks)
    return _delete(Recording.objects.filter(pk__in=recordings))


def _delete(rows: QuerySet) -> int:
    return rows.delete()[0]


def _record(verb: str, participant: Participant, **facts: int) -> None:
    audit.record(verb, study=participant.study_id, subject_ref=keys.subject_ref(participant.pk), **facts)


def _recording(one: Recording, participant: Participant) -> dict[str, Any]:
    own = Appearance.objects.filter(recording=one, participant=participant)
    return {
        "code": one.code, "session": one.session, "state": one.state, "duration_us": one.duration_us, "source": one.source,
        "tracks": [{"name": track.name, "modality": track.modality, "start_us": track.start_us, "duration_us": track.duration_us}
                   for track in one.tracks.all()],
        "your_part": sorted(set(own.values_list("role", flat=True))),
    }  # fmt: skip


def _annotation(one: Annotation) -> dict[str, Any]:
    return {
        "item": one.item.code, "start_us": one.item.start_us, "end_us": one.item.end_us, "campaign": one.campaign.name,
        "annotator": one.annotator.code, "annotator_kind": one.annotator.kind, "revision": one.revision, "current": one.current, "source": one.source,
        "at": one.created_at.isoformat(), "answers": answers_of(one),
    }  # fmt: skip


def _gold(one: GoldLabel) -> dict[str, Any]:
    return {
        "item": one.item.code, "campaign": one.gold_standard.campaign.name, "version": one.gold_standard.number,
        "question": one.question.key, "label": one.label.code if one.label else None, "number": one.number,
        "spread": one.spread, "n": one.n, "flag": one.flag,
    }  # fmt: skip


def _export_track(track: Track, recording: Recording, participant: Participant, package: Any) -> None:
    people = set(Appearance.objects.filter(track=track).values_list("participant_id", flat=True))
    whole = Appearance.objects.filter(recording=recording).exclude(participant=participant)
    if people != {participant.pk} or (whole.exists() and not track.separable):
        return  # other people are in it too; they have the same rights
    stem = f"media/{recording.pk}/{track.pk}"
    if track.original is not None and track.original.state != Asset.State.ERASED:
        package.add_asset(stem, track.original)
    if track.text:
        text = keys.open_text(bytes(track.text), study_id=track.study_id, participant_ids=[participant.pk])
        package.add_bytes(f"{stem}.txt", text.encode(), "text/plain; charset=utf-8")
