"""Columns of a signal: nothing that stands out is lost."""

import numpy as np

from labeling.media.lane import MOST_COLUMNS, columns


def test_one_spike_among_a_hundred_thousand_samples_is_seen():
    values = np.zeros(100_000)
    values[77_777] = 9.0
    found = columns(np.arange(100_000) * 10_000, values, 0, 1_000_000_000, 300)
    assert found["highs"].count(9.0) == 1
    assert found["maximum"] == 9.0


def test_a_hole_stays_a_hole_and_a_sparse_signal_stays_a_line():
    times = np.concatenate([np.arange(10) * 100_000, 5_000_000 + np.arange(10) * 100_000])
    found = columns(times, np.ones(20), 0, 6_000_000, 600)
    assert None not in found["lows"][:95]
    assert found["lows"][200] is None
    assert found["lows"][550] == 1.0


def test_outside_the_signal_there_is_nothing_and_columns_are_bounded():
    found = columns(np.array([0, 10]), np.array([1.0, 2.0]), 1_000_000, 2_000_000, 10_000_000)
    assert set(found["lows"]) == {None}
    assert len(found["lows"]) == MOST_COLUMNS
