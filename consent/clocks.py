"""Legal clocks: Regulation (EEC, Euratom) No 1182/71, on local dates and the holiday calendar of a place.

The day of receipt is not counted; a month ends on the day with the same number, or on the month's last day when there is
none (Art. 3(2)); when that is a Saturday, a Sunday or a public holiday, on the next working day (Art. 3(4)).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CH": "Europe/Zurich", "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "EE": "Europe/Tallinn", "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London", "GR": "Europe/Athens", "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest", "IE": "Europe/Dublin", "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome", "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MT": "Europe/Malta", "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon", "RO": "Europe/Bucharest", "SE": "Europe/Stockholm",
    "SI": "Europe/Ljubljana", "SK": "Europe/Bratislava",
}  # fmt: skip


def local_date(at: datetime, country: str) -> date:
    """The calendar day at the study's place; UTC for a country that is not in the table."""
    return at.astimezone(ZoneInfo(ZONES.get(country, "UTC"))).date()


def due(received: date, months: int, country: str, subdivision: str = "") -> date:
    """The last day on which an answer that takes `months` from `received` is in time.

    >>> due(date(2026, 3, 5), 1, "IE")
    datetime.date(2026, 4, 7)
    """
    month = received.month - 1 + months
    year, month = received.year + month // 12, month % 12 + 1
    day = date(year, month, min(received.day, monthrange(year, month)[1]))
    free = _holidays(country, subdivision, (year, year + 1))
    while day.weekday() >= 5 or day in free:
        day += timedelta(days=1)
    return day


def rule_version(country: str, subdivision: str = "") -> str:
    """Under which rules a date was computed, to be stored beside it."""
    import holidays

    return f"1182/71;holidays-{holidays.__version__};{country}{'-' + subdivision if subdivision else ''}"


def share_gone(received: date, due_on: date, today: date) -> float:
    """How much of the time is used up, 0 to 1."""
    whole = (due_on - received).days
    return 1.0 if whole <= 0 else min(1.0, max(0.0, (today - received).days / whole))


def _holidays(country: str, subdivision: str, years: tuple[int, ...]) -> Container[date]:
    import holidays  # the calendars of the world take a twentieth of a start, and a legal clock is rarely set

    try:
        return holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError:  # no calendar for this place: weekends alone move the date
        return frozenset()
