"""A campaign goes on with another version of its scheme: counted before, brought over as new revisions, written down."""

from copy import deepcopy

import pytest

from affect.schemes.model import Choice, FreeText, Label, Range, Scale
from core import access, jobs
from core.errors import Invalid, Refused
from core.models import AuditEvent, Job
from labeling.models import Annotation, Question, SchemeMigration
from labeling.services import agreement, annotations, campaigns, queue, ratings, scheme_migrations, schemes
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
STRENGTH = Range(minimum=1, maximum=5, step=1)
LABELS = ("joy", "fear", "anxiety", "anger", "other")


def labels(*codes: str) -> tuple[Label, ...]:
    return tuple(Label(id=one, name={"en": one.title()}, free_text=one == "other") for one in codes)


@pytest.fixture
def at_work(settings, tmp_path):
    """ana and ben have answered three clips each: a label with its intensity, a number, a note."""
    settings.CONCORD_KEYS = tmp_path / "keys"
    scene = factories.scene(n=3)
    version = schemes.create_scheme(actor=scene.mia, study=scene.study, name="Feelings", questions=[
        Choice(id="emotion", prompt={"en": "?"}, labels=labels(*LABELS), intensity=STRENGTH),
        Scale(id="valence", prompt={"en": "?"}, look="slider", range=Range(minimum=0, maximum=10, step=1)),
        FreeText(id="note", prompt={"en": "?"}, required=False),
    ])  # fmt: skip
    campaign = campaigns.create_campaign(
        actor=scene.mia, study=scene.study, name="Feelings", scheme_version=version, overlap=2
    )
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[one.pk for one in scene.items])
    for name in ("ana", "ben"):
        campaigns.add_annotator(actor=scene.mia, campaign=campaign, user=scene.users[name])
    scene.campaign = campaigns.open_campaign(actor=scene.mia, campaign=campaign)
    told = iter([("joy", 1), ("fear", 2), ("anxiety", 5), ("anger", 1), ("anger", 4), ("other", 3)])
    for name in ("ana", "ben"):
        for _turn in range(3):
            label, strength = next(told)
            chosen = {"label": label, "intensity": strength} | ({"text": "Heimweh"} if label == "other" else {})
            one = queue.next_assignment(scene.users[name], scene.campaign)
            annotations.submit_annotation(actor=scene.users[name], assignment=one, client_id=one.client_id, answers={
                "emotion": {"value": [chosen]}, "valence": {"value": strength}, "note": {"value": f"about {label}"},
            })  # fmt: skip
    return scene


def changed(scene, *ended: str, added: tuple[str, ...] = (), **more) -> schemes.SchemeVersion:
    """The next version: labels ended and added."""
    form = deepcopy(scene.campaign.scheme_version.form)
    emotion = form["questions"][0]
    emotion["labels"] = [one for one in emotion["labels"] if one["id"] not in ended]
    emotion["labels"] += [{"id": one, "name": {"en": one.title()}} for one in added]
    for name, value in more.items():
        form["questions"] = [one for one in form["questions"] if one["id"] != name or value is not None]
    return schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version, document=form)


def plan(*steps: dict) -> dict:
    return {
        "format": "affect.scheme_plan",
        "format_version": 1,
        "steps": [{"question": "emotion", **one} for one in steps],
    }


MERGE = {"step": "merge", "labels": ["anxiety"], "into": "fear"}
SPLIT = {"step": "split", "label": "anger", "into": ["annoyance", "rage"], "cuts": [3]}
DROP = {"step": "drop", "label": "other"}


def whole(scene) -> tuple[schemes.SchemeVersion, dict]:
    return changed(scene, "anxiety", "anger", "other", added=("annoyance", "rage")), plan(MERGE, SPLIT, DROP)


def finished(migration: SchemeMigration) -> SchemeMigration:
    jobs.run(migration.job_id)
    migration.refresh_from_db()
    return migration


