"""Agreement of a campaign: every question its own measure, with interval, n and coverage; undefined is explained.

A report is kept with a hash of what it was computed from. As long as nothing was said since, its numbers stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from django.db import transaction

from affect.agreement import load
from affect.measure import Measure
from core import audit, jobs
from core.models import Job, User
from labeling.models import AgreementReport, Campaign, Question
from labeling.services import ratings

RESAMPLES = 1000


def latest(campaign: Campaign) -> tuple[AgreementReport | None, bool]:
    """The newest report, and whether it still says what the annotations say."""
    report = campaign.agreement_reports.order_by("-id").first()
    return report, report is not None and report.inputs == ratings.inputs(campaign)


def start(*, actor: User, campaign: Campaign) -> Job:
    """Have a worker measure agreement anew."""
    return jobs.start("labeling.measure_agreement", actor=actor, study_id=campaign.study_id, object_id=campaign.pk)


def measure(
    *, actor: User | None, campaign: Campaign, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> AgreementReport:
    """Measure every question of the campaign's scheme and keep the result. `progress(done, total)` hears of each question.

    What comes in meanwhile makes the report count as outdated, since its hash is of what was there before.
    """
    hash_ = ratings.inputs(campaign)
    made_up = ratings.simulated(campaign)  # told with every number, wherever it goes
    questions = list(campaign.scheme_version.questions.all())
    measures = []
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        measures.append(_measured(campaign, question, seed))
    with transaction.atomic():
        report = AgreementReport.objects.create(
            campaign=campaign,
            inputs=hash_,
            seed=seed,
            measures=[one | {"simulated": made_up} for one in measures if one],
        )
        audit.record(
            "labeling.agreement.measured",
            actor=actor,
            target=campaign,
            study=campaign.study_id,
            questions=len(report.measures),
        )
    return report


def _measured(campaign: Campaign, question: Question, seed: int) -> dict | None:
    if question.kind not in Question.MEASURED:
        return None  # free words and tiers have no coefficient here
    if question.kind == Question.Kind.TRACE:
        clips = [one.values for one in ratings.traces(campaign, question) if len(one.annotators) > 1]
        name, result = "concordance_pairwise", load("concordance_pairwise")(clips, seed=seed, resamples=RESAMPLES)
    else:
        name = f"alpha_{question.level}"
        result = load(name)(ratings.table(campaign, question).values, seed=seed, resamples=RESAMPLES)
    return {"question": question.key, "question_id": str(question.pk), "measure": name, **_plain(result)}


def _plain(result: Measure) -> dict:
    return asdict(result)
