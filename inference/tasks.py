"""The background work of inference."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access, jobs
from core.errors import Forbidden
from core.models import Job
from inference.models import Run
from inference.services import evaluate, prelabel, train


def _may_still_run(job: Job) -> None:
    """The person who started it must still be allowed to when it runs."""
    run = Run.objects.select_related("study").get(pk=job.object_id)
    if job.actor is None or not access.may(job.actor, "run", run.study):
        raise Forbidden("role_missing", _("Whoever started this may no longer run models here."))


@jobs.kind("inference.prelabel", label=gettext_lazy("Predictions"), permitted=_may_still_run)
def prelabel_run(job: jobs.Running) -> dict:
    return prelabel.predict(
        Run.objects.select_related("model_version__model", "campaign", "question").get(pk=job.job.object_id), job
    )


@jobs.kind("inference.evaluate", label=gettext_lazy("Evaluation"), permitted=_may_still_run)
def evaluate_run(job: jobs.Running) -> dict:
    return evaluate.evaluate(Run.objects.select_related("question", "gold_standard").get(pk=job.job.object_id))


@jobs.kind("inference.train", label=gettext_lazy("Training"), permitted=_may_still_run)
def train_run(job: jobs.Running) -> dict:
    return train.train(
        Run.objects.select_related(
            "model_version__model", "campaign", "question", "gold_standard__campaign", "study"
        ).get(pk=job.job.object_id),
        job,
    )
