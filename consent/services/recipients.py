"""Who may receive data. A recipient's class and country, and the transfer tool where one is needed, decide what the gate
lets them have; nothing goes to a country in which none is on file."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Recipient, Study
from consent.purposes import RecipientClass
from consent.transfers import NEEDS_NO_TOOL
from core import audit
from core.errors import Invalid, Refused
from core.models import User

# The study's own team receives nothing, it has it.
CLASSES = [one for one in RecipientClass.choices if one[0] != RecipientClass.CONTROLLER]


@transaction.atomic
def add_recipient(
    *,
    actor: User | None,
    study: Study,
    name: str,
    recipient_class: str,
    country: str,
    transfer_tool: str = "",
    email: str = "",
) -> Recipient:
    """Put a recipient on file. `country` is an ISO 3166 code; `transfer_tool` is needed outside the European Economic Area
    and the countries with an adequacy decision. Raises Invalid("recipient_refused") and Refused("name_taken")."""
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = [_("A name is needed.")]
    if recipient_class not in dict(CLASSES):
        wrong["recipient_class"] = [_("This class of recipients is not known.")]
    if len(country) != 2 or not country.isalpha() or not country.isupper():
        wrong["country"] = [_("A country is two capital letters.")]
    elif country not in NEEDS_NO_TOOL and not transfer_tool.strip():
        wrong["transfer_tool"] = [_("Say which transfer tool covers this country.")]
    if wrong:
        raise Invalid("recipient_refused", next(iter(wrong.values()))[0], fields=wrong)
    Study.objects.select_for_update().get(pk=study.pk)
    if Recipient.objects.filter(study=study, name=name, country=country).exists():
        raise Refused("name_taken", _("This study has a recipient of that name."))
    made = Recipient.objects.create(
        study=study,
        name=name,
        recipient_class=recipient_class,
        country=country,
        transfer_tool=transfer_tool,
        email=email,
    )
    audit.record("consent.recipient.added", actor=actor, target=made, recipient_class=recipient_class, country=country)
    return made
