"""Guidelines: what annotators are told to do, in versions. A version never changes: other words are the next version, and
every annotation remembers the one it was made under."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from consent.models import Study
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Guideline, GuidelineVersion

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
Text = Mapping[str, Sequence[Mapping[str, Any]]]  # by language: [{"heading", "text"}]


@transaction.atomic
def create_guideline(*, actor: User | None, study: Study, name: str, text: Text) -> GuidelineVersion:
    """A guideline with its first version. Raises Invalid("guideline_refused"), Refused("name_taken")."""
    Study.objects.select_for_update().get(pk=study.pk)
    if Guideline.objects.filter(study=study, name=name).exists():
        raise Refused("name_taken", _("This study has a guideline of that name."))
    return _append(actor, Guideline.objects.create(study=study, name=name), 1, text)


@transaction.atomic
def add_version(*, actor: User | None, guideline: Guideline, text: Text) -> GuidelineVersion:
    """Other words, as the next version. Campaigns keep the one they have until they are given this one."""
    guideline = Guideline.objects.select_for_update().get(pk=guideline.pk)
    last = guideline.versions.aggregate(Max("number"))["number__max"] or 0
    return _append(actor, guideline, last + 1, text)


def _append(actor: User | None, guideline: Guideline, number: int, text: Text) -> GuidelineVersion:
    said = {language: [dict(part) for part in parts] for language, parts in text.items()}
    wrong = ""
    if not said or not all(said.values()):
        wrong = _("A guideline says something in every language it names.")
    elif not all(LANGUAGE.fullmatch(one) for one in said):
        wrong = _("A language is a code like en or pt-BR.")
    if wrong:
        raise Invalid("guideline_refused", wrong, fields={"text": [wrong]})
    made = GuidelineVersion.objects.create(study_id=guideline.study_id, guideline=guideline, number=number, text=said)
    audit.record("labeling.guideline.version_added", actor=actor, target=made, number=number, languages=sorted(said))
    return made
