"""Opening stored bytes: a file that decrypts what is read of it, from any place. Nothing plain ever lies on a disk.

The caller has been through the door and the gate; here only the state of the asset and its key decide.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from consent import keys
from consent.assets import places
from consent.chunked import FORMAT, Damaged, SeekableReader, sealed_length
from consent.models import Asset
from core.errors import Gone

BUFFER_BYTES = 64 * 1024


class NotReadable(Gone):
    """The asset is being written, kept restricted, or erased. On reading this is a 404 (decisions 36)."""

    status = 404


def open_asset(asset: Asset, *, restricted: bool = False) -> io.BufferedReader:
    """A seekable binary file of the plain bytes, as PyAV and soundfile take it.

    `restricted` opens also what is sealed because somebody stopped (to redact it for the others). Raises NotReadable,
    KeyGone when a participant was erased, KeyDamaged or Damaged when what is stored is not what was written.
    """
    return io.BufferedReader(opener(asset, restricted=restricted)(), BUFFER_BYTES)


def opener(asset: Asset, *, restricted: bool = False) -> Callable[[], SeekableReader]:
    """Look the key up now; the function returned opens the asset any number of times without a database."""
    allowed = {Asset.State.STORED, Asset.State.SEALED} if restricted else {Asset.State.STORED}
    if asset.state not in allowed:
        raise NotReadable(f"asset_{asset.state}", "There is nothing to read here.")
    if asset.format != FORMAT:
        raise Damaged(f"assets in format {asset.format!r} cannot be read by this version")
    key, context = keys.asset_key(asset.pk), places.context(asset.pk, asset.key_version)
    store_key, length = asset.store_key, sealed_length(asset.plain_bytes)
    return lambda: SeekableReader(places.read(store_key, length), length, key, context)
