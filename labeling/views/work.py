"""What the workspace shows of an item: plain values for the templates, and nothing that the campaign's rules hide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Prefetch
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import keys
from consent.gate import Use, permitted
from consent.purposes import Modality, PeopleRole
from core import ids
from labeling.media import transcript
from labeling.models import (
    Alignment,
    Annotation,
    Appearance,
    Assignment,
    Campaign,
    Item,
    ItemTarget,
    Lane,
    Question,
    QueuePlace,
    Suggestion,
    Track,
)
from labeling.services import guidelines, perceiving, rules
from labeling.services.annotations import answers_of
from labeling.services.definitions import Definition, definition
from labeling.services.perceiving import MADE, Given, given, shows
from labeling.views import drawn
from labeling.views.questions import shown

STRIP_BEFORE, STRIP_AFTER = 10, 2
MOST_FRAMES_IN_PAGE = 1000


def said(texts: Mapping[str, str], default: str = "") -> str:
    """A text in the language of the page, else in English, else in any."""
    language = (get_language() or "en").partition("-")[0]
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), default)


def work(assignment: Assignment, place: QueuePlace) -> dict[str, Any]:
    """The workspace's context for an assignment (campaign, item with recording and guideline are selected with it)."""
    campaign, item = assignment.campaign, assignment.item
    asked = definition(campaign.scheme_version_id)
    targets, roles = _targets(assignment)
    answered = _own(assignment) if assignment.state == Assignment.State.SUBMITTED else None
    tracks = _given(assignment)
    kind = _kind(tracks)
    spoken = _spoken(assignment, tracks, kind)
    strip = _strip(assignment, asked, place)
    return {
        "campaign": _campaign(campaign),
        "assignment": {
            "id": assignment.pk,
            "lease_until": assignment.lease_until,
            "flagged": assignment.flagged,
            # An answer that is changed later is another answer, with an id of its own.
            "client_id": ids.opaque() if answered else assignment.client_id,
        },
        "place": _place(assignment, place),
        "item": {
            "id": item.pk, "code": item.code, "kind": kind, "target_label": ", ".join(targets.values()), "role": ", ".join(roles),
            "start_us": item.start_us, "end_us": item.end_us, "duration_us": item.end_us - item.start_us,
            "text": "\n".join(transcript.plain(text) for _track, text in spoken),
        },
        "transcript": _lines(spoken, item) if kind != "text" else [],
        "tracks": [_track(one, campaign, item) for one in tracks if one.modality != Modality.TEXT],
        "missing": _missing(assignment),
        "questions": shown(asked.form, get_language() or "en", ", ".join(targets.values())),
        "answers": answers_of(answered) if answered else {},
        "suggestion": suggestion(assignment, answered),
        "strip": strip,
        "urls": _urls(assignment, next((one["url"] for one in reversed(strip) if one["state"] == "answered"), None)),
        "guideline": _guideline(campaign),
    }  # fmt: skip


def work_done(campaign: Campaign, place: QueuePlace, last: Assignment | None) -> dict[str, Any]:
    """The context when nothing is left to hand out."""
    back = reverse("labeling:item", args=[campaign.pk, last.pk]) if last else None
    return {
        "campaign": _campaign(campaign),
        "place": {"index": place.answered, "total": max(campaign.size, place.answered), "answered": place.answered},
        "urls": {"stop": reverse("labeling:stop", args=[campaign.pk]), "back": back,
                 "next": reverse("labeling:current", args=[campaign.pk])},
    }  # fmt: skip


def rail(assignment: Assignment, place: QueuePlace) -> dict[str, Any]:
    """The context of the rail alone: the last answers, the item at hand, what comes."""
    asked = definition(assignment.campaign.scheme_version_id)
    return {"strip": _strip(assignment, asked, place), "place": _place(assignment, place)}


def suggestion(assignment: Assignment, answered: Annotation | None) -> dict[str, str] | None:
    """What a model predicts, when the campaign lets it be seen: at once, or after the person's own answer."""
    rule = assignment.campaign.predictions
    if rule == Campaign.Predictions.NEVER or (rule == Campaign.Predictions.AFTER and answered is None):
        return None
    return _predicted(assignment.campaign_id, [assignment.item_id]).get(assignment.item_id)


