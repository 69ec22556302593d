"""A person's own keys, kept with the account so that they follow the person to another machine.

Which actions there are, and what their keys are by themselves, is the browser's table (static/js/lib/keys.js): here only
the shape is checked, and that no key does two things.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.errors import Invalid
from core.models import User
from labeling.models import Shortcuts

MOST = 120
_ACTION = re.compile(r"[a-z][a-z0-9-]{0,30}")
_CODE = re.compile(
    r"(?:Shift\+)?[A-Z][A-Za-z0-9]{0,24}"
)  # a place on the keyboard (KeyboardEvent.code), with Shift or without


def of(user: User) -> dict[str, str]:
    """The keys that the person changed, by action."""
    found = Shortcuts.objects.filter(user=user).values_list("codes", flat=True).first()
    return found or {}


@transaction.atomic
def keep(*, actor: User, codes: Any) -> dict[str, str]:
    """Put these keys in place of the ones the person had; {} gives back those of the table.

    Raises Invalid `shortcuts_refused` for what is no action or no key, `shortcut_taken` where one key is given to two.
    """
    if (
        not isinstance(codes, Mapping)
        or len(codes) > MOST
        or not all(isinstance(one, str) for pair in codes.items() for one in pair)
        or not all(_ACTION.fullmatch(action) and _CODE.fullmatch(code) for action, code in codes.items())
    ):
        said = _("Keys are an object: a place on the keyboard by action.")
        raise Invalid("shortcuts_refused", said, fields={"codes": [said]})
    if twice := [code for code, n in Counter(codes.values()).items() if n > 1]:
        said = _("One key cannot do two things: %(keys)s.") % {"keys": ", ".join(sorted(twice))}
        raise Invalid("shortcut_taken", said, fields={"codes": [said]})
    kept, _new = Shortcuts.objects.update_or_create(user=actor, defaults={"codes": dict(codes)})
    audit.record("labeling.shortcuts.set", actor=actor, target=kept, changed=len(codes))
    return dict(codes)
