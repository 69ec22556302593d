"""Guidelines: what annotators are told to do, in versions. A version never changes: other words are the next version, and
every annotation remembers the one it was made under.

Where a campaign wants it, people read its version and answer a short quiz before their first item; each try is kept. When a
campaign is given another version, the answers made under the one before are listed, and their annotators can be asked to
look at them again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.gate import Use, permitted
from consent.models import Study
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import (
    Annotation,
    Annotator,
    Assignment,
    Campaign,
    Guideline,
    GuidelineAcknowledgement,
    GuidelineVersion,
)

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
Text = Mapping[str, Sequence[Mapping[str, Any]]]  # by language: [{"heading", "text", "example"?}]
Quiz = Sequence[Mapping[str, Any]]  # [{"prompt": {language: …}, "options": [{language: …}], "right": index}]
MOST_QUESTIONS, MOST_OPTIONS, LONGEST = 10, 6, 300
USE = Use("human_annotation")


@transaction.atomic
def create_guideline(*, actor: User | None, study: Study, name: str, text: Text, quiz: Quiz = ()) -> GuidelineVersion:
    """A guideline with its first version. Raises Invalid("guideline_refused"), Refused("name_taken")."""
    Study.objects.select_for_update().get(pk=study.pk)
    if not name.strip() or len(name) > 120:
        said = _("A name of at most 120 characters is needed.")
        raise Invalid("guideline_refused", said, fields={"name": [said]})
    if Guideline.objects.filter(study=study, name=name).exists():
        raise Refused("name_taken", _("This study has a guideline of that name."))
    return _append(actor, Guideline.objects.create(study=study, name=name), 1, text, quiz)


@transaction.atomic
def add_version(*, actor: User | None, guideline: Guideline, text: Text, quiz: Quiz = ()) -> GuidelineVersion:
    """Other words, as the next version. Campaigns keep the one they have until they are given this one."""
    guideline = Guideline.objects.select_for_update().get(pk=guideline.pk)
    last = guideline.versions.aggregate(Max("number"))["number__max"] or 0
    return _append(actor, guideline, last + 1, text, quiz)


def _append(actor: User | None, guideline: Guideline, number: int, text: Text, quiz: Quiz) -> GuidelineVersion:
    said = {language: [dict(part) for part in parts] for language, parts in text.items()}
    wrong = ""
    if not said or not all(said.values()):
        wrong = _("A guideline says something in every language it names.")
    elif not all(LANGUAGE.fullmatch(one) for one in said):
        wrong = _("A language is a code like en or pt-BR.")
    if wrong:
        raise Invalid("guideline_refused", wrong, fields={"text": [wrong]})
    asked = _checked_quiz(quiz, set(said))
    made = GuidelineVersion.objects.create(
        study_id=guideline.study_id, guideline=guideline, number=number, text=said, quiz=asked
    )
    audit.record(
        "labeling.guideline.version_added",
        actor=actor,
        target=made,
        number=number,
        languages=sorted(said),
        quiz=len(asked),
    )
    return made


def _checked_quiz(quiz: Quiz, languages: set[str]) -> list[dict[str, Any]]:
    """The quiz as it is stored. Each question is asked in every language of the guideline and has one right answer."""

    def told(texts: Any) -> bool:
        return (
            isinstance(texts, Mapping)
            and set(texts) == languages
            and all(isinstance(one, str) and one.strip() and len(one) <= LONGEST for one in texts.values())
        )

    def right(one: Mapping[str, Any]) -> bool:
        options = one.get("options")
        return (
            told(one.get("prompt"))
            and isinstance(options, list | tuple)
            and 2 <= len(options) <= MOST_OPTIONS
            and all(map(told, options))
            and isinstance(one.get("right"), int)
            and 0 <= one["right"] < len(options)
        )

    if len(quiz) > MOST_QUESTIONS or not all(map(right, quiz)):
        said = _(
            "A quiz has at most %(n)d questions; each is asked in every language of the guideline, with two to %(m)d "
            "answers, one of them right."
        ) % {"n": MOST_QUESTIONS, "m": MOST_OPTIONS}
        raise Invalid("guideline_refused", said, fields={"quiz": [said]})
    return [
        {"prompt": dict(one["prompt"]), "options": [dict(option) for option in one["options"]], "right": one["right"]}
        for one in quiz
    ]


# Reading --------------------------------------------------------------------------------------------------------------


def language_of(version: GuidelineVersion, wanted: str) -> str:
    """The language in which this version is shown to who reads `wanted`: that, its root, English, or the first it has."""
    root = wanted.partition("-")[0]
    return next((one for one in (wanted, root, "en") if one in version.text), next(iter(version.text), ""))


def has_read(user: User, campaign: Campaign) -> bool:
    """Whether the person has read the campaign's version and passed its quiz, in this campaign or in another one."""
    return GuidelineAcknowledgement.objects.filter(
        annotator__user=user,
        annotator__study_id=campaign.study_id,
        version_id=campaign.guideline_version_id,
        passed=True,
    ).exists()


