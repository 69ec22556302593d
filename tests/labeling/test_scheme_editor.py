"""The scheme editor's pages: every step of a draft, and what may not be."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from affect.schemes import editing, form, gallery
from core.models import AuditEvent
from labeling.models import Label, SchemeVersion
from labeling.services import schemes

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def draft(cast):
    return schemes.create_scheme(
        actor=cast.mia, study=cast.ours.study, name="Draft", document=gallery.load("call-centre")
    )


class Page:
    """The editor as a person without scripts has it: the inputs of the page, changed, sent."""

    def __init__(self, browser, version):
        self.browser, self.version = browser, version
        self.url = reverse("studies:edit_scheme", args=[version.study_id, version.pk])
        self.look()

    def look(self, **query):
        self.read(self.browser.get(self.url, query))

    def read(self, response):
        self.status, self.text = response.status_code, response.content.decode()
        self.step = response.context["step"] if response.context else None

    def typed(self):
        """What the page's form holds, as a browser would send it."""
        found = {
            "seen": self.step.seen,
            "question": "" if self.step.chosen is None else str(self.step.chosen),
            "document": self.step.json,
        }

        def fill(fields):
            for one in fields:
                if one.shape in ("words", "texts"):
                    found.update({at: text for _language, at, text, _wrong in one.value})
                elif one.shape == "boxes":
                    found[one.at] = [word for word, _name in one.options if word in one.value]
                elif one.shape == "truth":
                    if one.value:
                        found[one.at] = "on"
                elif one.shape in ("members", "part"):
                    fill(one.fields)
                    for member in one.members:
                        fill(member.fields)
                else:
                    found[one.at] = "" if one.value is None else one.value

        for group in self.step.fields.values():
            fill(group)
        if self.step.chosen is None:
            found["languages"] = self.step.languages
        return found

    def send(self, act="", **changes):
        self.read(
            self.browser.post(
                self.url, self.typed() | {"act": act} | {k.replace("__", "/"): v for k, v in changes.items()}
            )
        )
        return self

    def stored(self):
        return SchemeVersion.objects.get(pk=self.version.pk).form


@pytest.fixture
def page(browsers, draft):
    return Page(browsers["mia"], draft)


@pytest.mark.parametrize("name", gallery.NAMES)
def test_sending_every_question_as_it_is_shown_changes_nothing(cast, browsers, name):
    version = schemes.create_scheme(actor=cast.mia, study=cast.ours.study, name=name, document=gallery.load(name))
    page = Page(browsers["mia"], version)
    before = version.form
    page.send()
    for n in range(len(before["questions"])):
        page.send(f"choose:/questions/{n}")
        page.send()
        assert page.status == 200, page.step.problems
        assert page.step.chosen == n
    assert page.stored() == before
    assert not AuditEvent.objects.filter(verb="labeling.scheme.changed").exists()


def test_a_word_that_is_changed_is_stored_and_written_down(page):
    page.send("choose:/questions/0")
    page.send(**{"/questions/0/prompt/en": "What does the caller appear to express?"})
    assert page.stored()["questions"][0]["prompt"]["en"] == "What does the caller appear to express?"
    assert AuditEvent.objects.filter(verb="labeling.scheme.changed").count() == 1
    assert "Draft stored" in page.text


@pytest.mark.parametrize("kind", editing.KINDS)
def test_a_question_of_every_kind_is_added_previewed_and_taken_away(page, kind):
    before = page.stored()
    page.send("question:", kind=kind)
    assert page.status == 200, page.step.problems
    assert [one["kind"] for one in page.stored()["questions"]] == [*(one["kind"] for one in before["questions"]), kind]
    assert page.step.preview[-1]["type"] == kind
    page.send(f"remove:/questions/{len(before['questions'])}")
    assert page.stored() == before


def test_labels_come_by_name_and_from_a_vocabulary_move_and_go(page):
    page.send("question:", kind="choice")
    at = f"/questions/{page.step.chosen}/labels"
    page.send(f"label:{at}", **{f"name:{at}": "Verwunderung"})
    page.send(f"terms:{at}", **{f"vocabulary:{at}": "ekman-6"})
    page.send(f"up:{at}/2")
    page.send(f"remove:{at}/2")
    ids = [one["id"] for one in page.stored()["questions"][-1]["labels"]]
    assert ids[:2] == ["first", "verwunderung"]
    assert len(ids) == 8
    question = page.version.questions.get(key=page.stored()["questions"][-1]["id"])
    assert [one.code for one in Label.objects.filter(question=question).order_by("position")] == ids


