"""Two acts at the same moment, on each database: what the second finds is what the first left."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.labeling import real
from tests.robust import races


def race(house, name):
    argv = [sys.executable, races.__file__, name]
    ran = subprocess.run(argv, env=house.env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_an_answer_that_arrives_while_somebody_stops_is_not_kept(house):
    told = race(house, "stop_first")
    assert (told["first"], told["second"]) == ("done", "participant_withdrawn")
    assert (told["annotations"], told["state"], told["taken"], told["answered"]) == (0, "withdrawn", 0, 0)


def test_an_answer_that_was_first_is_counted_once_and_its_item_is_handed_out_no_more(house):
    told = race(house, "answer_first")
    assert (told["first"], told["second"]) == ("done", "done")
    assert (told["annotations"], told["state"]) == (1, "submitted")
    assert (told["taken"], told["answered"], told["open"]) == (1, 1, False)


def test_two_tabs_keep_both_answers_as_revisions_and_count_one(house):
    told = race(house, "two_tabs")
    assert (told["first"], told["second"]) == ("done", "done")
    assert (told["annotations"], told["current"], told["taken"], told["answered"]) == (2, 1, 1, 1)


def test_one_answer_sent_twice_at_once_is_stored_once(house):
    told = race(house, "same_answer_twice")
    assert (told["first"], told["second"]) == ("done", "done")
    assert (told["annotations"], told["current"], told["taken"], told["answered"]) == (1, 1, 1, 1)


def test_two_workers_on_one_signal_make_one_lane(house):
    told = race(house, "two_readings")
    assert told["told"] == ["done", "done"]
    assert (told["lanes"], told["assets"]) == (1, 1)


def test_two_who_publish_at_once_get_two_numbers(house):
    told = race(house, "two_publish")
    assert told["told"] == ["done", "done"]
    assert told["numbers"] == ["1.0", "1.1"]


@pytest.mark.long
def test_fifty_annotators_at_once_are_handed_nothing_too_often(house):
    def script(*words):
        argv = [sys.executable, real.__file__, *words]
        return subprocess.Popen(argv, env=house.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def told(process):
        out, _none = process.communicate(timeout=400)
        assert process.returncode == 0
        return json.loads(out.splitlines()[-1])

    made = told(script("make", "60", "3", "50"))
    crews = [script("work", made["campaign"], *users) for users in (made["users"][:25], made["users"][25:])]
    results = [told(crew) for crew in crews]
    assert [one["errors"] for one in results] == [[], []]
    stored = told(script("count", made["campaign"]))
    assert (stored["over"], stored["complete"]) == (0, 60)
    assert (len(stored["annotations"]), stored["answers"], stored["audited"]) == (180, 360, 180)