def test_it_works(at_work):
    scene = at_work
    old = {one.pk: annotations.answers_of(one) for one in Annotation.objects.filter(campaign=scene.campaign)}
    new, steps = whole(scene)
    told = [(one["step"]["step"], one["answers"], one["changed"], one["again"]) for one in scheme_migrations.preview(scene.campaign, new, steps)]  # fmt: skip
    assert told == [("merge", 1, 1, 0), ("split", 2, 2, 0), ("drop", 1, 0, 1)]
    assert Annotation.objects.filter(campaign=scene.campaign).count() == 6  # counted, and nothing else

    made = finished(scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps))
    assert (made.state, made.summary) == ("done", {"annotations": 6, "changed": 4, "returned": 1})
    assert [one["again"] for one in made.preview] == [0, 0, 1]
    scene.campaign.refresh_from_db()
    assert scene.campaign.scheme_version_id == new.pk
    current = Annotation.objects.filter(campaign=scene.campaign, current=True)
    said = [annotations.answers_of(one) for one in current.order_by("annotator__code", "created_at", "pk")]
    given = sorted(one["emotion"]["value"][0]["label"] for one in said if "emotion" in one)
    assert given == ["annoyance", "fear", "fear", "joy", "rage"]
    assert all(one["note"]["value"].startswith("about ") for one in said)  # words are sealed anew and read again
    for one in current:
        before = Annotation.objects.get(pk=one.supersedes_id)
        assert (one.source, one.revision, one.scheme_version_id, before.current) == ("migration", 2, new.pk, False)
        assert annotations.answers_of(before) == old[before.pk]  # what was said stays where it is
        assert one.state == ("returned" if "emotion" not in annotations.answers_of(one) else "submitted")
    verbs = AuditEvent.objects.filter(verb__startswith="labeling.scheme.migrat").values_list("verb", flat=True)
    assert list(verbs.order_by("seq")) == ["labeling.scheme.migration_begun", "labeling.scheme.migrated"]


def test_measures_compare_over_versions_and_annotators_go_on(at_work):
    scene = at_work
    new, steps = whole(scene)
    finished(scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps))
    emotion = Question.objects.get(scheme_version=new, key="emotion")
    codes = {str(one.identity): one.code for one in emotion.labels.all()}
    table = ratings.table(scene.campaign, emotion)
    assert sorted(codes[value] for row in table.values for value in row if value) == [
        "annoyance",
        "fear",
        "fear",
        "joy",
        "rage",
    ]
    assert [one["question"] for one in agreement.measure(actor=scene.mia, campaign=scene.campaign).measures] == [
        "emotion",
        "valence",
    ]
    left = Annotation.objects.get(campaign=scene.campaign, current=True, state="returned")
    answers = annotations.answers_of(left) | {"emotion": {"value": [{"label": "rage", "intensity": 5}]}}
    user = left.annotator.user
    mended = annotations.submit_annotation(
        actor=user, assignment=left.assignment, client_id=Annotation().pk, answers=answers
    )
    assert (mended.revision, mended.state, annotations.answers_of(mended)) == (3, "submitted", answers)


def test_a_question_that_ends_is_left_out_and_a_new_one_is_asked_of_everybody(at_work):
    scene = at_work
    form = deepcopy(scene.campaign.scheme_version.form)
    form["questions"][1] = {"kind": "yes_no", "id": "sarcasm", "prompt": {"en": "Sarcasm?"}}
    new = schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version, document=form)
    made = finished(scheme_migrations.begin(
        actor=scene.mia, campaign=scene.campaign, new=new, plan=plan({"step": "drop", "question": "valence"})
    ))  # fmt: skip
    assert made.summary == {"annotations": 6, "changed": 6, "returned": 6}
    for one in Annotation.objects.filter(campaign=scene.campaign, current=True):
        assert set(annotations.answers_of(one)) == {"emotion", "note"}


def test_an_answer_that_the_new_rules_refuse_is_asked_again(at_work):
    scene = at_work
    form = deepcopy(scene.campaign.scheme_version.form)
    form["questions"][1]["range"]["maximum"] = 4
    new = schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version, document=form)
    made = finished(scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=plan()))
    assert made.summary["returned"] == 1
    left = Annotation.objects.get(campaign=scene.campaign, current=True, state="returned")
    assert set(annotations.answers_of(left)) == {"emotion", "note"}


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (plan(SPLIT, DROP), "plan/steps"),  # no step tells of what is lost
        (plan(MERGE | {"into": "awe"}, SPLIT, DROP), "plan/steps/0"),
        (plan(MERGE, SPLIT | {"cuts": [1, 2]}, DROP), "plan/steps/1"),
        (plan(MERGE, SPLIT, DROP | {"label": "boredom"}), "plan/steps/2"),
        ({}, "plan"), ([], "plan"), ("x", "plan"), (None, "plan"), (plan({"step": "guess"}), "plan/steps/0"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_lead_there_is_refused_with_its_place(at_work, steps, place):
    scene = at_work
    new, _steps = whole(scene)

    def begin(campaign, new, steps):
        return scheme_migrations.begin(actor=scene.mia, campaign=campaign, new=new, plan=steps)

    for act in (scheme_migrations.preview, begin):
        with pytest.raises(Invalid) as refused:
            act(scene.campaign, new, steps)
        assert refused.value.code == "plan_refused"
        assert any(name.startswith(place) for name in refused.value.fields), refused.value.fields
    assert not SchemeMigration.objects.exists()


def test_only_a_later_version_of_the_same_scheme_and_one_migration_at_a_time(at_work):
    scene = at_work
    other = schemes.create_scheme(actor=scene.mia, study=scene.study, document=schemes.from_gallery("laughter"))
    for version in (scene.campaign.scheme_version, other):
        with pytest.raises(Invalid) as refused:
            scheme_migrations.preview(scene.campaign, version, plan())
        assert refused.value.code == "version_refused"
    new, steps = whole(scene)
    made = scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps)
    assert schemes.definition(new.pk).frozen
    with pytest.raises(Refused) as running:
        scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=changed(scene), plan=plan())
    assert running.value.code == "migration_running"
    finished(made)
    campaigns.close_campaign(actor=scene.mia, campaign=scene.campaign)
    with pytest.raises(Refused) as closed:
        scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=changed(scene), plan=plan())
    assert closed.value.code == "campaign_closed"


