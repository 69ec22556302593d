"""Practice that measures: a target with known truth is followed, or tones are told apart, and the server works out what it says.

The target comes from a seed that the server gives out in a sealed ticket, so nobody chooses an easy one, and what the browser
sends are samples alone: delay, concordance and whether it is enough for the campaign are computed here (affect.tracking).
A campaign may ask that some tests be passed before the first trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affect import tracking
from affect.schemes.model import Axis
from affect.schemes.model import Trace as TraceQuestion
from affect.undefined import Undefined
from core import audit
from core.errors import Refused
from core.models import User
from labeling.models import Annotator, Campaign, Item, Practice
from labeling.services import trace_parts, values

_SALT = "labeling.practice"
_TICKET_S = 24 * 3600
_WORDS = {"en": "target"}
_RULES = TraceQuestion(
    id="practice", prompt=_WORDS, axes=(Axis(name=_WORDS, low=_WORDS, high=_WORDS, minimum=-1.0, maximum=1.0),)
)
_CLIP = Item(start_us=0, end_us=tracking.DURATION_US)


@dataclass(frozen=True)
class Ticket:
    """What is shown is made of `seed`; `sealed` goes back with the samples."""

    seed: int
    sealed: str


def ticket(annotator: Annotator, campaign: Campaign, kind: str) -> Ticket:
    """A new try at a test."""
    seed = secrets.randbelow(2**32)
    told = {"annotator": str(annotator.pk), "campaign": str(campaign.pk), "kind": kind, "seed": seed}
    return Ticket(seed, signing.dumps(told, salt=_SALT))


@transaction.atomic
def submit(
    *,
    actor: User,
    annotator: Annotator,
    campaign: Campaign,
    kind: str,
    sealed: Any,
    samples: Mapping[str, Any] | None = None,
    answers: Sequence[int] | None = None,
    device: Mapping[str, Any] | None = None,
) -> Practice:
    """Measure a try and keep it. Safe to repeat: the same ticket gives the result already kept.

    samples: {"times_us", "values", "flags", "clock_us"} on the target's clock, values in −1…1; answers: which of three tones
    was the quietest, six times. Raises Invalid with `ticket_refused`, `answers_refused` and the codes of `traces.add_chunk`.
    """
    told = {"annotator": str(annotator.pk), "campaign": str(campaign.pk), "kind": kind}
    seed = _seed(sealed, told)
    same = Practice.objects.filter(campaign=campaign, annotator=annotator, kind=kind, seed=seed)
    if (before := same.first()) is not None:
        return before
    evidence = values.check_details(device, "device", most=400) or {}
    measured = _heard(seed, answers) if kind == Practice.Kind.HEADPHONES else _followed(seed, samples, campaign)
    made = Practice.objects.create(
        campaign=campaign, annotator=annotator, kind=kind, seed=seed, pass_mark=campaign.practice_pass,
        device=evidence, **measured,
    )  # fmt: skip
    audit.record("labeling.practice.measured", actor=actor, target=made, kind=kind, passed=made.passed)
    return made


@transaction.atomic
def set_rules(*, actor: User, campaign: Campaign, required: Collection[str], pass_mark: float) -> None:
    """Which tests are to be passed before the first trace, and how near a hand must come. Counts from now on; results that
    are there keep the mark they were measured by. Raises Invalid `kind_unknown`, `out_of_range`."""
    if set(required) - set(Practice.Kind.values):
        raise values.invalid("kind_unknown", "required", _("There is no such test."))
    if not 0 <= pass_mark <= 1:
        raise values.invalid("out_of_range", "pass_mark", _("The pass mark lies between 0 and 1."))
    kinds = [kind for kind in Practice.Kind.values if kind in required]
    Campaign.objects.filter(pk=campaign.pk).update(practice_required=kinds, practice_pass=pass_mark)
    campaign.practice_required, campaign.practice_pass = kinds, pass_mark
    audit.record(
        "labeling.practice.ruled", actor=actor, target=campaign, required=len(kinds), pass_mark=round(pass_mark, 4)
    )


def missing(campaign: Campaign, annotator_id: Any) -> list[str]:
    """The tests that an annotator has yet to pass before the first trace, in their order."""
    if not campaign.practice_required:
        return []
    tried = Practice.objects.filter(campaign=campaign, annotator_id=annotator_id, passed=True)
    passed = set(tried.values_list("kind", flat=True))
    return [kind for kind in campaign.practice_required if kind not in passed]


def refuse_unpractised(campaign: Campaign, annotator_id: Any) -> None:
    """Raises Refused("practice_missing") while a test is to be passed first."""
    if left := missing(campaign, annotator_id):
        names = dict(Practice.Kind.choices)
        said = _("Practice comes first in this campaign: %(tests)s.") % {
            "tests": ", ".join(str(names[kind]) for kind in left)
        }
        raise Refused("practice_missing", said, missing=left)


def lag_of(campaign: Campaign, annotator_id: Any) -> Practice | None:
    """The newest test that was passed and tells of the hand alone: its delay goes with the annotator's traces."""
    passed = Practice.objects.filter(campaign=campaign, annotator_id=annotator_id, passed=True)
    return passed.filter(kind__in=Practice.HAND, lag_us__isnull=False).order_by("-id").first()


