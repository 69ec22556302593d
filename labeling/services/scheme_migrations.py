"""A campaign goes on with another version of its scheme, and the answers it has go with it.

A plan says what becomes of labels and questions that end (`affect.schemes`: rename, merge, split, drop). What it would do
is counted over the stored answers before anybody decides. Then the campaign asks the new version, and a worker writes a new
revision of each annotation, of source *migration*: what was said stays where it is. An answer that no step can decide is
left out, and the annotation is returned to be completed; nobody's answer is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from affect.schemes import Plan, SchemeError, check, migrate
from affect.schemes import preview as counted
from affect.schemes.findings import UNFINISHED
from affect.schemes.migration import Counted as CountedStep
from affect.schemes.migration import document_of_plan, plan_of, unresolved
from consent.gate import Use, permitted
from core import audit, bulk, ids, jobs
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Annotation, Campaign, Question, SchemeMigration, SchemeVersion, Trace
from labeling.services import kept, schemes, traces, values
from labeling.services.definitions import Definition, definition
from labeling.services.values import Said

USE = Use("human_annotation")
KIND = "labeling.migrate_scheme"
SLICE = 200
_COLUMNS = [field.attname for field in Annotation._meta.concrete_fields]


@dataclass
class _Done:
    annotations: int = 0
    changed: int = 0
    returned: int = 0


def preview(campaign: Campaign, new: SchemeVersion, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each step of a plan would do to the answers there are now: {"step", "answers", "changed", "again"}.

    Raises Invalid `plan_refused` (a plan that is none, or that does not lead to the new version), `version_refused`.
    """
    steps = _plan(campaign, new, plan)
    return [_told(one) for one in counted(_sets(_of(campaign, campaign.scheme_version_id)), steps)]


@transaction.atomic
def begin(*, actor: User, campaign: Campaign, new: SchemeVersion, plan: Mapping[str, Any]) -> SchemeMigration:
    """Ask the new version from now on, and have a worker bring the answers over. The version is frozen. Raises as `preview`,
    Refused `campaign_closed`, `migration_running`."""
    held = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if held.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("This campaign is closed."))
    if held.scheme_migrations.filter(state=SchemeMigration.State.RUNNING).exists():
        raise Refused("migration_running", _("Answers are being brought to another version already."))
    steps = document_of_plan(_plan(held, new, plan))
    told = preview(held, new, plan)
    schemes.freeze(actor=actor, version=new)
    made = SchemeMigration.objects.create(
        study_id=held.study_id,
        campaign=held,
        old_id=held.scheme_version_id,
        new=new,
        plan=steps,
        preview=told,
        made_by=actor,
    )
    Campaign.objects.filter(pk=held.pk).update(scheme_version=new, revision=F("revision") + 1)
    audit.record(
        "labeling.scheme.migration_begun", actor=actor, target=made, study=held.study_id, campaign=held.pk, old=made.old_id, new=new.pk
    )  # fmt: skip
    made.job = jobs.start(KIND, actor=actor, study_id=held.study_id, object_id=made.pk)
    made.save(update_fields=["job"])
    campaign.refresh_from_db()
    return made


def apply(migration: SchemeMigration, *, progress: Callable[[int, int], None] | None = None) -> SchemeMigration:
    """Bring every annotation over that is not yet; a worker that takes up another's work goes on where that one ended."""
    if migration.state != SchemeMigration.State.RUNNING:
        return migration
    plan = plan_of(migration.plan)
    total = _of(migration.campaign, migration.old_id).count()
    done = 0
    while batch := list(_of(migration.campaign, migration.old_id).values_list("pk", flat=True)[:SLICE]):
        _bring(migration, plan, batch)
        done += len(batch)
        if progress is not None:
            progress(min(done, total), total)
    return _finish(migration)


@transaction.atomic
def give_up(migration: SchemeMigration) -> None:
    """Say that a migration failed or was cancelled. What was brought over stays, and so does the campaign's new version."""
    running = SchemeMigration.objects.filter(pk=migration.pk, state=SchemeMigration.State.RUNNING)
    if running.update(state=SchemeMigration.State.FAILED):
        audit.record("labeling.scheme.migration_failed", target=migration, study=migration.study_id, outcome="failed")


@transaction.atomic
def resume(*, actor: User, migration: SchemeMigration) -> SchemeMigration:
    """Go on with a migration that failed or was cancelled; one that did not is left as it is."""
    held = SchemeMigration.objects.select_for_update().get(pk=migration.pk)
    if held.state == SchemeMigration.State.FAILED:
        held.state = SchemeMigration.State.RUNNING
        held.job = jobs.start(KIND, actor=actor, study_id=held.study_id, object_id=held.pk)
        held.save(update_fields=["state", "job"])
        audit.record("labeling.scheme.migration_resumed", actor=actor, target=held, study=held.study_id)
    return held


def _plan(campaign: Campaign, new: SchemeVersion, document: Mapping[str, Any]) -> Plan:
    old = definition(campaign.scheme_version_id)
    if new.scheme_id != old.scheme_id or new.number <= old.number:
        said = _("Answers are brought to a later version of the same scheme.")
        raise Invalid("version_refused", said, fields={"new": [said]})
    try:
        plan = plan_of(document)
    except SchemeError as error:
        problems = error.problems
    else:
        problems = tuple(unresolved(old.form, definition(new.pk).form, plan))
    if problems:
        fields: dict[str, list[str]] = {}
        for one in problems:
            fields.setdefault(f"plan{one.at}", []).append(one.message)
        said = _("This plan does not lead to the new version: %(what)s") % {"what": problems[0].message}
        raise Invalid("plan_refused", said, fields=fields)
    return plan