def test_a_page_from_before_is_stale_and_says_so(at_work):
    scene = at_work
    new, steps = whole(scene)
    one = Annotation.objects.filter(campaign=scene.campaign, annotator__user=scene.ana).first()
    scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps)
    one.assignment.refresh_from_db()
    answers = {"emotion": {"value": [{"label": "anxiety", "intensity": 1}]}, "valence": {"value": 1}}
    with pytest.raises(Refused) as stale:
        annotations.submit_annotation(
            actor=scene.ana,
            assignment=type(one.assignment).objects.get(pk=one.assignment_id),
            client_id=Annotation().pk,
            answers=answers,
        )
    assert stale.value.code == "scheme_stale"
    # Answers that were checked before the switch and arrive after it.
    held = one.assignment
    held.campaign.scheme_version_id = one.scheme_version_id
    with pytest.raises(Refused) as late:
        annotations.submit_annotation(actor=scene.ana, assignment=held, client_id=Annotation().pk, answers=answers)
    assert late.value.code == "scheme_stale"


def test_a_worker_that_dies_is_gone_on_after(at_work, monkeypatch):
    scene = at_work
    new, steps = whole(scene)
    monkeypatch.setattr(scheme_migrations, "SLICE", 2)
    made = scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps)

    def dies(done: int, total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scheme_migrations.apply(made, progress=dies)
    assert Annotation.objects.filter(campaign=scene.campaign, current=True, source="migration").count() == 4
    scheme_migrations.give_up(made)
    made = scheme_migrations.resume(actor=scene.mia, migration=made)
    assert finished(made).summary == {"annotations": 6, "changed": 4, "returned": 1}
    assert Annotation.objects.filter(campaign=scene.campaign).count() == 12
    assert scheme_migrations.apply(made).state == "done"  # twice does no harm


def test_who_lost_the_role_does_not_finish_it(at_work):
    scene = at_work
    new, steps = whole(scene)
    made = scheme_migrations.begin(actor=scene.mia, campaign=scene.campaign, new=new, plan=steps)
    access.revoke(scene.mia, "manager", scene.campaign, actor=None)
    access.revoke(scene.mia, "owner", scene.study, actor=None)
    jobs.run(made.job_id)
    assert Job.objects.get(pk=made.job_id).state == Job.State.FAILED
    assert not Annotation.objects.filter(source="migration").exists()


def test_over_rest_it_is_previewed_begun_and_followed(at_work, signed_in):
    scene = at_work
    new, steps = whole(scene)
    body = {"campaign": str(scene.campaign.pk), "new": str(new.pk), "plan": steps}
    mia = signed_in(scene.mia)
    told = mia.post("/api/v1/scheme-migrations/preview", body, content_type="application/json")
    assert [one["answers"] for one in told.json()["steps"]] == [1, 2, 1]
    for who in (scene.otto, scene.ana):  # who only labels does not see how a campaign is run
        for address in ("scheme-migrations", "scheme-migrations/preview"):
            refused = signed_in(who).post(f"/api/v1/{address}", body, content_type="application/json")
            assert refused.status_code == 404
    made = signed_in(scene.mia).post("/api/v1/scheme-migrations", body, content_type="application/json")
    assert made.status_code == 202, made.content
    jobs.run(made.json()["job"])
    shown = mia.get(f"/api/v1/scheme-migrations/{made.json()['id']}")
    assert (shown.json()["state"], shown.json()["summary"]["annotations"]) == ("done", 6)