def _predicted(campaign_id: UUID, item_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """What a model predicts of these items, in a line each; of an item whose use for that ended, nothing."""
    rows = Suggestion.objects.filter(campaign_id=campaign_id, item_id__in=item_ids, current=True)
    found: dict[UUID, list[Suggestion]] = {}
    for one in (
        permitted(rows, Use("model_inference")).select_related("label", "question").order_by("question__position")
    ):
        found.setdefault(one.item_id, []).append(one)
    return {
        item_id: {
            "text": ", ".join(
                said(one.label.name, one.label.code)
                if one.label
                else f"{said(one.question.prompt)} {floatformat(one.number, -2)}"
                for one in its
            ),
            "model": its[0].model_name,
            "version": its[0].model_version,
        }
        for item_id, its in found.items()
    }


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {"id": campaign.pk, "name": campaign.name, "prediction_display": campaign.predictions}


def _place(assignment: Assignment, place: QueuePlace) -> dict[str, int]:
    total = max(assignment.campaign.size, assignment.position)
    return {"index": assignment.position, "total": total, "answered": min(place.answered, total)}


def _targets(assignment: Assignment) -> tuple[dict[Any, str], list[str]]:
    """Whom the label is about (id -> code), and the part they have in the recording."""
    targets = dict(
        ItemTarget.objects.filter(item_id=assignment.item_id)
        .values_list("participant_id", "participant__code")
        .order_by("id")
    )
    held = Appearance.objects.filter(recording_id=assignment.item.recording_id, participant_id__in=list(targets))
    names = dict(PeopleRole.choices)
    return targets, sorted({str(names[role]) for role in held.values_list("role", flat=True)})


def _given(assignment: Assignment) -> list[Given]:
    """The tracks as they may be perceived, with what places them in time and the lanes drawn of them."""
    found = rules.ready(assignment).prefetch_related(
        Prefetch("alignments", Alignment.objects.order_by("-number")), Prefetch("lanes", Lane.objects.order_by("id"))
    )
    return given(assignment.campaign.perceived, list(found))


def _kind(tracks: list[Given]) -> str:
    there = {one.modality for one in tracks}
    return next((one.value for one in (Modality.VIDEO, Modality.AUDIO, Modality.SIGNAL) if one in there), "text")


def _missing(assignment: Assignment) -> list[str]:
    """Tracks that would be perceived, had their file been one that can be read: said, so that nobody looks for them."""
    shown = assignment.campaign.perceived
    failed = Track.objects.filter(recording_id=assignment.item.recording_id, state=Track.State.FAILED)
    rule = {Modality.VIDEO: "video", Modality.AUDIO: "audio", Modality.SIGNAL: "physiology"}
    return [one.name for one in failed if one.modality in rule and shows(shown, rule[one.modality])]


def _track(one: Given, campaign: Campaign, item: Item) -> dict[str, Any]:
    track, facts = one.track, perceiving.made(one.track, one.what)
    alignment = next(iter(track.alignments.all()), None)
    playable = track.modality in (Modality.VIDEO, Modality.AUDIO) and (one.what in MADE or one.asset_id)
    pictures = {
        what: reverse("labeling:media", args=[track.pk, what])
        for what in ("peaks", "spectrogram", "frames")
        if what in one.open
    }
    return {
        "id": track.pk, "modality": one.modality, "label": track.name,
        "src": reverse("labeling:media", args=[track.pk, one.what]) if playable else "",
        "peaks": pictures.get("peaks", "") if track.peaks_id else "",
        "spectrogram": pictures.get("spectrogram", "") if track.probe.get("spectrogram") else "",
        "lanes": _lanes(one, campaign),
        "offset_us": alignment.offset_us if alignment else 0, "drift_ppb": alignment.drift_ppb if alignment else 0,
        "muted": not one.heard, "start_us": facts.get("start_us", track.start_us),
        "duration_us": facts.get("duration_us", track.duration_us),
        "loudness": track.probe.get("loudness") if one.heard else None,
        "rate": f"{track.rate_num}/{track.rate_den}" if one.modality == Modality.VIDEO and not track.variable_rate else "",
        "frame_times": _frame_times(track, pictures.get("frames", ""), item) if one.modality == Modality.VIDEO else [],
    }  # fmt: skip


def _frame_times(track: Track, address: str, item: Item) -> list[int] | str:
    """The times of the frames where their rate varies: the few around the item, or the address of them all."""
    times = track.probe.get("frame_times_us") or []
    if len(times) > MOST_FRAMES_IN_PAGE:
        return f"{address}?" + urlencode({"from_us": item.start_us, "to_us": item.end_us})
    return times


def _lanes(one: Given, campaign: Campaign) -> list[dict[str, str]]:
    """Signals and features drawn under the recording, as far as the campaign shows them."""
    address = reverse("labeling:media", args=[one.track.pk, "lane"])
    return [
        {"url": f"{address}?{urlencode({'lane': lane.pk})}", "name": lane.name, "unit": lane.unit, "kind": lane.kind}
        for lane in one.track.lanes.all() if perceiving.may_draw(campaign.perceived, one.track, lane.kind)
    ]  # fmt: skip


def _spoken(assignment: Assignment, tracks: list[Given], kind: str) -> list[tuple[Track, str]]:
    """What is read: the item itself when it is a text, else the transcript when the campaign shows it."""
    if kind != "text" and not shows(assignment.campaign.perceived, "transcript"):
        return []
    texts = [one.track for one in tracks if one.modality == Modality.TEXT and one.track.text]
    if not texts:
        return []
    people: dict[Any, list[Any]] = {}
    for track, person in Appearance.objects.filter(track__in=texts).values_list("track_id", "participant_id"):
        people.setdefault(track, []).append(person)
    return [
        (one, keys.open_text(bytes(one.text), study_id=one.study_id, participant_ids=people[one.pk])) for one in texts
    ]


def _lines(spoken: list[tuple[Track, str]], item: Item) -> list[dict[str, Any]]:
    """The lines of the transcript that know their times, on the recording clock, as far as they reach into the item."""
    found = []
    for track, text in spoken:
        alignment = next(iter(track.alignments.all()), None)
        place = (alignment.offset_us, alignment.drift_ppb) if alignment else (0, 0)
        for line in transcript.lines(text):
            begin, end = (drawn.placed(us, *place) for us in (line.from_us, line.to_us))
            if end > item.start_us and begin < item.end_us:
                words = [drawn.placed(us, *place) for us in line.words]
                found.append(
                    {"from_us": begin, "to_us": end, "speaker": line.speaker, "text": line.text, "words": words}
                )
    return sorted(found, key=lambda line: (line["from_us"], line["to_us"]))


def _own(assignment: Assignment) -> Annotation | None:
    return Annotation.objects.filter(assignment=assignment, current=True).first()


def _strip(assignment: Assignment, asked: Definition, place: QueuePlace) -> list[dict[str, Any]]:
    """The person's last answers, the item at hand, and what comes. A prediction shown after the answer stands by the answer
    it is about: it is told of no item that is still to be answered, and takes no sight from the item at hand."""
    before = list(
        Assignment.objects.filter(
            annotator_id=assignment.annotator_id, campaign_id=assignment.campaign_id, position__lt=assignment.position,
            state=Assignment.State.SUBMITTED,
        ).order_by("-position")[:STRIP_BEFORE]
    )[::-1]  # fmt: skip
    choice = next((one for one in asked.questions.values() if one.kind == Question.Kind.CHOICE), None)
    labels = {}
    if choice is not None and before:
        current = Annotation.objects.filter(
            assignment__in=before, current=True, answers__question_id=choice.id, answers__position=0
        )
        labels = dict(current.values_list("assignment_id", "answers__label_id"))
    by_id = {label.id: label for label in choice.labels.values()} if choice else {}
    shown_after = before and assignment.campaign.predictions == Campaign.Predictions.AFTER
    predicted = _predicted(assignment.campaign_id, [one.item_id for one in before]) if shown_after else {}
    strip = []
    for one in before:
        label = by_id.get(labels.get(one.pk))
        strip.append({
            "index": one.position, "state": "answered", "label": said(label.name, label.code) if label else _("answered"),
            "emotion": label.emotion if label else "", "url": reverse("labeling:item", args=[one.campaign_id, one.pk]),
            "predicted": predicted.get(one.item_id),
        })  # fmt: skip
    strip.append({"index": assignment.position, "state": "here", "label": "", "emotion": "", "url": None})
    last = min(assignment.position + STRIP_AFTER, assignment.campaign.size)
    for index in range(assignment.position + 1, last + 1):
        strip.append({"index": index, "state": "next", "label": _("ready"), "emotion": "", "url": None})
    return strip


def _urls(assignment: Assignment, back: str | None) -> dict[str, str | None]:
    here = [assignment.campaign_id, assignment.pk]
    names = {"submit": "submit", "trace_chunk": "trace_chunk", "trace_finish": "trace_finish", "skip": "skip", "heartbeat": "heartbeat",
             "flag": "flag", "rail": "rail", "comment": "comment"}  # fmt: skip
    of_campaign = {name: reverse(f"labeling:{name}", args=here[:1]) for name in ("ahead", "release", "flagged")}
    return {
        **of_campaign,
        "shortcuts": reverse("labeling:shortcuts"),
        **{name: reverse(f"labeling:{route}", args=here) for name, route in names.items()},
        "next": reverse("labeling:current", args=[assignment.campaign_id]),
        "stop": reverse("labeling:stop", args=[assignment.campaign_id]),
        "back": back,
    }


def _guideline(campaign: Campaign) -> dict[str, Any] | None:
    version = campaign.guideline_version
    if version is None:
        return None
    shown = guidelines.language_of(version, get_language() or "en")
    parts = version.text.get(shown, [])
    html = format_html_join(
        "\n", "<h4>{}</h4><p>{}</p>", ((part.get("heading", ""), part.get("text", "")) for part in parts)
    )
    return {"title": version.guideline.name, "html": format_html("{}", html), "language": shown}
