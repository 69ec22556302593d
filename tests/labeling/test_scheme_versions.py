"""Schemes as documents: made, read back, refused with their place, changed until they are frozen, and migrated from rows."""

import importlib
import json
from copy import deepcopy

import pytest
from django.apps import apps

from affect import vocabularies
from affect.schemes import dumps, form, gallery, read
from affect.schemes.model import QUESTIONS, Choice, YesNo, labels_of, level_of
from core.errors import Invalid, Refused
from core.models import AuditEvent
from labeling.models import Label, Question, Scheme, SchemeVersion
from labeling.services import campaigns, schemes
from labeling.services.schemes import labels_in
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PROMPT = {"en": "Which?", "de": "Welche?", "es": "¿Cuál?"}
CATEGORIES = [one for one in vocabularies.VOCABULARIES if vocabularies.load(one).kind == "category"]


def rows(version: SchemeVersion) -> list[tuple]:
    return [
        (one.key, one.kind, [(label.tier, label.code) for label in one.labels.all()]) for one in version.questions.all()
    ]


@pytest.mark.parametrize("name", gallery.NAMES)
def test_a_scheme_of_the_gallery_is_stored_with_its_index_and_read_back(name):
    version = schemes.create_scheme(actor=None, study=factories.study(), document=schemes.from_gallery(name))
    told = gallery.load(name)
    assert version.scheme.name == told.name["en"]
    kept = schemes.definition(version.pk).form
    assert [one.id for one in kept.questions] == [one.id for one in told.questions]
    assert (kept.id, kept.languages, kept.translations) == (told.id, told.languages, told.translations)
    assert all(label.mark for one in kept.questions for label in labels_of(one))
    assert rows(version) == [
        (one.id, one.KIND, [(tier, label.id) for tier, label in labels_in(one)]) for one in told.questions
    ]
    for row, one in zip(version.questions.all(), told.questions, strict=True):
        assert (row.prompt, row.required) == (dict(one.prompt), one.required)
        assert row.level == (level_of(one) or "nominal")
    assert set(Question.Kind.values) == {kind.KIND for kind in QUESTIONS}


@pytest.mark.parametrize("vocabulary_id", CATEGORIES)
def test_what_the_builders_make_is_a_scheme_in_all_its_languages(vocabulary_id):
    version = schemes.create_scheme(actor=None, study=factories.study(), name="Built", questions=[
        schemes.choice_from(vocabulary_id, key="emotion", prompt=PROMPT),
        schemes.scale_from("sam", "arousal", prompt=PROMPT),
        schemes.scale_from("vad", "valence", key="valence_trace", kind="trace", prompt=PROMPT),
    ])  # fmt: skip
    kept = schemes.definition(version.pk)
    assert kept.form.languages == ("en", "de", "es")
    assert [level_of(one) for one in kept.form.questions] == ["nominal", "ordinal", "interval"]
    assert [(one.kind, one.gives) for one in version.questions.all()] == [
        ("choice", "label"), ("scale", "number"), ("trace", "trace"),
    ]  # fmt: skip
    assert (kept.form["arousal"].look, kept.form["arousal"].range.maximum) == ("manikin", 9)


REFUSED = [
    ("{", "form", "not_json"),
    ('{"format": "affect.scheme",\n"format": "x"}', "form", "not_json"),
    ("[]", "form", "wrong_form"),
    (json.dumps({**form.document_of(gallery.load("laughter")), "source": "a\x00b"}), "form/source", "text_refused"),
    (json.dumps({**form.document_of(gallery.load("laughter")), "languages": []}, indent=1), "form/languages", ""),
]


@pytest.mark.parametrize(("text", "place", "code"), REFUSED)
def test_a_document_that_is_no_scheme_is_refused_with_pointer_line_and_column(text, place, code):
    study = factories.study()
    with pytest.raises(Invalid) as refused:
        schemes.create_scheme(actor=None, study=study, document=text)
    assert (refused.value.code, refused.value.status) == ("scheme_refused", 422)
    problem = refused.value.facts["problems"][0]
    assert next(iter(refused.value.fields)) == place
    assert problem["code"] == code or not code
    assert not Scheme.objects.exists()
    if problem["line"]:
        assert f"Line {problem['line']}, column {problem['column']}: " in refused.value.fields[place][0]
        assert problem["line"] >= 1


