"""Small template tags, built in everywhere (settings.TEMPLATES): how a number, a moment, an icon look, in one place."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.icons import PATHS
from core.models import User

register = template.Library()
DASH = "–"
IMPORT = re.compile(r"""^(?:import|export)\b[^"'()]*["'](#(?:app|vendor)/[^"']+)["']""", re.MULTILINE)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One of our icons; says nothing to a screen reader, so a word stands beside it."""
    if name not in PATHS:
        raise template.TemplateSyntaxError(f"There is no icon {name!r}; there are {', '.join(PATHS)}.")
    return format_html(
        '<svg class="icon{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>',
        f" {extra}" if extra else "",
        mark_safe(PATHS[name]),  # noqa: S308 - our own table
    )


@register.simple_tag(takes_context=True)
def import_map(context: template.Context) -> SafeString:
    """The import map by which modules find one another under their plain names (`#app/lib/trace.js`)."""
    return format_html('<script type="importmap" nonce="{}">{}</script>', _nonce(context), mark_safe(_modules()))  # noqa: S308


@register.simple_tag(takes_context=True)
def preload(context: template.Context, *elements: str) -> SafeString:
    """Links to the modules of elements that a page is about to use, with all that these import.

    Without them a browser learns of a module only from the one before, one trip after the other.
    """
    paths = dict.fromkeys(path for name in elements for path in _imported(f"js/elements/{name}.js"))
    nonce = _nonce(context)
    return format_html_join(
        "",
        '<link rel="modulepreload" href="{}" nonce="{}">',
        ((staticfiles_storage.url(path), nonce) for path in paths),
    )


@register.simple_tag
def ci(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    least: float = 0.0,
    most: float = 1.0,
    reference: float | None = None,
    people: tuple[float, float] | None = None,
    extra: str = "",
    unit: str = "",
) -> SafeString:
    """A value with its interval, drawn on its scale from `least` to `most`. Undefined is a dash.

    `reference` draws a triangle, `people` the outlined box of people among themselves. Drawn as attributes: the policy
    forbids style attributes.
    """
    if value is None or math.isnan(value):
        return format_html('<span class="muted">{}</span>', DASH)
    at = lambda number: _percent(number, least, most)  # noqa: E731
    parts = [mark_safe('<line class="scale" x1="0" x2="100%" y1="9" y2="9"/>')]
    ticks = [(f"{step * 20:.1f}%",) * 2 for step in range(6)]
    parts.append(format_html_join("", '<line class="tick" x1="{}" x2="{}" y1="7" y2="11"/>', ticks))
    if people is not None:
        start, end = at(people[0]), at(people[1])
        box = '<rect class="ceiling" x="{}%" y="4" width="{}%" height="10"/>'
        parts.append(format_html(box, f"{start:.1f}", f"{max(0.0, end - start):.1f}"))
    if low is not None and high is not None and not (math.isnan(low) or math.isnan(high)):
        span = '<line class="span" x1="{}%" x2="{}%" y1="9" y2="9"/>'
        parts.append(format_html(span, f"{at(low):.1f}", f"{at(high):.1f}"))
        said = _("%(value)s, interval %(low)s to %(high)s") % {
            "value": _figure(value) + unit, "low": _figure(low), "high": _figure(high),
        }  # fmt: skip
    else:
        said = _("%(value)s, without an interval") % {"value": _figure(value) + unit}
    if reference is not None:
        mark = '<svg x="{}%" y="0" width="1" height="18" overflow="visible"><path class="ref" d="M-4 0h8l-4 5z"/></svg>'
        parts.append(format_html(mark, f"{at(reference):.1f}"))
    parts.append(format_html('<line class="dot" x1="{0}%" x2="{0}%" y1="3" y2="15"/>', f"{at(value):.1f}"))
    inside = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(
        '<svg class="ci{}" role="img" aria-label="{}">{}</svg>', f" {extra}" if extra else "", said, inside
    )


@register.simple_tag
def when(moment: datetime | date | None) -> SafeString:
    """A moment, in the reader's language, with the exact one behind it."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', DASH)
    if isinstance(moment, datetime):
        local = timezone.localtime(moment)
        exact = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return format_html('<time datetime="{}">{}</time>', exact, date_format(local, "DATETIME_FORMAT"))
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), date_format(moment, "DATE_FORMAT"))


@register.simple_tag(name="duration")
@register.filter
def duration(microseconds: int | None) -> str:
    """Media time for people: 1:02.5 from 62,500,000 µs; hours when there are some.

    >>> duration(62_500_000), duration(3_600_000_000), duration(None)
    ('1:02.5', '1:00:00.0', '–')
    """
    if microseconds is None:
        return DASH
    tenths = round(abs(microseconds) / 100_000)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{hours}:{minutes:02d}:{seconds}" if hours else f"{sign}{minutes}:{seconds}"


@register.simple_tag(name="pct")
@register.filter
def pct(share: float | None, digits: int = 0) -> str:
    """A share as per cent; a dash when undefined."""
    if share is None or math.isnan(share):
        return DASH
    return f"{number_format(round(share * 100, digits), digits)} %"


