"""Small template tags, built in everywhere (settings.TEMPLATES)."""

from django import template

register = template.Library()