def test_what_is_not_complete_yet_is_kept_in_the_page_and_not_stored(page):
    before = page.stored()
    page.send("question:", kind="choice")
    complete = page.stored()
    at = f"/questions/{page.step.chosen}/labels"
    page.send(f"remove:{at}/0")
    assert page.status == 422
    assert "1; 2 to 500 are allowed" in page.text.replace("has 1 members", "1")
    assert page.stored() == complete != before
    page.send(f"label:{at}", **{f"name:{at}": "third"})
    assert page.status == 200
    assert [one["id"] for one in page.stored()["questions"][-1]["labels"]] == ["second", "third"]


def test_a_number_that_is_none_is_told_beside_its_input(page):
    page.send("question:", kind="scale")
    at = f"/questions/{page.step.chosen}/range/maximum"
    page.send(**{at: "nine"})
    assert page.status == 422
    assert re.search(rf'name="{at}"[^>]*value="nine"', page.text)
    assert "Here belongs a number, not a text." in page.text
    page.send(**{at: "7"})
    assert page.status == 422
    assert "anchor" in page.text.lower()
    for odd in ("nan", "inf", "1e400"):
        page.send(**{at: odd})
        assert page.status == 422
    page.send(**{at: "9"})
    assert page.status == 200


def test_two_people_at_one_draft_the_second_is_asked(page, browsers, cast):
    page.send("choose:/questions/0")
    other = Page(browsers["mia"], page.version)
    other.send("choose:/questions/0")
    other.send(**{"/questions/0/prompt/en": "Theirs"})
    page.send(**{"/questions/0/prompt/en": "Mine"})
    assert "Somebody else has stored this draft" in page.text
    assert page.stored()["questions"][0]["prompt"]["en"] == "Theirs"
    page.send("keep-mine")
    assert page.stored()["questions"][0]["prompt"]["en"] == "Mine"


def test_a_condition_is_chosen_from_the_questions_before_and_one_of_many_parts_is_kept(page):
    page.send("question:", kind="yes_no")
    page.send("question:", kind="text")
    n = page.step.chosen
    asked = page.stored()["questions"][n - 1]["id"]
    page.send(**{f"/questions/{n}/asked_if": f"said {asked} yes"})
    assert page.stored()["questions"][n]["asked_if"] == {"test": "said", "question": asked}
    both = {"test": "all", "conditions": [{"test": "said", "question": asked}, {"test": "answered", "question": asked}]}
    document = editing.put(page.stored(), f"/questions/{n}/asked_if", both)
    schemes.change_version(actor=None, version=page.version, document=document)
    page.look(question=n)
    page.send(**{f"/questions/{n}/hint/en": "Other words"})
    assert (
        page.stored()["questions"][n]["asked_if"] == form.document_of(form.read(document))["questions"][n]["asked_if"]
    )


def test_another_language_fills_every_text_and_says_it_is_no_translation(browsers, cast):
    document, _id = editing.add_question(
        {
            "format": "affect.scheme",
            "format_version": 1,
            "id": "one",
            "name": {"en": "One"},
            "languages": ["en"],
            "questions": [],
        },
        "choice",
    )
    page = Page(browsers["mia"], schemes.create_scheme(actor=cast.mia, study=cast.ours.study, document=document))
    page.send(languages="en, de")
    stored = page.stored()
    assert stored["languages"] == ["en", "de"]
    assert stored["questions"][0]["labels"][0]["name"] == {"en": "first label", "de": "first label"}
    assert [one["status"] for one in stored["translations"]] == ["unvalidated translation"]
    page.send(languages="en")
    assert page.stored() == form.document_of(form.read(document)) | {"questions": page.stored()["questions"]}
    assert "translations" not in page.stored()


def test_changing_a_validated_anchor_gives_a_warning(page):
    page.send("question:", kind="trace")
    assert not page.step.warnings
    page.send(**{f"/questions/{page.step.chosen}/axes/0/low/en": "calm"})
    assert page.status == 200
    assert "The validated anchor of arousal is" in page.text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"format": "affect.scheme",', "Line 1, column 28"),
        ('{\n "format": "affect.scheme",\n "format": "x"}', "twice"),
        ("[]", "A scheme is an object"),
        ('{"questions": [1]}', "A question is an object."),
        ("", "This is no JSON"),
    ],
)
def test_json_that_is_no_scheme_is_told_with_its_place_and_stays_in_the_box(page, text, place):
    before = page.stored()
    page.read(page.browser.post(page.url, {"text": text, "seen": page.step.seen}))
    assert page.status == 422
    assert place in page.text
    assert page.stored() == before