@register.filter
def worded(code: str, table: str) -> Any:
    """A stored code in words, from a table of an app: `{{ one.channel|worded:"consent.channel" }}`. An unknown code stays."""
    app, _dot, name = table.partition(".")
    return getattr(import_module(f"{app}.words"), name.upper()).get(code, code)


@register.simple_tag(name="coefficient")
@register.filter(name="coefficient")
def coefficient(value: float | None) -> str:
    """A coefficient with two decimals and no leading zero, as the field prints them; a dash when undefined."""
    return DASH if value is None or math.isnan(value) else _figure(value)


@register.simple_tag
def span(start_us: int | None, end_us: int | None) -> str:
    """A stretch of media time for people: from – to."""
    return f"{duration(start_us)} {DASH} {duration(end_us)}"


@register.simple_tag(name="input")
def input_(field: BoundField) -> SafeString:
    """A form's field in our look, tied to its hint and its error for who does not see them side by side."""
    widget = field.field.widget
    attrs: dict[str, Any] = {}
    if not isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        attrs["class"] = " ".join(part for part in (widget.attrs.get("class"), "input") if part)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


@register.simple_tag
def clock(due: datetime | None, start: datetime | None = None) -> SafeString:
    """How long until `due`, as a small clock with words. From `start` (30 days before, if not given) it runs full."""
    if due is None:
        return format_html('<span class="muted">{}</span>', DASH)
    now = timezone.now()
    left = (due - now).total_seconds()
    whole = (due - start).total_seconds() if start else 30 * 86400
    gone = min(1.0, max(0.0, 1 - left / whole)) if whole > 0 else 1.0
    days = math.ceil(left / 86400)
    grade = " late" if left <= 3 * 86400 else " near" if left <= 7 * 86400 else ""
    words = ngettext("%d day", "%d days", days) % days if left > 0 else _("overdue")
    angle = 2 * math.pi * gone
    return format_html(
        '<span class="clock{}"><svg viewBox="0 0 22 22" aria-hidden="true"><circle class="all" cx="11" cy="11" r="8"/>'
        '<circle class="gone" cx="11" cy="11" r="8" stroke-dasharray="{} 50.3" transform="rotate(-90 11 11)"/>'
        '<path class="hand" d="M11 11L{} {}"/></svg>{}</span>',
        grade, f"{50.27 * gone:.1f}", f"{11 + 5 * math.sin(angle):.1f}", f"{11 - 5 * math.cos(angle):.1f}", words,
    )  # fmt: skip


def _nonce(context: template.Context) -> str:
    """The page's nonce. It is made when it is first read, and is falsy until then: so no `or` here."""
    nonce = context.get("CSP_NONCE")
    if nonce is None:
        nonce = getattr(context.get("request"), "csp_nonce", "")
    return str(nonce)


def _modules() -> str:
    return _cached_modules() if not settings.DEBUG else _cached_modules.__wrapped__()


@lru_cache(maxsize=1)
def _cached_modules() -> str:
    """Every module under static/js and static/vendor by its plain name; `<` is escaped, as it stands inside a script."""
    found = {}
    for finder in finders.get_finders():
        for path, _storage in finder.list([]):
            if path.startswith("js/") and path.endswith(".js"):
                found[f"#app/{path[3:]}"] = staticfiles_storage.url(path)
            elif path.startswith("vendor/") and path.endswith((".js", ".mjs")):
                found[f"#vendor/{path[7:]}"] = staticfiles_storage.url(path)
    return json.dumps({"imports": dict(sorted(found.items()))}, separators=(",", ":")).replace("<", "\\u003c")


def _imported(path: str) -> tuple[str, ...]:
    return _cached_imported(path) if not settings.DEBUG else _cached_imported.__wrapped__(path)


@lru_cache
def _cached_imported(path: str) -> tuple[str, ...]:
    """A module and, once each, what it imports by plain name."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        source = finders.find(path)
        if source is None:
            raise template.TemplateSyntaxError(f"There is no module {path}.")
        names = IMPORT.findall(Path(source).read_text(encoding="utf-8"))
        waiting += [f"js/{name[5:]}" if name.startswith("#app/") else f"vendor/{name[8:]}" for name in names]
    return tuple(found)


def _percent(value: float, least: float, most: float) -> float:
    return min(100.0, max(0.0, (value - least) / (most - least) * 100))


def _figure(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


@register.simple_tag
def demo_mails() -> bool:
    """Whether this is a demo that mails nothing and shows on a page what it would have mailed."""
    return settings.DEMO_MAILS


@register.simple_tag
def demo_accounts() -> list[dict[str, str]]:
    """Who can sign in to the demo; nobody elsewhere."""
    if not settings.DEMO:
        return []
    people = User.objects.filter(is_active=True, email__endswith=".example").order_by("email")[:20]
    return [{"email": person.email, "name": person.name} for person in people]
