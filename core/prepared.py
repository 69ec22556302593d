"""Queries that stand in every second of work, compiled once and run with other values.

Django builds a query anew each time it is asked: for a look-up through door and gate that is two to four milliseconds
of Python, many times what the database takes. A `Prepared` asks the same queryset code once, with a mark in the place
of each value that changes; the SQL it gives is kept, and a run only puts values where the marks stood::

    _place = Prepared(lambda user, campaign: QueuePlace.objects.filter(
        campaign_id=campaign, annotator__user_id=user)[:1], user=UUID, campaign=UUID)
    place = _place.first(user=actor.pk, campaign=campaign.pk)

What a queryset means stays in one place, so door and gate hold here as everywhere. Everything else in the query is
constant: code that branches on a value (or builds SQL from one) cannot be prepared. A mark that the query does not show
as a parameter is refused at the first use rather than ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, models, router
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

_LONG_AGO = datetime(1871, 3, 18, tzinfo=UTC)
# Values nobody has; what is compiled with one of them is a place for a value.
_MARKS: dict[type, Callable[[int], Any]] = {
    UUID: lambda at: UUID(int=0x5CA1AB1E_0000_4000_8000_00C0FFEE0000 + at),
    datetime: lambda at: _LONG_AGO + timedelta(days=at),
    int: lambda at: 31_871 + at,  # fits the smallest column: Django leaves a condition out that no row can meet
    str: lambda at: f"\ufdd0{at}",
}


@dataclass(frozen=True)
class _Plan:
    """Compiled SQL, its parameters, where a named value goes, and how rows become what the queryset gives."""

    sql: str
    parameters: tuple[Any, ...]
    slots: tuple[tuple[int, str, Callable[[Any], Any]], ...]
    read: Callable[[Iterable[Sequence[Any]], Any], list[Any]] | None = None

    def filled(self, values: dict[str, Any]) -> list[Any]:
        found = list(self.parameters)
        for at, name, adapt in self.slots:
            found[at] = adapt(values[name])
        return found


class Prepared:
    """A queryset of model instances or of values. `build` gets each named value; `kinds` tells what they are: UUID,
    datetime, int or str. Instances may carry what `select_related` and `annotate` name, but nothing prefetched or deferred.
    """

    def __init__(self, build: Callable[..., Any], **kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._made: tuple[str, _Plan] | None = None

    def all(self, **values: Any) -> list[Any]:
        """The rows for these values."""
        connection, plan = self._plan(values)
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, plan.filled(values))
            rows = cursor.fetchall()
        return plan.read(rows, connection)

    def first(self, **values: Any) -> Any:
        """The first row, or None. `build` ends its queryset with [:1]."""
        return next(iter(self.all(**values)), None)

    def _plan(self, values: dict[str, Any]) -> tuple[Any, _Plan]:
        if values.keys() != self._kinds.keys():
            raise TypeError(f"This query takes {', '.join(self._kinds)}; it was given {', '.join(values)}.")
        if self._made is None:
            marks = {name: _MARKS[kind](at) for at, (name, kind) in enumerate(self._kinds.items())}
            built = self._build(**marks)
            model = (built[0] if isinstance(built, tuple) else built).model
            connection = connections[router.db_for_write(model)]
            self._made = connection.alias, self._compiled(built, marks, connection)
        alias, plan = self._made
        return connections[alias], plan

    def _compiled(self, queryset: models.QuerySet, marks: dict[str, Any], connection: Any) -> _Plan:
        if queryset._prefetch_related_lookups:
            raise TypeError("A prepared query prefetches nothing.")
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = tuple(compiler.get_converters([one[0] for one in compiler.select]).items())
        shape = (
            _instances(compiler, connection.alias) if queryset._iterable_class is models.query.ModelIterable else tuple
        )

        def read(rows: Iterable[Sequence[Any]], connection: Any) -> list[Any]:
            found = []
            for row in rows:
                row = list(row)
                for at, (convert, expression) in converters:
                    for one in convert:
                        row[at] = one(row[at], expression, connection)
                found.append(shape(row))
            return found

        return _Plan(sql, tuple(parameters), _slots(parameters, marks, connection), read)


class PreparedUpdate(Prepared):
    """An UPDATE. `build` gives (queryset, changes); `run` gives how many rows it changed. For services, as every write is."""

    def run(self, **values: Any) -> int:
        connection, plan = self._plan(values)
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, plan.filled(values))
            return cursor.rowcount

    def _compiled(self, built: tuple[models.QuerySet, dict[str, Any]], marks: dict[str, Any], connection: Any) -> _Plan:
        queryset, changes = built
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        query.clear_ordering(force=True)
        sql, parameters = query.get_compiler(connection=connection).as_sql()
        return _Plan(sql, tuple(parameters), _slots(parameters, marks, connection))


def _slots(
    parameters: Sequence[Any], marks: dict[str, Any], connection: Any
) -> tuple[tuple[int, str, Callable[[Any], Any]], ...]:
    """Where each mark stands among the parameters, and what makes of a value what the driver takes there."""
    found = []
    for name, mark in marks.items():
        forms = (mark, mark.hex) if isinstance(mark, UUID) else (mark, _moment(mark, connection))
        places = [(at, one) for at, one in enumerate(parameters) if type(one) is not bool and one in forms]
        if not places:
            raise TypeError(f"The value {name!r} is no parameter of the query: {parameters!r}")
        found += [(at, name, _adapter(mark, one, connection)) for at, one in places]
    return tuple(found)


def _moment(mark: Any, connection: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(mark) if isinstance(mark, datetime) else mark


def _adapter(mark: Any, compiled: Any, connection: Any) -> Callable[[Any], Any]:
    if isinstance(mark, UUID):
        return (lambda value: value) if isinstance(compiled, UUID) else (lambda value: value.hex)
    if isinstance(mark, datetime):
        return connection.ops.adapt_datetimefield_value
    return type(compiled)  # psycopg tells small integers from large ones by type


def _instances(compiler: Any, alias: str) -> Callable[[list[Any]], models.Model]:
    """What makes a row into a model with its related ones, as Django's ModelIterable does."""
    about = compiler.klass_info
    model, fields = about["model"], about["select_fields"]
    start, end = fields[0], fields[-1] + 1
    names = [one[0].target.attname for one in compiler.select[start:end]]
    related = get_related_populators(about, compiler.select, alias)
    more = tuple(compiler.annotation_col_map.items())

    def made(row: list[Any]) -> models.Model:
        found = model.from_db(alias, names, row[start:end])
        for one in related:
            one.populate(row, found)
        for name, at in more:
            setattr(found, name, row[at])
        return found

    return made
