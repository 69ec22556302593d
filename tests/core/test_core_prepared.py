"""Queries compiled once give what the querysets they were made from give."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import F, Value
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import Study
from core import access, ids
from core.errors import Forbidden
from core.models import ApiToken, User
from core.prepared import Prepared, PreparedUpdate
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def token(user: User, name: str, n: int = 1) -> ApiToken:
    return ApiToken.objects.create(
        user=user,
        name=name,
        digest=uuid4().bytes + bytes([n]),
        hint="abcd",
        expires_at=timezone.now() + timedelta(days=n),
    )


@pytest.fixture
def people():
    return [User.objects.create(email=f"{name}@lab.example", name=name.title()) for name in ("ana", "ben")]


OF = {"user": UUID}


def test_instances_come_with_their_related_ones_and_annotations(people):
    ana, ben = people
    mine, _other = token(ana, "mine"), token(ben, "other")
    asked = Prepared(
        lambda user: ApiToken.objects.filter(user_id=user).select_related("user").annotate(twice=Value(2)), **OF
    )
    (found,) = asked.all(user=ana.pk)
    assert found == mine
    assert (found.digest, found.expires_at, found.created_at) == (mine.digest, mine.expires_at, mine.created_at)
    assert found.twice == 2
    with CaptureQueriesContext(connection) as asked_again:
        assert found.user.email == "ana@lab.example"
    assert not asked_again.captured_queries
    assert not found._state.adding


def test_another_run_has_other_values_and_is_compiled_no_more(people):
    ana, ben = people
    token(ana, "a"), token(ben, "b")
    built = []

    def build(user):
        built.append(user)
        return ApiToken.objects.filter(user_id=user).values_list("name")

    asked = Prepared(build, **OF)
    assert [asked.all(user=one.pk) for one in (ana, ben, ana)] == [[("a",)], [("b",)], [("a",)]]
    assert len(built) == 1


def test_moments_numbers_and_texts_are_places_too(people):
    ana, _ben = people
    token(ana, "soon", 1), token(ana, "late", 9)
    by_time = Prepared(
        lambda until, name: ApiToken.objects.filter(expires_at__gt=until).exclude(name=name).values_list("name"),
        until=datetime, name=str,
    )  # fmt: skip
    now = timezone.now()
    assert by_time.all(until=now + timedelta(days=5), name="x") == [("late",)]
    assert by_time.all(until=now, name="late") == [("soon",)]
    assert sorted(by_time.all(until=now, name="' OR 1=1 --")) == [("late",), ("soon",)]


def test_first_is_none_when_there_is_none(people):
    asked = Prepared(lambda user: ApiToken.objects.filter(user_id=user)[:1], **OF)
    assert asked.first(user=ids.new()) is None


def test_an_update_changes_what_its_values_name_and_counts_it(people):
    ana, ben = people
    mine, other = token(ana, "mine"), token(ben, "other")
    renamed = PreparedUpdate(
        lambda user, name: (ApiToken.objects.filter(user_id=user), {"name": name, "hint": F("name")}),
        user=UUID,
        name=str,
    )
    assert renamed.run(user=ana.pk, name="better") == 1
    assert renamed.run(user=ids.new(), name="better") == 0
    mine.refresh_from_db(), other.refresh_from_db()
    assert (mine.name, mine.hint, other.name) == ("better", "mine", "other")


def test_a_value_that_the_query_does_not_use_is_refused(people):
    asked = Prepared(lambda user, moment: ApiToken.objects.filter(user_id=user), user=UUID, moment=datetime)
    with pytest.raises(TypeError, match="moment"):
        asked.all(user=people[0].pk, moment=timezone.now())


def test_a_value_that_is_missing_or_unknown_is_refused(people):
    asked = Prepared(lambda user: ApiToken.objects.filter(user_id=user), **OF)
    for given in ({}, {"user": people[0].pk, "more": 1}):
        with pytest.raises(TypeError, match="takes user"):
            asked.all(**given)


def test_prefetching_is_refused_rather_than_forgotten():
    asked = Prepared(lambda user: User.objects.filter(pk=user).prefetch_related("api_tokens"), **OF)
    with pytest.raises(TypeError, match="prefetches"):
        asked.all(user=ids.new())


def test_a_look_through_the_door_is_what_fetch_gives(people):
    dana, otto = people
    study = factories.study(owner=dana)
    held = access.Fetch("manage", Study.objects.all)
    assert held(dana, study.pk) == access.fetch(dana, "manage", Study.objects.all(), pk=study.pk) == study
    with pytest.raises(Http404):
        held(otto, study.pk)
    access.grant(otto, "auditor", study, actor=dana)
    with pytest.raises(Forbidden):
        held(otto, study.pk)
    with pytest.raises(Http404):
        held(AnonymousUser(), study.pk)


def test_a_person_who_left_sees_nothing_through_a_compiled_door(people):
    dana, _otto = people
    study = factories.study(owner=dana)
    held = access.Fetch("manage", Study.objects.all)
    assert held(dana, study.pk) == study
    access.revoke(dana, "owner", study, actor=None)
    with pytest.raises(Http404):
        held(dana, study.pk)
    access.grant(dana, "owner", study, actor=None)
    dana.is_active = False
    with pytest.raises(Http404):
        held(dana, study.pk)