def refuse_unread(user: User, campaign: Campaign) -> None:
    """Raises Refused("guideline_unread") when the campaign wants its guideline read first, and the person has not."""
    if campaign.reading and campaign.guideline_version_id and not has_read(user, campaign):
        raise Refused("guideline_unread", _("Read the guideline first; it is short."))


@transaction.atomic
def acknowledge(
    *, actor: User, campaign: Campaign, version: GuidelineVersion, language: str, said: Sequence[int | None]
) -> GuidelineAcknowledgement:
    """The person says that they have read this version, and answers its quiz: `said` holds the index chosen per question.

    Every question has to be right; a wrong one is no fault, the text can be read again. Raises Invalid("quiz_open") while
    a question has no answer, Refused("guideline_changed") when the campaign was given another version meanwhile.
    """
    if version.pk != campaign.guideline_version_id:
        raise Refused("guideline_changed", _("The guideline was changed meanwhile. Read the new one."))
    annotator = Annotator.objects.get(study_id=campaign.study_id, user=actor)
    if language not in version.text:
        raise Invalid("language_unknown", _("The guideline is not there in this language."))
    if len(said) != len(version.quiz) or any(one is None for one in said):
        open_ = _("Answer every question.")
        raise Invalid("quiz_open", open_, fields={"quiz": [open_]})
    correct = sum(one["right"] == given for one, given in zip(version.quiz, said, strict=True))
    made = GuidelineAcknowledgement.objects.create(
        campaign=campaign, annotator=annotator, version=version, language=language, correct=correct,
        asked=len(version.quiz), passed=correct == len(version.quiz),
    )  # fmt: skip
    audit.record(
        "labeling.guideline.acknowledged", actor=actor, target=made, study=campaign.study_id, version=version.number,
        language=language, correct=correct, asked=made.asked, passed=made.passed,
    )  # fmt: skip
    return made


# A campaign's version -------------------------------------------------------------------------------------------------


@transaction.atomic
def give(*, actor: User | None, campaign: Campaign, version: GuidelineVersion | None, reading: bool = True) -> Campaign:
    """Let a campaign be labeled by this version from now on; `reading` says whether people read it first.

    What was answered before keeps the version it was given under. Raises Refused("campaign_closed"),
    Invalid("rules_refused") for a version of another study.
    """
    held = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if held.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("This campaign is closed."))
    if version is not None and version.study_id != held.study_id:
        wrong = _("This guideline belongs to another study.")
        raise Invalid("rules_refused", wrong, fields={"guideline_version": [wrong]})
    before = held.guideline_version_id
    held.guideline_version, held.reading = version, bool(version and reading)
    held.revision += 1
    held.save(update_fields=["guideline_version", "reading", "revision"])
    audit.record(
        "labeling.campaign.guideline_given", actor=actor, target=held, before=str(before or ""),
        after=str(version.pk if version else ""), reading=held.reading,
    )  # fmt: skip
    return held


def outdated(campaign: Campaign) -> QuerySet[Annotation]:
    """The answers in force that were given under another version than the campaign has now, as far as the gate allows."""
    current = Annotation.objects.filter(campaign=campaign, current=True)
    return permitted(current.exclude(guideline_version_id=campaign.guideline_version_id), USE)


def askable(campaign: Campaign) -> QuerySet[Annotation]:
    """Those of them whose annotator can look at them again: given here, and not made elsewhere."""
    return outdated(campaign).filter(assignment__state=Assignment.State.SUBMITTED)


@transaction.atomic
def ask_again(*, actor: User | None, campaign: Campaign) -> int:
    """Ask those who answered under an older version to look at their answers again. Returns how many answers.

    They get them before new items; what they said stays until they say something else, and then as a revision.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)  # its version now, and no other while this runs
    asked = Assignment.objects.filter(pk__in=list(askable(campaign).values_list("assignment_id", flat=True)))
    count = asked.update(again_since=timezone.now())
    audit.record("labeling.campaign.asked_again", actor=actor, target=campaign, answers=count)
    return count


def again(user: User, campaign: Campaign) -> Assignment | None:
    """The first of the person's answers that they were asked to look at again and have not yet."""
    return asked_again(Assignment.objects.filter(annotator__user=user, campaign=campaign)).order_by("position").first()


def asked_again(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Those of these assignments whose answer in force is older than the question whether it still stands."""
    old = Annotation.objects.filter(assignment=OuterRef("pk"), current=True, created_at__lt=OuterRef("again_since"))
    return permitted(assignments.filter(Exists(old), again_since__isnull=False), USE)
