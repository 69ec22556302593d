"""What a trace question demands, and whether a finished trace keeps to it.

The scheme says it (`affect.schemes.Trace`): axes and their ranges, whether values end there, devices, coverage, holes, rate;
and `affect.schemes.check` decides it, when an answer comes in. Here is how a trace is told to it, and the notice that the page
gives before: the same rules, asked as soon as the trace is finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from affect.schemes import Scheme, check
from affect.schemes.model import Trace as TraceQuestion
from core.errors import Invalid
from labeling.words import DEVICES

PAUSE_US = 200_000
"""The hand's silence around a pause, when the media stood still, is no hole in the media: less than this was not rated."""
_CHECKED = ("device_not_allowed", "coverage", "gap", "too_sparse")


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


def told(rules: TraceQuestion, found: container.Trace, end_us: int, evidence: Any = None) -> dict[str, Any]:
    """Samples as `affect.schemes` checks them, with the device of the hand's `evidence`. One at the very end of the item rates
    no time any more."""
    inside = found.times_us < end_us
    steps = np.diff(found.times_us, prepend=found.times_us[:1])
    holes = np.flatnonzero(((found.flags & container.Flag.GAP_BEFORE) != 0) & (steps > PAUSE_US) & inside)
    value: dict[str, Any] = {
        "times_us": found.times_us[inside].tolist(), "values": found.values[inside].tolist(),
        "gaps": [int(at) for at in holes if at],
    }  # fmt: skip
    device = _device(rules, evidence if isinstance(evidence, Mapping) else {})
    return value | ({"device": device} if device else {})


def _device(rules: TraceQuestion, evidence: Mapping[str, Any]) -> str:
    """What the hand used, and of several first what the scheme does not allow. A hand that rested moved nothing: it keeps to
    any rule. "" where nothing is told."""
    used, kind = evidence.get("used"), evidence.get("kind")
    if not isinstance(used, Mapping):
        return kind if isinstance(kind, str) else ""
    strange = [one for one in sorted(used) if rules.devices and one not in rules.devices]
    return next(iter([*strange, *sorted(used), *rules.devices]), "")


def missing(rules: TraceQuestion, value: Mapping[str, Any], media: tuple[int, int]) -> list[dict[str, Any]]:
    """What a trace, as it is `told`, still lacks by its scheme: {"code": "device_not_allowed" | "coverage" | "gap" |
    "too_sparse", …facts}; empty when nothing. Decided by the same rules as everywhere else (affect.schemes.checking)."""
    if not (rules.devices or rules.coverage or rules.no_gap or rules.rate_hz):
        return []
    alone = replace(rules, asked_if=None, required_if=None)
    scheme = Scheme(id="trace", name={"en": "Trace"}, languages=("en",), questions=(alone,))
    given = {"media": {"start_us": media[0], "end_us": media[1]}, "answers": {rules.id: {"value": value}}}
    found = [{"code": one.code, **one.facts} for one in check(scheme, given) if one.code in _CHECKED]
    return [{**one, "allowed": rules.devices} if one["code"] == "device_not_allowed" else one for one in found]


def sentence(lack: dict[str, Any]) -> str:
    """For the rater: what to do about it."""
    if lack["code"] == "device_not_allowed" and not lack["device"]:
        return _("This device may not be used here.")
    if lack["code"] == "device_not_allowed":
        return _("This scheme is rated with %(allowed)s, not with %(used)s.") % {
            name: ", ".join(str(DEVICES.get(one, one)) for one in codes)
            for name, codes in (("allowed", lack["allowed"]), ("used", [lack["device"]]))
        }  # fmt: skip
    if lack["code"] == "coverage":
        return _("%(had)d %% of the recording is rated, %(wanted)d %% are needed: go back and rate the rest.") % {
            "had": int(100 * lack["covered_us"] / lack["total_us"]), "wanted": round(100 * lack["minimum"]),
        }  # fmt: skip
    if lack["code"] == "gap":
        return _("From %(start).1f s to %(end).1f s nothing is rated: go back and rate it.") % {
            "start": lack["start_us"] / 1e6, "end": lack["end_us"] / 1e6,
        }  # fmt: skip
    return _("The samples are too far apart: close other programs, go back and rate again.")
