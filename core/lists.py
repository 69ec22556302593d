"""Lists as people expect them: search, filter, sort, pages, and the whole of it as CSV.

A view names what can be sorted and searched; what comes in from the address is looked up in those names and never used as
a look-up itself. The CSV carries what the person may see, and its cells cannot start a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.functional import Promise, cached_property

from affect.codecs.csv_ import guard

PAGE = 50


@dataclass(frozen=True)
class Column:
    """A column: its heading, the look-up it sorts by (none: it does not), and its value in the CSV."""

    name: str
    label: str | Promise
    value: Callable[[Any], Any]
    sort: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Choice:
    """A filter: values a person may choose from, as (value, label)."""

    name: str
    label: str | Promise
    lookup: str
    options: Sequence[tuple[str, str | Promise]]


class Listing:
    """A queryset as a page of a list. In a template: `listing.page`, `listing.headings`, `listing.filters`, `listing.query`."""

    def __init__(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        *,
        columns: Sequence[Column],
        search: Sequence[str] = (),
        filters: Sequence[Choice] = (),
        order: str = "pk",
        name: str = "list",
        prefix: str = "",
    ) -> None:
        """`prefix` begins the names of this list in the address, for a page with more than one."""
        self._request, self._columns, self._search, self._choices, self._name = request, columns, search, filters, name
        self.prefix = prefix
        self.query = self._asked("q").replace("\x00", "")[:100]
        self.sorted_by = self._asked("sort")
        self.queryset = self._ordered(self._narrowed(queryset), order)

    @property
    def wants_csv(self) -> bool:
        return self._asked("format") == "csv"

    @cached_property
    def page(self) -> Page:
        return Paginator(self.queryset, PAGE).get_page(self._asked("page"))

    @property
    def searches(self) -> bool:
        return bool(self._search)

    @property
    def narrows(self) -> bool:
        """Whether there is anything to search or filter by."""
        return bool(self._search or self._choices)

    @property
    def narrowed(self) -> bool:
        """Whether a search or a filter leaves something out: an empty list says then that nothing matches."""
        return bool(self.query and self._search) or any(map(self._chosen, self._choices))

    @property
    def all_url(self) -> str:
        return self._url(q=None, page=None, **{choice.name: None for choice in self._choices})

    @property
    def width(self) -> int:
        return len(self._columns)

    def kept(self) -> list[tuple[str, str]]:
        """What else is in the address and stays when somebody searches: the order, another list, a tab of the page."""
        own = {self.prefix + name for name in ("q", "page", "format", *(choice.name for choice in self._choices))}
        return [(name, value) for name, value in self._request.GET.items() if name not in own]

    def headings(self) -> Iterator[dict]:
        for column in self._columns:
            descending = self.sorted_by == column.name
            here = self.sorted_by.lstrip("-") == column.name
            yield {
                "label": column.label,
                "numeric": column.numeric,
                "url": self._url(sort=("-" if descending else "") + column.name, page=None) if column.sort else "",
                "sorted": ("ascending" if descending else "descending") if here else "",
            }

    def filters(self) -> Iterator[dict]:
        for choice in self._choices:
            chosen = self._asked(choice.name)
            yield {
                "name": self.prefix + choice.name,
                "label": choice.label,
                "options": [(v, label, v == chosen) for v, label in choice.options],
            }

    def csv_url(self) -> str:
        return self._url(format="csv", page=None)

    def next_url(self) -> str:
        return self._url(page=self.page.next_page_number()) if self.page.has_next() else ""

    def previous_url(self) -> str:
        return self._url(page=self.page.previous_page_number()) if self.page.has_previous() else ""

    def csv(self) -> HttpResponseBase:
        """Everything that is listed, all pages, as CSV."""
        rows = self.queryset.iterator(chunk_size=1000) if not self.queryset._prefetch_related_lookups else self.queryset
        cells = ([column.value(row) for column in self._columns] for row in rows)
        return sheet(self._name, [column.label for column in self._columns], cells)

    def _narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.query and self._search:
            found = Q()
            for lookup in self._search:
                found |= Q(**{f"{lookup}__icontains": self.query})
            queryset = queryset.filter(found)
        for choice in self._choices:
            if chosen := self._chosen(choice):
                queryset = queryset.filter(**{choice.lookup: chosen})
        return queryset

    def _asked(self, name: str) -> str:
        return self._request.GET.get(self.prefix + name, "")

    def _chosen(self, choice: Choice) -> str:
        """What was chosen of a filter; what is none of its options counts as nothing."""
        chosen = self._asked(choice.name)
        return chosen if chosen in {str(value) for value, _ in choice.options} else ""

    def _ordered(self, queryset: QuerySet, order: str) -> QuerySet:
        by_name = {column.name: column.sort for column in self._columns if column.sort}
        name = self.sorted_by.lstrip("-")
        if name not in by_name:
            return queryset.order_by(order, "pk")
        return queryset.order_by(("-" if self.sorted_by.startswith("-") else "") + by_name[name], "pk")

    def _url(self, **changes: Any) -> str:
        query = self._request.GET.copy()
        for name, value in changes.items():
            key = self.prefix + name
            query.pop(key, None)
            if value is not None:
                query[key] = value
        return f"?{query.urlencode()}"


def sheet(name: str, headings: Sequence[str | Promise], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """A table as CSV, for what is shown in full and is no queryset."""
    writer = csv.writer(_Echo(), lineterminator="\n")
    lines = (writer.writerow([_cell(cell) for cell in row]) for row in chain([[str(one) for one in headings]], rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class _Echo:
    """A file that hands back what is written, for streaming."""

    def write(self, value: str) -> str:
        return value


def _cell(value: Any) -> Any:
    return guard(value) if isinstance(value, str) else "" if value is None else value
