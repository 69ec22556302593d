"""What a trace question demands, and whether a finished trace keeps to it.

The scheme says it (`affect.schemes.Trace`): axes and their ranges, whether values end there, devices, coverage, holes, rate.
A scheme that is stored without its form has one axis, from the question's lowest to its highest value, and asks nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from affect.schemes import Scheme, check
from affect.schemes.model import Axis
from affect.schemes.model import Trace as TraceQuestion
from core.errors import Invalid
from labeling.services.schemes import Asked, Definition
from labeling.words import DEVICES

PAUSE_US = 200_000
"""The hand's silence around a pause, when the media stood still, is no hole in the media: less than this was not rated."""
_CHECKED = ("coverage", "gap", "too_sparse")


def rules_of(asked: Asked, definition: Definition | None = None) -> TraceQuestion:
    """The question as its scheme has it."""
    form = getattr(definition, "form", None)
    if form is not None:
        return form[asked.key]
    least = -1.0 if asked.minimum is None else asked.minimum
    most = 1.0 if asked.maximum is None else asked.maximum
    words = {"en": asked.key}
    axis = Axis(name=words, low=words, high=words, minimum=least, maximum=most)
    return TraceQuestion(id=asked.key, key=asked.key, prompt=words, required=asked.required, axes=(axis,))


def axis_names(rules: TraceQuestion) -> list[str]:
    """How the axes are told apart in files: by their dimension, else x and y."""
    names = [axis.dimension for axis in rules.axes]
    return names if all(names) and len(set(names)) == len(names) else list("xy"[: len(names)])


def refuse_out_of_range(rules: TraceQuestion, found: container.Trace) -> None:
    """Raises Invalid("shape") for another number of axes, ("out_of_range") for a value beyond the end of a bounded axis."""
    if found.axes != len(rules.axes):
        said = _("A sample has a value for each of %(n)d axes.") % {"n": len(rules.axes)}
        raise Invalid("shape", said, fields={"values": [said]})
    if not rules.bounded:
        return
    for axis, numbers in zip(rules.axes, found.values.reshape(len(found), -1).T, strict=True):
        if numbers.min() < axis.minimum or numbers.max() > axis.maximum:
            said = _("Values go from %(least)g to %(most)g.") % {"least": axis.minimum, "most": axis.maximum}
            raise Invalid("out_of_range", said, fields={"values": [said]})


def refuse_devices(rules: TraceQuestion, told: Any) -> None:
    """Raises Invalid("device_not_allowed") when the hand used what the scheme does not allow. A trace that no device moved
    stays as it is: the hand rested."""
    used = told.get("used") if isinstance(told, dict) else None
    strange = sorted(set(used or ()) - set(rules.devices)) if rules.devices and isinstance(used, dict) else []
    if strange:
        said = _("This scheme is rated with %(allowed)s, not with %(used)s.") % {
            name: ", ".join(str(DEVICES.get(one, one)) for one in codes)
            for name, codes in (("allowed", rules.devices), ("used", strange))
        }  # fmt: skip
        raise Invalid("device_not_allowed", said, fields={"device": [said]})


def missing(rules: TraceQuestion, found: container.Trace, start_us: int, end_us: int) -> list[dict[str, Any]]:
    """What the trace still lacks by its scheme: {"code": "coverage" | "gap" | "too_sparse", …facts}; empty when nothing.

    Decided by the same rules as everywhere else (affect.schemes.checking).
    """
    if not (rules.coverage or rules.no_gap or rules.rate_hz):
        return []
    inside = found.times_us < end_us  # the rules know a half-open stretch
    steps = np.diff(found.times_us, prepend=found.times_us[:1])
    holes = np.flatnonzero(((found.flags & container.Flag.GAP_BEFORE) != 0) & (steps > PAUSE_US) & inside)
    value: dict[str, Any] = {
        "times_us": found.times_us[inside].tolist(), "values": found.values[inside].tolist(),
        "gaps": [int(at) for at in holes if at],
    }  # fmt: skip
    if rules.devices:
        value["device"] = rules.devices[0]
    alone = replace(rules, asked_if=None, required_if=None)
    scheme = Scheme(id="trace", name={"en": "Trace"}, languages=("en",), questions=(alone,))
    given = {"media": {"start_us": start_us, "end_us": end_us}, "answers": {rules.id: {"value": value}}}
    return [{"code": one.code, **one.facts} for one in check(scheme, given) if one.code in _CHECKED]


def sentence(lack: dict[str, Any]) -> str:
    """For the rater: what to do about it."""
    if lack["code"] == "coverage":
        return _("%(had)d %% of the recording is rated, %(wanted)d %% are needed: go back and rate the rest.") % {
            "had": int(100 * lack["covered_us"] / lack["total_us"]), "wanted": round(100 * lack["minimum"]),
        }  # fmt: skip
    if lack["code"] == "gap":
        return _("From %(start).1f s to %(end).1f s nothing is rated: go back and rate it.") % {
            "start": lack["start_us"] / 1e6, "end": lack["end_us"] / 1e6,
        }  # fmt: skip
    return _("The samples are too far apart: close other programs, go back and rate again.")