def sentence(one: Practice) -> str:
    """What a result means and what helps, for the person whose it is."""
    if one.kind == Practice.Kind.HEADPHONES:
        return _heard_sentence(one)
    if one.undefined == "constant_trace":
        return _(
            "Your hand did not move. Move over the pad with the mouse or a finger, hold an arrow key, or use the stick."
        )
    if one.undefined:
        return _("Too little of it was followed to say anything. Stay in this window until it has ended.")
    facts = {"lag": one.lag_us / 1e6, "ccc": one.ccc, "mark": one.pass_mark}
    if one.passed:
        return _(
            "Your hand comes %(lag).2f s later, and without that delay its concordance with what was shown is %(ccc).2f. "
            "That is enough here (%(mark).2f)."
        ) % facts  # fmt: skip
    if one.lag_us >= tracking.HIGHEST_US:
        return _(
            "Your hand comes three seconds later or more. Follow at once, without waiting until a movement is over."
        )
    return _(
        "Your hand comes %(lag).2f s later; without that delay its concordance with what was shown is %(ccc).2f, and %(mark).2f "
        "are needed. Go as far up and down as what you see or hear does, follow at once, and try again."
    ) % facts  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------------


def _seed(sealed: Any, told: Mapping[str, str]) -> int:
    try:
        found = signing.loads(sealed if isinstance(sealed, str) else "", salt=_SALT, max_age=_TICKET_S)
    except signing.BadSignature:
        found = {}
    if {name: found.get(name) for name in told} != dict(told):
        raise values.invalid("ticket_refused", "ticket", _("This try has expired; begin another one."))
    return int(found["seed"])


def _followed(seed: int, samples: Mapping[str, Any] | None, campaign: Campaign) -> dict[str, Any]:
    sent = samples if isinstance(samples, Mapping) else {}
    columns = (sent.get(name) for name in ("times_us", "values", "flags", "clock_us"))
    found = trace_parts.read(_RULES, _CLIP, *columns)
    if len(found) > trace_parts.MOST_SAMPLES_A_CHUNK:
        raise values.invalid("too_long", "times_us", _("These are more samples than a hand can make."))
    kept = {"packed": trace_parts.packed(found)}
    try:
        said = tracking.followed(found, seed)
    except Undefined as why:
        return {**kept, "undefined": why.code, "passed": False}
    passed = said.ccc >= campaign.practice_pass and not said.at_bound
    return {**kept, "lag_us": said.lag_us, "ccc": said.ccc, "passed": passed}


def _heard(seed: int, answers: Sequence[int] | None) -> dict[str, Any]:
    sent = answers if isinstance(answers, list | tuple) else ()
    if len(sent) != tracking.TRIALS or any(type(one) is not int or not 0 <= one <= 2 for one in sent):
        raise values.invalid("answers_refused", "answers", _("Six answers are due, each one of three tones."))
    right = tracking.heard(seed, list(sent))
    return {"right": right, "passed": right >= tracking.RIGHT}


def _heard_sentence(one: Practice) -> str:
    said = ngettext("%(n)d of %(of)d was right.", "%(n)d of %(of)d were right.", one.right or 0) % {
        "n": one.right, "of": tracking.TRIALS,
    }  # fmt: skip
    if one.passed:
        return _("%(said)s You wear headphones, and both sides sound.") % {"said": said}
    return _(
        "%(said)s That is what loudspeakers give, or headphones of which one side is silent or the two are swapped into one. "
        "Put headphones on, check the plug and the balance, and try again."
    ) % {"said": said}  # fmt: skip
