"""Prosody on sounds whose loudness and pitch are known."""

import numpy as np
import pytest

from affect.signals.prosody import FLOOR_DB, RATE, prosody


def test_a_sine_then_a_pause_give_their_pitch_their_level_and_no_pitch():
    t = np.arange(RATE) / RATE
    sine = 0.5 * np.sin(2 * np.pi * 220 * t)

    found = prosody(np.concatenate([sine, np.zeros(RATE)]))

    sounding, silent = found.times_us < 900_000, found.times_us > 1_100_000
    assert np.nanmedian(found.pitch_hz[sounding]) == pytest.approx(220, abs=1)
    assert np.median(found.loudness_db[sounding]) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    assert np.isnan(found.pitch_hz[silent]).all()
    assert (found.loudness_db[silent] == FLOOR_DB).all()
    assert np.diff(found.times_us).tolist() == [10_000] * (len(found.times_us) - 1)


@pytest.mark.parametrize("samples", [np.zeros(10), np.zeros((2, 5000)), np.full(5000, np.nan)])
def test_what_cannot_be_heard_is_refused(samples):
    with pytest.raises(ValueError, match=r"sample"):
        prosody(samples)
