# ruff: noqa: S608 - every value is a parameter; names of tables come from the models
"""The gate's predicate as one SQL condition, beside an outer row whose recording, track and item are known columns.

Written as SQL because it stands in the hottest queries: building the same condition from querysets costs ten
milliseconds of Python each time, the database needs a fraction of one. Names of tables come from the models, every value is
a parameter. Five small questions, each answered through an index:

    permission_gate (participant, purpose, recipient class, modality, allowed until)
    appearance_recording (recording, participant), appearance_once (track, participant)

The numbers in the docstrings are those of consent/gate.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.expressions import Expression

from consent import prohibitions
from consent.models import Participant, Permission, Recipient, Study
from consent.prohibitions import Verdict
from consent.transfers import NEEDS_NO_TOOL

Condition = tuple[str, list[Any]]  # SQL and its parameters


@dataclass(frozen=True)
class Way:
    """How to come from a model to its recording, its track and its item; the last two may not be on the way."""

    recording: str
    track: str | None
    item: str | None
    appearance: type[models.Model]
    target: type[models.Model] | None

    def columns(self, abroad: bool) -> dict[str, models.F]:
        """The outer columns that the condition speaks of, by name."""
        paths = {"recording": self.recording, "track": self.track, "item": self.item if self.target else None}
        found = {name: models.F(f"{path}_id" if path else "pk") for name, path in paths.items() if path is not None}
        if abroad:
            found["study"] = models.F(f"{self.recording}__study_id" if self.recording else "study_id")
        return found


class Allowed(Expression):
    """True for rows that may be used so. `use` is a gate.Use, `now` the moment that counts."""

    def __init__(self, way: Way, use: Any, now: datetime) -> None:
        super().__init__(output_field=models.BooleanField())
        self.way, self.use, self.now = way, use, now
        self.columns = way.columns(use.country is not None)

    def get_source_expressions(self) -> list[Any]:
        return list(self.columns.values())

    def set_source_expressions(self, expressions: list[Any]) -> None:
        self.columns = dict(zip(self.columns, expressions, strict=True))

    def as_sql(self, compiler: Any, connection: Any) -> Condition:
        outer = {name: compiler.compile(one)[0] for name, one in self.columns.items()}
        write = _Writer(self.way, self.use, connection.ops.adapt_datetimefield_value(self.now), connection)
        return _all(write.conditions(outer))


@dataclass(frozen=True)
class _Writer:
    way: Way
    use: Any
    now: Any
    connection: Any

    def conditions(self, outer: dict[str, str]) -> Iterable[Condition]:
        yield self.nobody_stands_in_the_way(outer["recording"])
        yield self.a_track_is_left(outer["recording"])
        if "track" in outer:
            yield self.this_track_is_free(outer["track"])
        if "item" in outer:
            yield self.targets_are_in(outer["item"], outer["recording"])
        if "study" in outer:
            yield self.a_recipient_is_on_file(outer["study"])

    def nobody_stands_in_the_way(self, recording: str) -> Condition:
        """Rule 1: on tracks that cannot be split off, everyone is allowed."""
        blocked, parameters = self.blocked("gate_a", "gate_t")
        return (
            f"NOT EXISTS (SELECT 1 FROM {self._people('gate_a', 'gate_t')} "
            f"WHERE gate_a.recording_id = {recording} AND NOT gate_t.separable AND {blocked})",
            parameters,
        )

    def a_track_is_left(self, recording: str) -> Condition:
        """Rule 2: somebody appears on a track that nobody blocks; rule 1 has seen to those that cannot be split off."""
        blocked, parameters = self.blocked("gate_o", "gate_t")
        return (
            f"EXISTS (SELECT 1 FROM {self._people('gate_a', 'gate_t')} WHERE gate_a.recording_id = {recording} "
            f"AND (NOT gate_t.separable OR NOT EXISTS (SELECT 1 FROM {self._table(self.way.appearance)} gate_o "
            f"WHERE gate_o.track_id = gate_a.track_id AND {blocked})))",
            parameters,
        )

    def this_track_is_free(self, track: str) -> Condition:
        """What hangs from a track needs that very track."""
        blocked, parameters = self.blocked("gate_a", "gate_t")
        appearance = self._table(self.way.appearance)
        return (
            f"(EXISTS (SELECT 1 FROM {appearance} gate_a WHERE gate_a.track_id = {track}) AND NOT EXISTS "
            f"(SELECT 1 FROM {self._people('gate_a', 'gate_t')} WHERE gate_a.track_id = {track} AND {blocked}))",
            parameters,
        )

    def targets_are_in(self, item: str, recording: str) -> Condition:
        """Rule 3: no target who is allowed in none of their tracks, or whom a label may not be about."""
        permission, parameters = self.permission("gate_a", "gate_t")
        cells, more = self.in_cells("gate_a", Verdict.PROHIBITED, Verdict.NOT_ABOUT)
        return (
            f"NOT EXISTS (SELECT 1 FROM {self._table(self.way.target)} gate_i WHERE gate_i.item_id = {item} AND NOT EXISTS "
            f"(SELECT 1 FROM {self._people('gate_a', 'gate_t')} WHERE gate_a.recording_id = {recording} "
            f"AND gate_a.participant_id = gate_i.participant_id AND {permission} AND NOT {cells}))",
            [*parameters, *more],
        )

    def a_recipient_is_on_file(self, study: str) -> Condition:
        """Rule 5."""
        tool = "" if self.use.country in NEEDS_NO_TOOL else " AND gate_r.transfer_tool <> ''"
        return (
            f"EXISTS (SELECT 1 FROM {self._table(Recipient)} gate_r WHERE gate_r.study_id = {study} "
            f"AND gate_r.recipient_class = %s AND gate_r.country = %s{tool})",
            [self.use.recipient_class, self.use.country],
        )

    def blocked(self, who: str, track: str) -> Condition:
        """An appearance without permission, or in a role that the context prohibits (rule 4)."""
        permission, parameters = self.permission(who, track)
        cells, more = self.in_cells(who, Verdict.PROHIBITED)
        return f"(NOT {permission} OR {cells})", [*parameters, *more]

    def permission(self, who: str, track: str) -> Condition:
        return (
            f"EXISTS (SELECT 1 FROM {self._table(Permission)} gate_p JOIN {self._table(Participant)} gate_h "
            f"ON gate_h.id = gate_p.participant_id WHERE gate_p.participant_id = {who}.participant_id "
            f"AND gate_p.purpose = %s AND gate_p.recipient_class = %s AND gate_p.modality = {track}.modality "
            f"AND gate_p.allowed_until > %s AND gate_h.state = %s)",
            [self.use.purpose, self.use.recipient_class, self.now, Participant.State.ACTIVE.value],
        )

    def in_cells(self, who: str, *verdicts: Verdict) -> Condition:
        """An appearance whose role × context holds one of the verdicts for this purpose; false when no cell does."""
        cells = prohibitions.cells(self.use.purpose, *verdicts)
        if not cells:
            return "(1 = 0)", []
        either, parameters = [], []
        for context, roles in cells.items():
            either.append(f"(gate_s.context = %s AND {who}.role IN ({', '.join(['%s'] * len(roles))}))")
            parameters += [str(context), *roles]
        return (
            f"EXISTS (SELECT 1 FROM {self._table(Study)} gate_s WHERE gate_s.id = {who}.study_id AND ({' OR '.join(either)}))",
            parameters,
        )

    def _people(self, who: str, track: str) -> str:
        track_table = self._table(self.way.appearance._meta.get_field("track").related_model)
        return f"{self._table(self.way.appearance)} {who} JOIN {track_table} {track} ON {track}.id = {who}.track_id"

    def _table(self, model: type[models.Model]) -> str:
        return self.connection.ops.quote_name(model._meta.db_table)


def _all(conditions: Iterable[Condition]) -> Condition:
    texts, parameters = [], []
    for text, values in conditions:
        texts.append(text)
        parameters += values
    return f"({' AND '.join(texts)})", parameters
