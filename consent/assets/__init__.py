"""Stored bytes: everything that is kept goes through here, sealed while it comes in and opened only for what is read.

An asset's key is made first, then its row in state `writing`, then its bytes, and only then is it `stored`; whatever is
interrupted leaves nothing that anybody could read, and `sweep` removes it. Erasing goes the other way: the key first.
"""

from consent.assets.ending import erase, restore, seal, sweep
from consent.assets.loopback import loopback_address
from consent.assets.reading import NotReadable, open_asset, opener
from consent.assets.uploads import SealedUpload, SealedUploadHandler
from consent.assets.writing import NewAsset, digest_of, find_duplicate, set_subjects, store, store_many

__all__ = [
    "NewAsset", "NotReadable", "SealedUpload", "SealedUploadHandler", "digest_of", "erase", "find_duplicate",
    "loopback_address", "open_asset", "opener", "restore", "seal", "set_subjects", "store", "store_many", "sweep",
]  # fmt: skip