def test_every_mistake_is_told_with_its_place():
    document = form.document_of(gallery.load("call-centre"))
    broken = deepcopy(document)
    broken["questions"][0]["prompt"] = {"en": ""}
    broken["questions"][1]["surplus"] = 1
    with pytest.raises(Invalid) as refused:
        schemes.read(json.dumps(broken, indent=2))
    assert {name.split("/")[2] for name in refused.value.fields} == {"0", "1"}
    assert len({one["line"] for one in refused.value.facts["problems"]}) > 1


def test_a_name_is_taken_once_and_a_gallery_holds_what_it_holds():
    study = factories.study()
    schemes.create_scheme(actor=None, study=study, document=schemes.from_gallery("laughter"))
    with pytest.raises(Refused) as taken:
        schemes.create_scheme(actor=None, study=study, document=schemes.from_gallery("laughter"))
    assert taken.value.code == "name_taken"
    assert (
        schemes.create_scheme(actor=None, study=study, name="Other", document=dumps(gallery.load("laughter"))).number
        == 1
    )
    with pytest.raises(Invalid) as unknown:
        schemes.from_gallery("weeping")
    assert unknown.value.code == "scheme_unknown"


def test_ids_keep_their_identity_through_versions_and_renamings():
    version = schemes.create_scheme(actor=None, study=factories.study(), document=schemes.from_gallery("call-centre"))
    kept = deepcopy(version.form)
    first = next(one for one in kept["questions"] if one.get("labels"))
    first["labels"][0]["name"] = dict.fromkeys(first["labels"][0]["name"], "Something else")
    gone = first["labels"].pop()
    second = schemes.next_version(actor=None, version=version, document=kept)
    third = schemes.next_version(actor=None, version=second, document=version.form)

    def identities(of: SchemeVersion) -> dict:
        labels = Label.objects.filter(question__scheme_version=of)
        found = {(one.question.key, one.tier, one.code): one.identity for one in labels.select_related("question")}
        return found | {(one.key,): one.identity for one in of.questions.all()}

    one, two, three = identities(version), identities(second), identities(third)
    assert set(one) - set(two) == {(first["id"], "", gone["id"])}
    assert {key: one[key] for key in two} == two
    assert three == one  # also of what had ended in between
    assert (
        [row.number for row in (version, second, third)]
        == [1, 2, 3]
        == [one.form.get("number", 1) for one in (version, second, third)]
    )


def test_a_question_of_another_kind_is_another_question():
    study = factories.study()
    yes = YesNo(id="q", prompt={"en": "?"})
    labels = factories.labels("joy", "fear")
    version = schemes.create_scheme(actor=None, study=study, name="S", questions=[yes])
    choice = schemes.around([Choice(id="q", prompt={"en": "?"}, labels=labels)], id="s", name="S")
    second = schemes.next_version(actor=None, version=version, document=choice)
    assert version.questions.get().identity != second.questions.get().identity
    changed = schemes.change_version(actor=None, version=second, document=version.form)
    assert changed.questions.get().identity == version.questions.get().identity
    assert (changed.questions.get().kind, changed.questions.get().labels.count()) == ("yes_no", 0)


def test_a_draft_changes_and_a_frozen_version_does_not():
    scene = factories.scene()
    version = scene.campaign.scheme_version
    with pytest.raises(Refused) as frozen:
        schemes.change_version(actor=scene.mia, version=version, document=factories.without(version, "valence"))
    assert frozen.value.code == "scheme_frozen"
    draft = schemes.next_version(actor=scene.mia, version=version)
    before = {one.key: one.pk for one in draft.questions.all()}
    for _turn in range(2):
        draft = schemes.change_version(actor=scene.mia, version=draft, document=factories.without(draft, "valence"))
    assert {one.key: one.pk for one in draft.questions.all()} == {"emotion": before["emotion"]}
    assert AuditEvent.objects.filter(verb="labeling.scheme.changed").count() == 1
    assert list(schemes.definition(draft.pk).questions) == ["emotion"]


def test_a_campaign_that_would_compare_items_is_not_opened_yet():
    """Items come one by one; a set of items to compare is nothing that can be handed out."""
    scene = factories.scene(n=1)
    asked = {"kind": "comparison", "id": "which", "prompt": {"en": "?"}, "method": "pairwise"}
    document = {**scene.campaign.scheme_version.form, "questions": [asked]}
    version = schemes.create_scheme(actor=scene.mia, study=scene.study, name="Pairs", document=document)
    campaign = campaigns.create_campaign(actor=scene.mia, study=scene.study, name="Pairs", scheme_version=version)
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[scene.items[0].pk])
    with pytest.raises(Refused) as refused:
        campaigns.open_campaign(actor=scene.mia, campaign=campaign)
    assert refused.value.code == "comparison_unsupported"


