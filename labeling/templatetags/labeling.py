"""Template words of labeling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import get_language

from labeling import words
from labeling.pictures import said as in_language

register = template.Library()


@register.filter
def said(by_language: Mapping[str, str]) -> str:
    """A text of a scheme in the reader's language."""
    return in_language(by_language)


@register.filter
def measure_name(measure: Mapping[str, Any]) -> Any:
    """Which measure it is: in the reader's language when it is one of ours, else as it was computed."""
    return words.MEASURE.get(measure.get("measure", ""), measure.get("method", ""))


@register.filter
def why(measure: Mapping[str, Any]) -> Any:
    """Why a measure has no value or no interval. `affect` says it in English, and exactly; others get the sentence of the code."""
    exact = measure.get("why", "")
    if not exact or (get_language() or "en").startswith("en"):
        return exact
    code = measure.get("undefined", "")
    return words.UNDEFINED.get(code, exact) if code else words.NO_INTERVAL
