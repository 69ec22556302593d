"""Notices: versions of what participants are told. A draft may change; what was published is evidence and cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import rfc8785
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Notice, NoticeText, Study
from consent.purposes import Modality, Purpose, RecipientClass
from core import audit
from core.errors import Invalid, Refused
from core.models import User

TEXT_FIELDS = ("language", "title", "summary", "sections", "purposes")


@transaction.atomic
def draft_notice(
    *, actor: User | None, study: Study, choices: Sequence[Mapping[str, Any]], texts: Sequence[Mapping[str, Any]],
    valid_days: int = 3 * 365,
) -> Notice:  # fmt: skip
    """A new version, to be read and changed until it is published.

    choices: [{"purpose", "modalities", "recipient_class", "required"}], a purpose once, in the order they are shown.
    texts: one a language, {"language", "title", "summary", "sections", "purposes"}. Raises Invalid.
    """
    Study.objects.select_for_update().get(pk=study.pk)
    number = (study.notices.aggregate(last=Max("number"))["last"] or 0) + 1
    notice = Notice.objects.create(study=study, number=number, choices=_choices(choices), valid_days=valid_days)
    _write_texts(notice, texts)
    audit.record("consent.notice.drafted", actor=actor, target=notice, number=number)
    return notice


@transaction.atomic
def edit_notice(
    *, actor: User | None, notice: Notice, choices: Sequence[Mapping[str, Any]], texts: Sequence[Mapping[str, Any]],
    valid_days: int,
) -> Notice:  # fmt: skip
    """Change a draft. Raises Refused when it is published: then only a new version can say something else."""
    notice = _draft(notice)
    notice.choices, notice.valid_days = _choices(choices), valid_days
    notice.save(update_fields=["choices", "valid_days"])
    notice.texts.all().delete()
    _write_texts(notice, texts)
    audit.record("consent.notice.edited", actor=actor, target=notice, number=notice.number)
    return notice


@transaction.atomic
def publish_notice(*, actor: User | None, notice: Notice) -> Notice:
    """From now on participants are asked by this version, and it cannot change. Raises Invalid when something is missing."""
    notice = _draft(notice)
    texts = list(notice.texts.all())
    if not texts or not notice.choices:
        raise Invalid("notice_incomplete", _("A notice needs a text and at least one purpose."))
    for text in texts:
        missing = [one["purpose"] for one in notice.choices if not text.purposes.get(one["purpose"], {}).get("title")]
        if missing or not text.title or not text.summary:
            raise Invalid("notice_incomplete", _("The text does not say what each purpose means."), missing=missing)
    for text in texts:
        text.digest = digest(notice, text)
        text.save(update_fields=["digest"])
    notice.published_at = timezone.now()
    notice.save(update_fields=["published_at"])
    audit.record(
        "consent.notice.published",
        actor=actor,
        target=notice,
        number=notice.number,
        digests=[one.digest for one in texts],
    )
    return notice


def digest(notice: Notice, text: NoticeText) -> str:
    """SHA-256 of everything a person is told and asked, as canonical JSON (RFC 8785): shown again, it must be the same."""
    told = {name: getattr(text, name) for name in TEXT_FIELDS}
    asked = {
        "number": notice.number,
        "study": str(notice.study_id),
        "valid_days": notice.valid_days,
        "choices": notice.choices,
    }
    return sha256(rfc8785.dumps({**told, **asked, "format": "concord-notice", "format_version": 1})).hexdigest()


def current(study: Study, language: str = "") -> NoticeText | None:
    """The text of the newest published version, in the person's language when there is one."""
    notice = study.notices.exclude(published_at=None).order_by("-number").first()
    if notice is None:
        return None
    texts = {one.language: one for one in notice.texts.order_by("language")}
    return (
        texts.get(language) or texts.get(language.split("-")[0]) or texts.get("en") or next(iter(texts.values()), None)
    )


def _draft(notice: Notice) -> Notice:
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    if notice.published_at is not None:
        raise Refused("notice_published", _("This version is published and cannot change. Draft a new one."))
    return notice


def _choices(choices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    seen: set[str] = set()
    clean = []
    for one in choices:
        purpose, modalities = one.get("purpose"), list(one.get("modalities", ()))
        recipient = one.get("recipient_class", RecipientClass.CONTROLLER.value)
        wrong = purpose not in Purpose.values or purpose in seen or recipient not in RecipientClass.values
        if wrong or not modalities or not set(modalities) <= set(Modality.values):
            raise Invalid("notice_choices_wrong", _("Each purpose is asked once, for known modalities and recipients."))
        seen.add(purpose)
        clean.append(
            {
                "purpose": purpose,
                "modalities": modalities,
                "recipient_class": recipient,
                "required": bool(one.get("required")),
            }
        )
    return clean


def _write_texts(notice: Notice, texts: Sequence[Mapping[str, Any]]) -> None:
    for one in texts:
        NoticeText.objects.create(notice=notice, digest="", **{name: one[name] for name in TEXT_FIELDS if name in one})