# from before -----------------------------------------------------------------------------------------------------------


def before(*questions: dict) -> SchemeVersion:
    """A version as rows alone, as it stood before there were documents."""
    study = factories.study()
    scheme = Scheme.objects.create(study=study, name="Old")
    version = SchemeVersion.objects.create(study=study, scheme=scheme, number=3)
    for position, one in enumerate(questions):
        labels = one.pop("labels", ())
        row = Question.objects.create(scheme_version=version, position=position, **one)
        for at, label in enumerate(labels):
            Label.objects.create(question=row, position=at, **label)
    return version


OLD = [
    {"key": "emotion", "kind": "choice", "level": "nominal", "prompt": PROMPT, "uri": "no uri", "labels": [
        {"code": "joy", "name": {"en": "Joy", "de": "Freude"}, "emotion": "joy", "uri": "urn:x:joy"}, {"code": "j2", "name": {"en": "Joy"}, "emotion": "glee"},
    ]},
    {"key": "valence", "kind": "scale", "level": "interval", "prompt": {"en": "?"}, "dimension": "valence", "minimum": 1, "maximum": 9, "step": 1,
     "hint": {"en": "Look"}, "anchors": [{"value": 1, "text": {"en": "low"}}, {"value": 12, "text": {"en": "too high"}}]},
    {"key": "odd", "kind": "scale", "prompt": {}, "minimum": 0, "maximum": 1, "step": 0.3, "dimension": "not a key"},
    {"key": "arousal", "kind": "trace", "level": "interval", "prompt": {"de": "Wie aktiv?"}, "required": False},
    {"key": "dominance", "kind": "trace", "prompt": {"en": "?"}, "minimum": 0, "maximum": 5, "anchors": [
        {"value": 5, "text": {"en": "strong"}}, {"value": 0, "text": {"en": "weak", "de": "schwach"}},
    ]},
    {"key": "laughter", "kind": "segments", "prompt": {"en": "When?"}, "labels": [{"code": "laugh", "name": {"en": "Laugh"}}]},
    {"key": "note", "kind": "text", "prompt": {"en": "?"}, "required": False},
]  # fmt: skip


def test_a_version_of_before_gets_the_document_that_asks_the_same():
    version = before(*deepcopy(OLD))
    migration = importlib.import_module("labeling.migrations.0006_schemes_as_documents")
    migration.fill(apps, type("Editor", (), {"connection": type("C", (), {"alias": "default"})})())
    version.refresh_from_db()
    told = read(version.form)
    assert [(one.KIND, one.id, one.required) for one in told.questions] == [
        (one["kind"], one["key"], one.get("required", True)) for one in OLD
    ]
    assert (told.number, told["valence"].look, told["odd"].look, told["odd"].range.step) == (
        3,
        "manikin",
        "slider",
        None,
    )
    assert [one.name["en"] for one in told["emotion"].labels] == ["Joy", "Joy (j2)"]
    assert [one.emotion for one in told["emotion"].labels] == ["joy", ""]
    assert [(one.minimum, one.low["en"], one.high["en"]) for one in told["dominance"].axes] == [(0, "weak", "strong")]
    assert [one.value for one in told["valence"].range.anchors] == [1]
    assert rows(version)[5] == ("laughter", "segments", [("laughter", "laugh")])
    assert list(version.questions.values_list("gives", flat=True)) == [
        "label",
        "number",
        "number",
        "trace",
        "trace",
        "nothing",
        "nothing",
    ]
    kept = schemes.definition(version.pk)  # rows and document fit together
    assert kept.questions["emotion"].labels["", "joy"].name == {"en": "Joy", "de": "Freude"}
    assert (
        schemes.next_version(actor=None, version=version).questions.get(key="odd").identity
        == version.questions.get(key="odd").identity
    )


@pytest.mark.parametrize("left", range(len(OLD)))
def test_each_old_question_alone_is_a_scheme(left):
    version = before(deepcopy(OLD[left]))
    migration = importlib.import_module("labeling.migrations.0006_schemes_as_documents")
    made = migration.document(version, [(one, list(one.labels.all())) for one in version.questions.all()])
    assert read(made).id == str(version.scheme_id)
