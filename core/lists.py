"""Lists as people expect them: search, filter, sort, pages, and the whole of it as CSV.

A view names what can be sorted and searched; what comes in from the address is looked up in those names and never used as
a look-up itself. The CSV carries what the person may see, and its cells cannot start a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.functional import Promise

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
    ) -> None:
        self._request, self._columns, self._search, self._choices, self._name = request, columns, search, filters, name
        self.query = request.GET.get("q", "").replace("\x00", "")[:100]
        self.sorted_by = request.GET.get("sort", "")
        self.queryset = self._ordered(self._narrowed(queryset), order)

    @property
    def wants_csv(self) -> bool:
        return self._request.GET.get("format") == "csv"

    @property
    def page(self) -> Page:
        return Paginator(self.queryset, PAGE).get_page(self._request.GET.get("page"))

    @property
    def searches(self) -> bool:
        return bool(self._search)

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
            chosen = self._request.GET.get(choice.name, "")
            yield {
                "name": choice.name,
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
        response = StreamingHttpResponse(self._lines(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self._name}.csv"'
        response["Cache-Control"] = "no-store"
        return response

    def _lines(self) -> Iterator[str]:
        writer = csv.writer(_Echo(), lineterminator="\n")
        yield writer.writerow([str(column.label) for column in self._columns])
        rows = self.queryset.iterator(chunk_size=1000) if not self.queryset._prefetch_related_lookups else self.queryset
        for row in rows:
            yield writer.writerow([_cell(column.value(row)) for column in self._columns])

    def _narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.query and self._search:
            found = Q()
            for lookup in self._search:
                found |= Q(**{f"{lookup}__icontains": self.query})
            queryset = queryset.filter(found)
        for choice in self._choices:
            chosen = self._request.GET.get(choice.name, "")
            if chosen in {str(value) for value, _ in choice.options} and chosen:
                queryset = queryset.filter(**{choice.lookup: chosen})
        return queryset

    def _ordered(self, queryset: QuerySet, order: str) -> QuerySet:
        by_name = {column.name: column.sort for column in self._columns if column.sort}
        name = self.sorted_by.lstrip("-")
        if name not in by_name:
            return queryset.order_by(order, "pk")
        return queryset.order_by(("-" if self.sorted_by.startswith("-") else "") + by_name[name], "pk")

    def _url(self, **changes: Any) -> str:
        query = self._request.GET.copy()
        for key, value in changes.items():
            query.pop(key, None)
            if value is not None:
                query[key] = value
        return f"?{query.urlencode()}"


class _Echo:
    """A file that hands back what is written, for streaming."""

    def write(self, value: str) -> str:
        return value


def _cell(value: Any) -> Any:
    return guard(value) if isinstance(value, str) else "" if value is None else value
