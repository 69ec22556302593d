"""A worker killed with -9 at any place of its work: another takes over, it ends right, and nothing is there twice.

Every place is compared with the same work undisturbed: the rows of every table, the files of the store, the keys.
"""

import pytest

PLACES = {
    "prelabel": [
        "before:2:inference.services.prelabel.store",
        "before:2:inference.services.prelabel.hand_down",
        "after:2:inference.services.prelabel.hand_down",
        "after:1:inference.services.prelabel._conclude",
    ],
    "publish": [
        "after:1:datasets.services.publish._freeze",
        "after:1:core.bulk.insert",
        "after:1:datasets.services.publish._release",
    ],
    "package": [
        "before:1:consent.assets.places.write",
        "after:1:consent.assets.places.write",
        "after:1:consent.assets.store",
        "after:1:datasets.services.delivery.prepare",
    ],
    "gold": ["after:1:core.bulk.insert", "after:1:labeling.services.gold.fuse"],
    "read": [
        "after:1:labeling.media.proxy.index",
        "after:1:consent.assets.places.write",
        "after:1:labeling.services.media.proxy_of",
        "before:2:labeling.services.media.read_track",
        "after:1:labeling.services.media._read_signal",
        "before:1:labeling.services.media._conclude",
    ],
    "erase": [
        "after:1:consent.services.erasure._tombstone",
        "after:1:inference.holdings.erase",
        "after:1:labeling.holdings.erase",
        "after:1:consent.keys.destroy_assets",
        "after:1:consent.assets.places.delete",
        "after:1:consent.assets.erase",
        "before:1:consent.keys.destroy_participant",
        "before:1:consent.services.erasure._finish",
        "after:1:consent.services.erasure._finish",
    ],
    "copy": ["after:1:consent.assets.places.write", "after:1:consent.assets.store"],
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def street(request, tmp_path_factory):
    """Houses of one kind of database."""
    return Street(request, tmp_path_factory)


class Street:
    """For every kind of job a house in which one waits, made once and copied; and what is there when nobody is killed."""

    def __init__(self, request, folders):
        self.build = request.getfixturevalue(request.param)
        self.folders, self.made = folders, {}

    def waiting(self, kind):
        if kind not in self.made:
            house = self.build(self.folders.mktemp(kind))
            job = house.run("make", kind)["job"]
            self.made[kind] = house, job, ended(house.copy(self.folders.mktemp(kind)), job, attempt=1)
        house, job, expected = self.made[kind]
        return house.copy(self.folders.mktemp(kind)), job, expected


def ended(house, job, attempt):
    told = house.run("end", job)
    assert (told.pop("state"), told.pop("attempt"), told.pop("code")) == ("done", attempt, "")
    del told["result"]
    return told


# The first and the last place of each kind in every run; those between take minutes and are make test-long's.
EVERYWHERE = [
    pytest.param(kind, place, marks=[] if place in (places[0], places[-1]) else pytest.mark.long)
    for kind, places in PLACES.items()
    for place in places
]


@pytest.mark.parametrize(("kind", "place"), EVERYWHERE)
def test_a_job_killed_at_any_place_is_taken_over_and_ends_right(kind, place, street):
    house, job, expected = street.waiting(kind)
    assert house.killed("run", job, place), "it never came to that place"
    assert ended(house, job, attempt=2) == expected