def test_json_is_stored_when_it_is_a_scheme(page):
    document = editing.put(page.stored(), "/questions/0/prompt/en", "By hand")
    page.read(page.browser.post(page.url, {"text": json.dumps(document, indent=1), "seen": page.step.seen}))
    assert page.status == 200
    assert page.stored()["questions"][0]["prompt"]["en"] == "By hand"


@pytest.mark.parametrize(
    "act",
    [
        "up:/questions/99",
        "remove:/format",
        "remove:/questions",
        "member:/nowhere/0",
        "part:/questions/0/labels/x",
        "label:/id",
        "choose:/questions/abc",
        "terms:/questions/0/labels",
    ],
)
def test_an_act_reaches_no_place_that_the_form_does_not_offer(page, act):
    page.send("choose:/questions/0")
    before = page.stored()
    page.send(act, **{"name:/id": "x", "vocabulary:/questions/0/labels": "no-such"})
    assert page.status == 200
    assert page.stored() == before


def test_a_version_in_use_is_not_edited_and_its_next_version_begins_as_its_copy(browsers, cast, draft):
    schemes.freeze(actor=cast.mia, version=draft)
    url = reverse("studies:edit_scheme", args=[draft.study_id, draft.pk])
    assert browsers["mia"].get(url).status_code == 302
    assert browsers["mia"].post(url, {"text": "{}"}).status_code == 302
    begin = reverse("studies:begin_scheme_version", args=[draft.study_id, draft.pk])
    there = browsers["mia"].post(begin)
    following = SchemeVersion.objects.get(scheme=draft.scheme, number=2)
    assert there.url == reverse("studies:edit_scheme", args=[draft.study_id, following.pk])
    assert browsers["mia"].post(begin).url == there.url  # a draft that is there is gone on with
    page = Page(browsers["mia"], following)
    page.send("choose:/questions/0")
    page.send(**{"/questions/0/prompt/en": "Other"})
    assert "What is different from version 1" in page.text


def test_a_draft_that_a_campaign_opens_with_meanwhile_is_not_changed(page, cast):
    page.send("choose:/questions/0")
    schemes.freeze(actor=cast.mia, version=page.version)
    before = page.stored()
    assert page.browser.post(page.url, page.typed() | {"/questions/0/prompt/en": "late"}).status_code == 302
    assert page.stored() == before


# beginning -------------------------------------------------------------------------------------------------------------


def begin(browser, study, **sent):
    return browser.post(reverse("studies:new_scheme", args=[study.pk]), sent)


@pytest.mark.parametrize("name", gallery.NAMES)
def test_a_scheme_of_the_gallery_is_taken(browsers, cast, name):
    assert name in browsers["mia"].get(reverse("studies:new_scheme", args=[cast.ours.study.pk])).content.decode()
    assert begin(browsers["mia"], cast.ours.study, begin=name).status_code == 302
    version = SchemeVersion.objects.latest("created_at")
    assert [one["id"] for one in version.form["questions"]] == [one.id for one in gallery.load(name).questions]


def test_one_begins_with_a_question_or_with_a_file(browsers, cast):
    assert begin(browsers["mia"], cast.ours.study, name="From nothing").status_code == 302
    assert begin(browsers["mia"], cast.ours.study).status_code == 422
    file = SimpleUploadedFile("x.json", gallery.text_of("laughter").encode())
    assert begin(browsers["mia"], cast.ours.study, begin="file", name="From a file", file=file).status_code == 302
    assert (
        begin(browsers["mia"], cast.ours.study, begin="laughter", name="From a file").status_code == 422
    )  # the name is taken


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"a":', "Line 1"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"{}", "missing"),
        (b" " * 2_000_001, "at most 2 MB"),
    ],
)
def test_a_file_that_is_no_scheme_is_refused_with_its_place(browsers, cast, content, sentence):
    answer = begin(browsers["mia"], cast.ours.study, begin="file", file=SimpleUploadedFile("x.json", content))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


@pytest.mark.parametrize("who", ["ana", "ben", "anonymous"])
def test_only_those_who_run_campaigns_edit(browsers, draft, who):
    url = reverse("studies:edit_scheme", args=[draft.study_id, draft.pk])
    assert browsers[who].get(url).status_code in (302, 403, 404)
    assert browsers[who].post(url, {"text": "{}"}).status_code in (302, 403, 404)
    assert SchemeVersion.objects.get(pk=draft.pk).form == draft.form
