"""Columns whose bytes are ciphertext: text that participants or their identities are in (decisions 23).

The model holds bytes; `consent.keys.seal_text / open_text` turn text into them and back, under the key of the participant,
the person or the study. The column knows nothing of keys, so nothing is opened by accident when a row is read.
"""

from django.db import models


class SealedField(models.BinaryField):
    """Ciphertext of a text. Empty bytes mean: nothing was said."""

    description = "sealed text"

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("default", b"")
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
