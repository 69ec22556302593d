"""What differs between two versions of a scheme, and what that means for the answers given to the older one.

Questions, labels and tiers are matched by id, so a renamed one is the same one. Each change has a weight: `WORDING` asks
the same in other words or another order, `RULES` may refuse an answer that was allowed, `ANSWERS` takes away what answers
refer to, so that they need a migration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from affect.schemes.model import Question, Scheme

WORDING, RULES, ANSWERS = WEIGHTS = ("wording", "rules", "answers")
# What can change without any answer becoming wrong.
_WORDS = frozenset(
    {
        "name", "prompt", "hint", "examples", "definition", "description", "guideline", "mark", "shortcut", "emotion", "code", "key",
        "uri", "fit", "source", "licence", "translations", "number", "languages", "right", "up", "anchors", "low", "high", "dimension",
        "look", "past", "level", "angle",
    }
)  # fmt: skip
# Lists whose members have an id, and what a member is called.
_MEMBERS = {"questions": "question", "labels": "label", "centre": "label", "tiers": "tier", "skip": "reason"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. path names it by ids, as ("emotion", "labels", "anger", "name"); old and new are what stood there."""

    kind: str
    path: tuple[str, ...]
    weight: str
    old: Any = None
    new: Any = None


def diff(old: Scheme, new: Scheme) -> tuple[Change, ...]:
    """Every difference, questions in the order of the old version, then those that were added."""
    return tuple(_parts(old, new, ()))


def _parts(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Change]:
    for one in fields(old):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if one.name in _MEMBERS:
            yield from _members(
                _MEMBERS[one.name], before, after, path if one.name == "questions" else (*path, one.name)
            )
        elif before != after:
            if _inside(before, after):
                yield from _parts(before, after, (*path, one.name))
            else:
                kind = "renamed" if one.name in ("name", "code") else "changed"
                yield Change(kind, (*path, one.name), WORDING if one.name in _WORDS else RULES, before, after)


def _inside(before: Any, after: Any) -> bool:
    """Whether two values are parts to be compared field by field."""
    return is_dataclass(before) and type(before) is type(after) and not hasattr(before, "holds")


def _members(what: str, before: Sequence[Any], after: Sequence[Any], path: tuple[str, ...]) -> Iterator[Change]:
    was, now = {one.id: one for one in before}, {one.id: one for one in after}
    for key, one in was.items():
        if key not in now:
            yield Change(f"{what}_removed", (*path, key), ANSWERS, one)
        elif type(one) is not type(now[key]):
            yield Change("kind_changed", (*path, key), ANSWERS, one.KIND, now[key].KIND)
        else:
            yield from _parts(one, now[key], (*path, key))
    for key, one in now.items():
        if key not in was:
            yield Change(f"{what}_added", (*path, key), _weight_of_added(one), None, one)
    kept = [key for key in was if key in now]
    if kept != [key for key in now if key in was]:
        yield Change("reordered", path, WORDING, tuple(kept), tuple(key for key in now if key in was))


def _weight_of_added(one: Any) -> str:
    """A question more may be due where nothing was asked; a label or a reason more refuses nothing."""
    return RULES if isinstance(one, Question) or hasattr(one, "coverage") else WORDING
