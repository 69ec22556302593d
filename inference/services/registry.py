"""Models and their versions: registered from a back end, told by the hash of their files."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from consent.models import Study
from core import audit
from core.models import User
from inference import backends
from inference.backends import folder, heads, minilm
from inference.models import Model, ModelVersion


@transaction.atomic
def register(*, actor: User | None, study: Study, backend: str, name: str = "", about: str = "") -> ModelVersion:
    """A model of a back end, in the version that is installed now. The same files give the same version.

    Raises Refused: `unknown_backend`, `model_missing` when the set-up has not fetched its files.
    """
    kind = backends.find(backend)
    hash_ = backends.fingerprint(backend, Path(settings.CONCORD_MODELS))
    model, made = Model.objects.get_or_create(
        study=study, backend=backend, name=name or backend, defaults={"about": about or kind.says}
    )
    version = model.versions.filter(files_hash=hash_).first()
    if version is None:
        version = ModelVersion.objects.create(
            model=model, number=f"{model.versions.count() + 1}", files_hash=hash_, licence=kind.licence,
            trained_on=learned_from(kind), parameters={"backend": backend, "backend_version": kind.version, "modality": kind.modality, "task": kind.task.target},
        )  # fmt: skip
        audit.record(
            "inference.model.registered", actor=actor, target=version, study=study, backend=backend, new_model=made
        )
    return version


def learned_from(kind: type[backends.Predicting]) -> dict:
    """What the head that the set-up trained has learned from: counts, hash and out-of-fold figures; {} for a model without."""
    if minilm.HEAD not in kind.files:
        return {}
    return told(heads.Head.loads(folder.read(Path(settings.CONCORD_MODELS), minilm.HEAD)))


def told(head: heads.Head) -> dict:
    """A head's metadata without the lists of its sources."""
    return {name: value for name, value in head.meta.items() if name not in ("group_folds", "text_folds")}