def _of(campaign: Campaign, version: UUID) -> QuerySet[Annotation]:
    """The annotations that count and were made under a version, of people who allow labeling."""
    found = permitted(Annotation.objects.filter(campaign=campaign, current=True, scheme_version_id=version), USE)
    return found.order_by("pk")


def _sets(found: QuerySet[Annotation]) -> Iterator[dict[str, Any]]:
    """Sets of answers without their words: counting needs none."""
    for one in found.prefetch_related("answers", "segments").iterator(chunk_size=SLICE):
        yield {"answers": kept.read(one, words=False)}


def _told(one: CountedStep) -> dict[str, Any]:
    step = document_of_plan(Plan(steps=(one.step,)))["steps"][0]
    return {"step": step, "answers": one.answers, "changed": one.changed, "again": one.again}


@transaction.atomic
def _bring(migration: SchemeMigration, plan: Plan, batch: list[UUID]) -> None:
    """New revisions of some annotations, all or none."""
    held = SchemeMigration.objects.select_for_update().get(pk=migration.pk)
    new = definition(held.new_id)
    rows = _of(held.campaign, held.old_id).filter(pk__in=batch).select_related("item", "campaign")
    count = _Done(**(held.summary or {}))
    for before in rows.prefetch_related("answers", "segments"):
        said, altered = _moved(before, plan, new)
        lost = _lost(before, said, new)
        _revise(before, said, new, returned=lost)
        count = _Done(count.annotations + 1, count.changed + altered, count.returned + lost)
    SchemeMigration.objects.filter(pk=held.pk).update(summary=vars(count))


def _moved(before: Annotation, plan: Plan, new: Definition) -> tuple[Said, bool]:
    """What an annotation says in the terms of the new version, and whether a step altered it."""
    moved = migrate({"answers": kept.read(before)}, plan)
    answers = {key: one for key, one in moved.given["answers"].items() if key in new.questions}
    # What the new version's rules refuse is asked again, like what a step could not decide.
    while wrong := _refused(before, answers, new):
        answers = {key: one for key, one in answers.items() if key not in wrong}
    return {key: answers[key] for key in new.questions if key in answers}, bool(moved.changed or moved.again)


def _refused(before: Annotation, answers: Mapping[str, Any], new: Definition) -> set[str]:
    """The questions whose answers break a rule of the new version: traces apart, which were checked as they were made."""
    timeless = {key for key in answers if new.questions[key].kind == Question.Kind.TRACE and "value" in answers[key]}
    found = check(new.form, _given(before, {key: one for key, one in answers.items() if key not in timeless}, new))
    named = {values.question_of(one) for one in found if one.code != "missing"}
    return named & set(answers) - timeless


def _lost(before: Annotation, said: Said, new: Definition) -> bool:
    """Whether something is left to answer."""
    traced = {key for key, one in said.items() if new.questions[key].kind == Question.Kind.TRACE and "value" in one}
    found = check(new.form, _given(before, {key: one for key, one in said.items() if key not in traced}, new))
    return any(one.code in UNFINISHED and values.question_of(one) not in traced for one in found)


def _given(before: Annotation, answers: Mapping[str, Any], new: Definition) -> dict[str, Any]:
    given: dict[str, Any] = {"answers": dict(answers)}
    if new.in_time:
        start, end = traces.bounds(before.item)
        if start < end:
            given["media"] = {"start_us": start, "end_us": end}
    return given


def _revise(before: Annotation, said: Said, new: Definition, *, returned: bool) -> None:
    Annotation.objects.filter(pk=before.pk).update(current=False)
    made = Annotation(
        item_id=before.item_id, campaign_id=before.campaign_id, annotator_id=before.annotator_id, assignment_id=before.assignment_id,
        scheme_version_id=new.version_id, guideline_version_id=before.guideline_version_id, repetition=before.repetition,
        revision=before.revision + 1, supersedes_id=before.pk, client_id=ids.opaque(), source=Annotation.Source.MIGRATION,
        state=Annotation.State.RETURNED if returned else before.state, perceived=before.perceived, started_at=before.started_at,
        duration_ms=before.duration_ms, played_us=before.played_us,
    )  # fmt: skip
    bulk.insert(Annotation, _COLUMNS, [[getattr(made, name) for name in _COLUMNS]])
    first = next(iter(before.segments.all()), None)
    under = (first.track, first.alignment) if first else (None, None)
    kept.write([(made, said)], new, study_id=before.campaign.study_id, perceived=lambda: under)
    asked = {one.id: one.key for one in definition(before.scheme_version_id).traces}
    for trace in Trace.objects.filter(annotation=before) if asked else ():
        key = asked[trace.question_id]
        if key in said:
            trace.pk, trace.annotation, trace.assignment, trace.created_at = ids.new(), made, None, timezone.now()
            trace.question_id = new.questions[key].id
            trace.save(force_insert=True)


@transaction.atomic
def _finish(migration: SchemeMigration) -> SchemeMigration:
    held = SchemeMigration.objects.select_for_update().get(pk=migration.pk)
    if held.state == SchemeMigration.State.RUNNING:
        held.state, held.summary = SchemeMigration.State.DONE, vars(_Done(**(held.summary or {})))
        held.save(update_fields=["state", "summary"])
        audit.record("labeling.scheme.migrated", target=held, study=held.study_id, **held.summary)
    return held
