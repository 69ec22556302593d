"""Start is refused when something about a person is stored that no holding would find, export and erase."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import models

OURS = ("core", "consent", "labeling", "datasets", "inference")
PEOPLE = ("consent.Participant", "consent.Person", "labeling.Annotator")


@register()
def everything_about_people_is_held(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    covered, errors = set(), []
    for name in settings.HOLDINGS:
        try:
            covered |= set(import_module(name).COVERS)
        except ModuleNotFoundError as missing:
            if not name.startswith(missing.name or " "):
                raise
            errors.append(Error(f"HOLDINGS names {name}, which does not exist.", id="consent.E001"))
    for model in personal():
        if model._meta.label not in covered:
            errors.append(
                Error(
                    f"{model._meta.label} has a way to a participant or annotator, but no holding covers it.",
                    hint="Add it to COVERS of the app's holdings module, and to its describe, export and erase.",
                    obj=model,
                    id="consent.E002",
                )
            )
    return errors


def personal() -> list[type[models.Model]]:
    """Every model from which foreign keys lead to a person, in any number of steps."""
    found = {model for model in _models() if model._meta.label in PEOPLE}
    while more := {model for model in _models() if model not in found and found & set(_leads_to(model))}:
        found |= more
    return sorted(found, key=lambda model: model._meta.label)


def _models() -> Iterator[type[models.Model]]:
    for label in OURS:
        if apps.is_installed(label):
            yield from apps.get_app_config(label).get_models(include_auto_created=True)


def _leads_to(model: type[models.Model]) -> Iterator[type[models.Model]]:
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey):
            yield field.related_model
