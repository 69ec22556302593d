"""The geometry of server-drawn pictures: positions in percent, curves as paths in a stretched box, colour by class.

Nothing here decides what a picture says; each comes with the sentence that a screen reader hears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from consent.gate import permitted
from labeling.media import lane
from labeling.models import Annotator, Campaign, GoldLabel, GoldStandard, Question
from labeling.services import ratings

WIDTH = 600  # columns of a drawn trace


def said(by_language: Mapping[str, str], *, target: str = "") -> str:
    """A text of a scheme in the reader's language, else in English, else in any; `{target}` names whom it is about."""
    language = (get_language() or "en").split("-")[0]
    text = by_language.get(language) or by_language.get("en") or next(iter(by_language.values()), "")
    return text.replace("{target}", target or _("the person"))


def bar(counts: Sequence[int]) -> list[dict]:
    """Parts of one bar, as x and width in percent."""
    total = sum(counts) or 1
    parts, at = [], 0.0
    for name, count in zip("abcd", counts, strict=False):
        width = 100 * count / total
        parts.append({"name": name, "x": f"{at:.2f}", "width": f"{width:.2f}", "count": count})
        at += width
    return parts


def distribution(campaign: Campaign, question: Question) -> dict | None:
    """How often each value was given. None for questions that have no values to count."""
    if question.gives in (Question.Gives.TRACE, Question.Gives.NOTHING):
        return None
    counts = ratings.spread_of_answers(campaign, question)
    if question.gives == Question.Gives.TRUTH:
        rows = [(name, "", counts.get(value, 0)) for value, name in (("yes", _("yes")), ("no", _("no")))]
    elif question.gives != Question.Gives.NUMBER:
        rows = [
            (said(label.name), label.emotion, counts.get(str(label.identity), 0)) for label in question.labels.all()
        ]
    else:
        rows = [(f"{value:g}", "", counts[value]) for value in sorted(counts)]
    most = max((count for _name, _mark, count in rows), default=0) or 1
    total = sum(counts.values())
    return {
        "question": question,
        "prompt": said(question.prompt),
        "rows": [
            {"name": name, "emotion": mark, "count": count, "width": f"{100 * count / most:.2f}", "share": count / total if total else 0}
            for name, mark, count in rows
        ],
        "total": total,
    }  # fmt: skip


def waveform(peaks: bytes) -> str:
    """The outline of a sound as a path in a box of WIDTH × 100, from its peaks (int8 pairs, least and greatest)."""
    pairs = np.frombuffer(peaks, dtype=np.int8).reshape(-1, 2)
    if not len(pairs):
        return ""
    starts = np.unique(np.linspace(0, len(pairs), min(WIDTH, len(pairs)), endpoint=False).astype(int))
    low, high = np.minimum.reduceat(pairs[:, 0], starts), np.maximum.reduceat(pairs[:, 1], starts)
    x = np.linspace(0, WIDTH, len(starts)) if len(starts) > 1 else np.array([0])
    top = [f"{at:.1f} {min(50 - 48 * int(value) / 128, 49.5):.1f}" for at, value in zip(x, high, strict=True)]
    bottom = [f"{at:.1f} {max(50 - 48 * int(value) / 128, 50.5):.1f}" for at, value in zip(x, low, strict=True)]
    return "M" + " ".join([*top, *reversed(bottom)]) + "Z"


def signal_line(times_us: np.ndarray, values: np.ndarray) -> str:
    """A signal as a path in a box of WIDTH × 100, each column with its least and greatest value; a gap breaks it."""
    drawn = lane.columns(times_us, values, int(times_us[0]), int(times_us[-1]) + 1, WIDTH)
    least, span = drawn["minimum"], (drawn["maximum"] - drawn["minimum"]) or 1
    path, pen_up = [], True
    for x, (low, high) in enumerate(zip(drawn["lows"], drawn["highs"], strict=True)):
        if low is None:
            pen_up = True
            continue
        ends = [96 - 92 * (value - least) / span for value in (low, high)]
        path.append(f"{'M' if pen_up else 'L'}{x} {ends[0]:.1f}" + (f"L{x} {ends[1]:.1f}" if high != low else ""))
        pen_up = False
    return "".join(path)


def fused_traces(campaign: Campaign, gold: GoldStandard, most: int = 6) -> list[dict]:
    """For items with a fused trace: everybody's trace, the fused line and its band of one standard deviation."""
    drawn = []
    for question in campaign.scheme_version.questions.filter(gives=Question.Gives.TRACE):
        fused = {
            label.item_id: label
            for label in permitted(GoldLabel.objects.filter(gold_standard=gold, question=question), ratings.USE)
            .exclude(trace=None)
            .select_related("item")
            .order_by("item__code")[: most - len(drawn)]
        }
        found = ratings.traces(campaign, question, items=list(fused))
        drawn += [_fused_picture(question, one, fused[one.item]) for one in found if one.item in fused]
    return drawn


def _fused_picture(question: Question, one: ratings.TracesOfItem, label: GoldLabel) -> dict:
    mean, spread = container.unpack(bytes(label.trace)), container.unpack(bytes(label.trace_spread))
    start, end = int(one.times_us[0]), int(one.times_us[-1]) or 1
    who = Annotator.objects.in_bulk(one.annotators)
    ends = [np.nanmin(one.values), np.nanmax(one.values)]  # of a trace without ends
    least = float(ends[0]) if question.minimum is None else question.minimum
    greatest = float(ends[1]) if question.maximum is None else question.maximum

    def path(times: np.ndarray, values: np.ndarray) -> str:
        return _line(times, values, start, end, least, greatest)

    upper = path(mean.times_us, np.minimum(mean.values + spread.values, greatest))
    lower = path(mean.times_us[::-1], np.maximum(mean.values - spread.values, least)[::-1])
    return {
        "item": label.item,
        "prompt": said(question.prompt),
        "raters": [
            {"path": path(one.times_us, values), "code": who[annotator].code, "n": n % 8 + 1,
             "simulated": who[annotator].kind == Annotator.Kind.SIMULATED}
            for n, (annotator, values) in enumerate(zip(one.annotators, one.values, strict=True))
        ],
        "fused": path(mean.times_us, mean.values),
        "band": f"{upper} L{lower[1:]}Z" if upper and lower else "",
        "seconds": (end - start) / 1_000_000,
        "sentence": ngettext(
            "The trace of %(n)d annotator; its mean is %(mean).2f on a scale from %(least)g to %(greatest)g.",
            "Traces of %(n)d annotators and their fused mean, %(mean).2f on average on a scale from %(least)g to %(greatest)g.",
            len(one.annotators),
        )
        % {"n": len(one.annotators), "mean": float(mean.values.mean()), "least": least, "greatest": greatest},
    }  # fmt: skip


def _line(times: np.ndarray, values: np.ndarray, start: int, end: int, least: float, greatest: float) -> str:
    """A path in a box of WIDTH × 100; a missing stretch breaks it."""
    path, pen_up = [], True
    for at, value in zip(times, values, strict=True):
        if np.isnan(value):
            pen_up = True
            continue
        x = WIDTH * (int(at) - start) / max(1, end - start)
        y = 100 - 100 * (float(value) - least) / ((greatest - least) or 1)
        path.append(f"{'M' if pen_up else 'L'}{x:.1f} {y:.1f}")
        pen_up = False
    return "".join(path)
