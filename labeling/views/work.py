"""What the workspace shows of an item: plain values for the templates, and nothing that the campaign's rules hide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from labeling.models import (
    Alignment,
    Annotation,
    Appearance,
    Assignment,
    Campaign,
    ItemTarget,
    Lane,
    Question,
    QueuePlace,
    Suggestion,
    Track,
)
from labeling.services import guidelines, rules
from labeling.services.annotations import answers_of
from labeling.services.schemes import Asked, Definition, definition

DIGITS = "1234567890"
ROWS = ("top", "home", "bottom")
STRIP_BEFORE, STRIP_AFTER = 10, 2


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
    tracks = _tracks(assignment)
    kind = _kind(tracks)
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
            "text": _text(assignment, tracks, kind),
        },
        "tracks": [_track(one, campaign) for one in tracks if one.modality != Modality.TEXT],
        "questions": _questions(asked, ", ".join(targets.values())),
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
    rows = Suggestion.objects.filter(campaign_id=assignment.campaign_id, item_id=assignment.item_id, current=True)
    found = list(
        permitted(rows, Use("model_inference")).select_related("label", "question").order_by("question__position")
    )
    if not found:
        return None
    parts = [
        said(one.label.name, one.label.code)
        if one.label
        else f"{said(one.question.prompt)} {floatformat(one.number, -2)}"
        for one in found
    ]
    return {"text": ", ".join(parts), "model": found[0].model_name, "version": found[0].model_version}


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


def _tracks(assignment: Assignment) -> list[Track]:
    """The tracks that may be perceived, with what places them in time and the signals drawn of them."""
    return list(
        rules.perceivable(assignment).prefetch_related(
            Prefetch("alignments", Alignment.objects.order_by("-number")),
            Prefetch("lanes", Lane.objects.filter(kind="signal").order_by("id")),
        )
    )


def _kind(tracks: list[Track]) -> str:
    there = {one.modality for one in tracks}
    return next((one.value for one in (Modality.VIDEO, Modality.AUDIO, Modality.SIGNAL) if one in there), "text")


def _track(track: Track, campaign: Campaign) -> dict[str, Any]:
    alignment = next(iter(track.alignments.all()), None)
    playable = track.modality in (Modality.VIDEO, Modality.AUDIO) and (track.proxy_id or track.original_id)
    media = {what: reverse("labeling:media", args=[track.pk, what]) for what in ("original", "proxy", "peaks", "lane")}
    return {
        "id": track.pk, "modality": track.modality, "label": track.name,
        "src": media["proxy" if track.proxy_id else "original"] if playable else "",
        "peaks": media["peaks"] if track.peaks_id else "",
        "lane": media["lane"] if track.lanes.all() else "",
        "offset_us": alignment.offset_us if alignment else 0, "drift_ppb": alignment.drift_ppb if alignment else 0,
        "muted": campaign.perceived.get("audio") is False, "start_us": track.start_us, "duration_us": track.duration_us,
        "frame_times": track.probe.get("frame_times_us") or [],
    }  # fmt: skip


def _text(assignment: Assignment, tracks: list[Track], kind: str) -> str:
    """What is read: the item itself when it is a text, else the transcript when the campaign shows it."""
    if kind != "text" and assignment.campaign.perceived.get("transcript") is False:
        return ""
    texts = [one for one in tracks if one.modality == Modality.TEXT and one.text]
    if not texts:
        return ""
    people: dict[Any, list[Any]] = {}
    for track, person in Appearance.objects.filter(track__in=texts).values_list("track_id", "participant_id"):
        people.setdefault(track, []).append(person)
    opened = [keys.open_text(bytes(one.text), study_id=one.study_id, participant_ids=people[one.pk]) for one in texts]
    return "\n".join(opened)


def _questions(asked: Definition, target: str) -> list[dict[str, Any]]:
    free, digits, shown = iter(ROWS), iter(["digits"]), []
    for one in asked.questions.values():
        row = ""
        if one.kind == Question.Kind.CHOICE:
            row = next(digits, "")
        elif one.kind == Question.Kind.SCALE:
            row = next(free, "")
        shown.append(_question(one, row, target))
    return shown


def _question(one: Asked, row: str, target: str) -> dict[str, Any]:
    options = [
        {"id": label.id, "code": label.code, "name": said(label.name, label.code), "emotion": label.emotion,
         "key": DIGITS[at] if row == "digits" and at < len(DIGITS) else ""}
        for at, label in enumerate(one.labels.values())
    ]  # fmt: skip
    minimum, maximum = one.minimum, one.maximum
    step = one.step or ((maximum - minimum) / 100 if minimum is not None and maximum is not None else None)
    return {
        "key": one.key, "id": one.id, "type": one.kind, "required": one.required, "row": row, "options": options,
        "prompt": said(one.prompt, one.key).replace("{target}", target or _("the person")),
        "hint": said(one.hint), "minimum": minimum, "maximum": maximum, "step": step,
        "anchors": {_plain(anchor["value"]): said(anchor["text"]) for anchor in one.anchors},
    }  # fmt: skip


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _own(assignment: Assignment) -> Annotation | None:
    return Annotation.objects.filter(assignment=assignment, current=True).first()


def _strip(assignment: Assignment, asked: Definition, place: QueuePlace) -> list[dict[str, Any]]:
    """The person's last answers, the item at hand, and what comes."""
    before = list(
        Assignment.objects.filter(
            annotator_id=assignment.annotator_id, campaign_id=assignment.campaign_id, position__lt=assignment.position,
            state=Assignment.State.SUBMITTED,
        ).order_by("-position")[:STRIP_BEFORE]
    )[::-1]  # fmt: skip
    choice = next((one for one in asked.questions.values() if one.kind == Question.Kind.CHOICE), None)
    labels = {}
    if choice is not None and before:
        current = Annotation.objects.filter(assignment__in=before, current=True, answers__question_id=choice.id)
        labels = dict(current.values_list("assignment_id", "answers__label_id"))
    strip = []
    for one in before:
        label = choice.labels.get(labels.get(one.pk)) if choice else None
        strip.append({
            "index": one.position, "state": "answered", "label": said(label.name, label.code) if label else _("answered"),
            "emotion": label.emotion if label else "", "url": reverse("labeling:item", args=[one.campaign_id, one.pk]),
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
