"""Keys made by the thousand are the keys that are made one by one."""

from __future__ import annotations

from uuid import UUID

from core import ids


def test_many_keys_are_uuids_of_version_7_in_rising_order():
    before = ids.new()
    made = ids.many(10_000)
    after = UUID(ids.many(1)[0])
    keys = [UUID(one) for one in made]
    assert {key.version for key in keys} == {7}
    assert {key.variant for key in keys} == {before.variant}
    assert made == sorted(set(made))
    milliseconds = [key.int >> 80 for key in (before, keys[0], after)]
    assert milliseconds == sorted(milliseconds)
    assert milliseconds[2] - milliseconds[0] < 60_000


def test_the_random_half_of_no_two_keys_is_the_same():
    made = [one[16:] for one in ids.many(10_000)]
    assert len(set(made)) == len(made)
    assert {one[0] for one in made} == set("89ab")


def test_no_keys_are_no_keys():
    assert ids.many(0) == []
