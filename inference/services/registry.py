"""Models and their versions: registered from a back end, told by the hash of their files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Study
from core import audit
from core.errors import Refused
from core.models import User
from inference import backends
from inference.backends import folder
from inference.models import Model, ModelVersion


@transaction.atomic
def register(*, actor: User | None, study: Study, backend: str, name: str = "", about: str = "") -> ModelVersion:
    """A model of a back end, in the version that is installed now. The same files give the same version.

    Raises Refused: `unknown_backend`, `model_missing` when the set-up has not fetched its files.
    """
    kind = backends.find(backend)
    hash_ = files_hash(backend)
    model, made = Model.objects.get_or_create(study=study, backend=backend, name=name or backend, defaults={"about": about or kind.says})
    version = model.versions.filter(files_hash=hash_).first()
    if version is None:
        version = ModelVersion.objects.create(
            model=model, number=f"{model.versions.count() + 1}", files_hash=hash_, licence=kind.licence,
            parameters={"backend": backend, "backend_version": kind.version, "modality": kind.modality, "task": kind.task.target},
        )  # fmt: skip
        audit.record("inference.model.registered", actor=actor, target=version, study=study, backend=backend, new_model=made)
    return version


def files_hash(backend: str) -> str:
    """SHA-256 over a back end's version and the bytes of its files. Raises Refused("model_missing")."""
    kind = backends.find(backend)
    where = Path(settings.CONCORD_MODELS)
    made = sha256(kind.version.encode())
    if absent := folder.missing(where, kind.files) if kind.files else []:
        raise Refused("model_missing", _("The files of this model are not here yet: run the set-up, or wait until it is done."), files=len(absent))
    for name in kind.files:
        made.update(folder.digest(folder.read(where, name)).encode())
    return made.hexdigest()
