"""Marks keep labels apart for eyes of every kind: measured with CIEDE2000 on simulated dichromacy."""

from itertools import combinations

import pytest

from affect import vocabularies
from affect.schemes.colour import DEFICIENCIES, apart, contrast, difference, linear, seen
from affect.schemes.marks import COLOURS, DARK_GROUND, LIGHT_GROUND, MAX_LABELS, mark_all
from affect.schemes.model import SHAPES, Label, Mark

# Far beyond a difference that is only just seen (about 1 to 2.3).
LEAST = 19.0
# Of the 34 pairs that Sharma, Wu & Dalal publish for checking implementations.
SHARMA = (
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((50.0, 2.5, 0.0), (56.0, -27.0, -3.0), 31.9030),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


@pytest.mark.parametrize(("one", "other", "published"), SHARMA)
def test_the_colour_difference_is_that_of_the_published_pairs(one, other, published):
    assert difference(one, other) == pytest.approx(published, abs=5e-5)
    assert difference(other, one) == pytest.approx(published, abs=5e-5)


def test_the_simulation_leaves_grey_alone_and_brings_red_and_green_together():
    for kind in DEFICIENCIES:
        assert seen("#808080", kind) == pytest.approx(seen("#808080"), abs=0.01)
    red, green = "#c0392b", "#5d8a1f"
    normal = difference(seen(red), seen(green))
    for kind in ("protanopia", "deuteranopia"):
        assert difference(seen(red, kind), seen(green, kind)) < normal / 2
    assert difference(seen(red, "tritanopia"), seen(green, "tritanopia")) > normal / 2


@pytest.mark.parametrize(("ground", "which"), [(LIGHT_GROUND, 0), (DARK_GROUND, 1)])
def test_the_colours_lie_apart_for_all_eyes_and_stand_out_from_the_ground(ground, which):
    colours = [pair[which] for pair in COLOURS]
    assert min(apart(one, other) for one, other in combinations(colours, 2)) >= LEAST
    assert min(contrast(colour, ground) for colour in colours) >= 3
    assert all(linear(colour) for colour in colours)


def test_the_measure_would_see_a_palette_that_fails():
    assert apart("#e41a1c", "#4daf4a") < LEAST


@pytest.mark.parametrize("vocabulary_id", [one for one in vocabularies.VOCABULARIES if len(vocabularies.load(one)) > 1])
def test_labels_of_every_vocabulary_get_marks_that_differ_in_colour_or_shape_and_always_in_text(vocabulary_id):
    labels = [Label(id=term.id, name=term.names) for term in vocabularies.load(vocabulary_id).terms]
    assert len(labels) <= MAX_LABELS
    done = mark_all(labels, "en")
    for one, other in combinations(done, 2):
        for which in ("light", "dark"):
            far = apart(getattr(one.mark, which), getattr(other.mark, which)) >= LEAST
            assert far or one.mark.shape != other.mark.shape
    texts = {label.mark.text.casefold() for label in done}
    assert len(texts) == len(done)
    assert all(1 <= len(text) <= 4 for text in texts)
    if len(done) <= len(COLOURS):
        assert len({label.mark.light for label in done}) == len({label.mark.shape for label in done}) == len(done)


def test_a_mark_that_is_there_is_kept_and_not_given_again():
    own = Mark(light=COLOURS[0][0], dark=COLOURS[0][1], shape=SHAPES[0], text="An")
    labels = [
        Label(id="fear", name={"en": "fear"}),
        Label(id="anger", name={"en": "anger"}, mark=own),
        Label(id="angst", name={"en": "angst"}),
    ]
    done = mark_all(labels, "en")
    assert done[1] is labels[1]
    assert len({(label.mark.light, label.mark.shape) for label in done}) == 3
    assert [label.mark.text for label in done] == ["Fe", "An", "Ag"]
    again = mark_all(done, "en")
    assert again == done


def test_labels_beyond_all_colours_and_shapes_still_have_a_text_of_their_own():
    labels = [Label(id=f"x{'a' * (at % 7)}-{at}-x", name={"en": "same"}) for at in range(MAX_LABELS + 20)]
    done = mark_all(labels, "en")
    assert len({label.mark.text for label in done}) == len(labels)
