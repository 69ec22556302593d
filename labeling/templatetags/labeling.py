"""Template words of labeling."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from labeling.pictures import said as in_language

register = template.Library()


@register.filter
def said(by_language: Mapping[str, str]) -> str:
    """A text of a scheme in the reader's language."""
    return in_language(by_language)
