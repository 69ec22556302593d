"""The study's page of schemes: what every version asks, of every kind, and each version as the file it is."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from affect.schemes import gallery, loads
from labeling.services import schemes
from labeling.views.schemes import described

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def versions(cast):
    """A version of every scheme of the gallery in the cast's study."""
    return {
        name: schemes.create_scheme(actor=cast.mia, study=cast.ours.study, document=schemes.from_gallery(name))
        for name in ("action-units", "recola-style", "msp-podcast-style", "laughter", "therapy-session")
    }


def test_the_page_tells_what_is_asked(cast, browsers, versions):
    answer = browsers["rhea"].get(reverse("studies:schemes", args=[cast.ours.study.pk]))
    page = " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
    for name in versions:
        for question in described(gallery.load(name)):
            assert " ".join(question["prompt"].split()) in page, (name, question["prompt"])
            for words in (
                *question["values"],
                *question["rules"],
                *(rule for group in question["groups"] for rule in group["rules"]),
            ):
                assert " ".join(words.split()) in page, (name, words)


@pytest.mark.parametrize("name", gallery.NAMES)
def test_every_question_of_the_gallery_is_described(name):
    told = described(gallery.load(name))
    assert [one["id"] for one in told] == [one.id for one in gallery.load(name).questions]
    assert all(one["prompt"] and one["kind"] for one in told)
    assert all(one["groups"] or one["values"] for one in told)


def test_a_version_is_given_as_the_file_that_it_is(cast, browsers, versions):
    version = versions["laughter"]
    answer = browsers["rhea"].get(reverse("studies:scheme_file", args=[cast.ours.study.pk, version.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="laughter-segments-1.json"'
    assert json.loads(answer.content) == version.form
    read = loads(answer.content.decode())
    assert schemes.create_scheme(actor=None, study=cast.ours.study, name="Again", document=read).form == version.form


def test_a_version_of_another_study_is_not_there(cast, browsers, versions):
    for study, version in (
        (cast.ours.study.pk, cast.theirs.campaign.scheme_version_id),
        (cast.theirs.study.pk, cast.theirs.campaign.scheme_version_id),
        (cast.theirs.study.pk, versions["laughter"].pk),
    ):
        assert browsers["mia"].get(reverse("studies:scheme_file", args=[study, version])).status_code == 404
