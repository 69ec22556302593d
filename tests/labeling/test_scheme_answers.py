"""Every kind of question: what is sent comes back as it was, what is wrong is told as affect.schemes tells it, and words are sealed."""

import itertools
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affect.schemes import check, form, gallery
from affect.schemes import model as asking
from affect.schemes.controls import SIDES
from affect.schemes.findings import SENTENCES as CHECKED
from affect.schemes.problems import Problem
from core.errors import Invalid
from labeling.models import Annotation, Answer, Question, Segment, Trace
from labeling.services import annotations, campaigns, kept, queue, schemes, values
from labeling.services.annotations import Imported
from labeling.services.sentences import SENTENCES, code_of
from tests.affect import scheme_strategies
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
VECTORS = json.loads((Path(__file__).parents[1] / "affect" / "vectors" / "scheme_checks.json").read_text("utf-8"))
MEDIA = (0, factories.CLIP_US)
NO_TRACE = str(UUID(int=7))


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path):
    settings.CONCORD_KEYS = tmp_path / "keys"


def defined(study, document) -> schemes.Definition:
    version = schemes.create_scheme(actor=None, study=study, name=str(uuid4()), document=document)
    return schemes.definition(version.pk)


# the same decision -----------------------------------------------------------------------------------------------------


def of_trace(asked: schemes.Definition, key: str) -> bool:
    return key in asked.questions and asked.questions[key].kind == Question.Kind.TRACE


def sent(asked: schemes.Definition, answers: dict) -> tuple[dict, dict]:
    """Answers as they travel, with an id in the place of a trace's samples, and the samples by question."""
    traced = {
        key: one["value"]
        for key, one in answers.items()
        if of_trace(asked, key) and isinstance(one, dict) and "value" in one
    }
    return {
        key: {**one, "value": {"trace": NO_TRACE}} if key in traced else one for key, one in answers.items()
    }, traced


@pytest.mark.parametrize("name", sorted(VECTORS["schemes"]))
def test_the_service_says_of_every_vector_what_the_checker_says(name):
    """By code and question; where nothing is wrong the answers are taken as they were sent."""
    asked = defined(factories.study(), VECTORS["schemes"][name])
    mine = [case for case in VECTORS["cases"] if case["scheme"] == name]
    # What stands around the answers (the media, the items, the object itself) is made by the service, not sent.
    mine = [case for case in mine if all(one["at"].startswith("/answers/") for one in case["problems"])]
    assert mine
    for case in mine:
        given = case["given"]
        media, items = given.get("media"), given.get("items", [])
        answers, traced = sent(asked, given.get("answers", {}))
        shown = values.Shown((media["start_us"], media["end_us"]) if media else None, items, traced)
        wanted = [(one["code"], one["at"]) for one in case["problems"]]
        said, refused = taken(asked, answers, shown)
        assert [(one["code"], one["at"]) for one in (refused.facts["problems"] if refused else ())] == wanted, case
        if refused is None:
            assert list(said) == [key for key in asked.questions if key in answers]
            continue
        expected = check(asked.form, given)[0].facts.get("expected")
        assert refused.code == code_of(Problem(*wanted[0], "", {"expected": expected}))
        assert {name.split(".", 1)[1] for name in refused.fields} == {
            at.split("/")[2].replace("~1", "/") for _code, at in wanted
        }


def taken(asked, answers, shown) -> tuple[dict, Invalid | None]:
    try:
        return values.check_answers(asked, answers, shown), None
    except Invalid as refused:
        return {}, refused


def test_every_code_of_the_checker_has_a_sentence():
    assert set(CHECKED) - set(SENTENCES) == {"wrong_form", "unknown_field"}  # which have several, or one for all
    for code in CHECKED:
        facts = dict.fromkeys(("count", "minimum", "maximum", "items"), 1)
        assert values.sentence_of(Problem(code, "/answers/q", "", facts))


# there and back --------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12).filter(str.strip)


def number(draw, range_: asking.Range) -> float:
    if range_.step:
        steps = round((range_.maximum - range_.minimum) / range_.step)
        return range_.minimum + range_.step * draw(st.integers(0, steps))
    return draw(st.floats(range_.minimum, range_.maximum, allow_nan=False))


def label(draw, one: asking.Label, intensity=None) -> dict:
    told = {"label": one.id} | ({"text": draw(TEXT)} if one.free_text else {})
    return told | ({"intensity": number(draw, intensity)} if intensity else {})


def several(draw, labels, least: int, most: int) -> list[asking.Label]:
    if alone := [one for one in labels if one.exclusive]:
        if least <= 1 and draw(st.booleans()):
            return [draw(st.sampled_from(alone))]
        labels = [one for one in labels if not one.exclusive] or alone[:1]
    most = min(most, len(labels))
    return draw(
        st.lists(st.sampled_from(labels), min_size=min(least, most), max_size=most, unique_by=lambda one: one.id)
    )


def value(draw, question: asking.Question):
    if isinstance(question, asking.Choice):
        return [
            label(draw, one, question.intensity)
            for one in several(draw, question.labels, question.minimum, question.maximum)
        ]
    if isinstance(question, asking.Wheel):
        hub, ring = {one.id for one in question.centre}, asking.Range(minimum=1, maximum=question.rings, step=1)
        chosen = several(draw, (*question.labels, *question.centre), question.minimum, question.maximum)
        return [label(draw, one, None if one.id in hub else ring) for one in chosen]
    if isinstance(question, asking.PrimarySecondary):
        first = draw(
            st.sampled_from([one for one in question.labels if not question.primary or one.id in question.primary])
        )
        rest = [one for one in question.labels if question.primary_again or one.id != first.id]
        others = several(draw, rest, question.minimum, question.maximum)
        return {
            "primary": label(draw, first, question.intensity),
            "secondary": [label(draw, one, question.intensity) for one in others],
        }
    if isinstance(question, asking.Scale):
        return number(draw, question.range)
    if isinstance(question, asking.Grid):
        return [
            number(draw, asking.Range(minimum=one.minimum, maximum=one.maximum, step=question.step))
            for one in (question.x, question.y)
        ]
    if isinstance(question, asking.FreeText):
        return draw(
            TEXT.filter(lambda text: question.minimum <= len(text.strip()) <= question.maximum and "\n" not in text)
        )
    if isinstance(question, asking.YesNo):
        return draw(st.booleans())
    if isinstance(question, asking.ActionUnits):
        told = []
        for one in several(draw, question.labels, question.minimum, question.maximum):
            grade = question.intensity == "required" or (question.intensity == "optional" and draw(st.booleans()))
            told.append(label(draw, one) | ({"intensity": draw(st.sampled_from(asking.GRADES))} if grade else {})
                        | ({"side": draw(st.sampled_from(SIDES))} if question.sides and draw(st.booleans()) else {}))  # fmt: skip
        return told
    return [one for tier in question.tiers for one in segments(draw, tier)]


def segments(draw, tier: asking.Tier) -> list[dict]:
    """A tier without gaps: segments side by side through the whole clip, as many as are due."""
    count = max(
        tier.minimum, draw(st.integers(1, 3)), -(-MEDIA[1] // (tier.longest_us or MEDIA[1])) if tier.longest_us else 1
    )
    edges = [MEDIA[1] * at // count for at in range(count + 1)]
    told = []
    for start, end in itertools.pairwise(edges):
        one = {"tier": tier.id, "start_us": start, "end_us": end}
        one |= label(draw, draw(st.sampled_from(tier.labels))) if tier.labels else {"text": draw(TEXT)}
        if tier.grades:
            one["intensity"] = draw(st.sampled_from(asking.GRADES))
        elif tier.intensity:
            one["intensity"] = number(draw, tier.intensity)
        if tier.apex and draw(st.booleans()):
            one["apex_us"] = draw(st.integers(start, end - 1))
        told.append(one)
    return told


def answers(draw, scheme: asking.Scheme) -> dict:
    """Answers to all that is asked of a clip, in any way that is offered; traces are answered in samples, elsewhere."""
    told: dict = {}
    held: dict = {}
    for question in scheme.questions:
        if question.asked_if is not None and not question.asked_if.holds(held):
            continue
        ways = ["value"] + ["cannot_tell"] * question.cannot_tell + ["skip"] * bool(question.skip)
        way = draw(st.sampled_from(ways))
        if way == "value":
            told[question.id] = {
                "value": {"trace": NO_TRACE} if isinstance(question, asking.Trace) else value(draw, question)
            }
            held[question.id] = told[question.id]["value"]
            if question.confidence and (question.confidence_required or draw(st.booleans())):
                told[question.id]["confidence"] = number(draw, question.confidence)
        elif way == "skip":
            reason = draw(st.sampled_from(question.skip))
            told[question.id] = {"skip": {"reason": reason.id} | ({"text": draw(TEXT)} if reason.free_text else {})}
        else:
            told[question.id] = {"cannot_tell": True}
    return told


def curve(question: asking.Trace) -> tuple[list[int], list[float]]:
    axis = question.axes[0]
    middle = 0.0 if axis.minimum is None else (axis.minimum + axis.maximum) / 2
    times = list(range(0, MEDIA[1], min(40_000, question.longest_step_us)))
    return times, [middle] * len(times)


def flat(scheme: asking.Scheme) -> bool:
    """Whether the app can store everything it asks: items are not compared yet, and traces have one dimension."""
    return not any(
        isinstance(one, asking.Comparison) or (isinstance(one, asking.Trace) and len(one.axes) > 1)
        for one in scheme.questions
    )


def there_and_back(draw, study, item, rater, scheme: asking.Scheme) -> None:
    """One set of answers through the tables: stored by the service that imports, read as pages and programs read it."""
    asked = defined(study, scheme)
    said = answers(draw, scheme)
    traced = {
        key: curve(asked.questions[key].form) for key, one in said.items() if of_trace(asked, key) and "value" in one
    }
    confident = {key: one for key, one in said.items() if key in traced and "confidence" in one}
    documents = {
        key: {"times_us": times, "values": numbers, **device(asked.questions[key].form)}
        for key, (times, numbers) in traced.items()
    }
    checked = values.check_answers(asked, said, values.Shown(MEDIA, traces=documents))
    made = Annotation.objects.create(
        item=item,
        campaign=CAMPAIGN[0],
        annotator=rater,
        scheme_version_id=asked.version_id,
        client_id=uuid4(),
        current=False,
    )
    kept.write([(made, checked)], asked, study_id=study.pk)
    for key, (times, numbers) in traced.items():
        Trace.objects.create(
            annotation=made, question_id=asked.questions[key].id, client_id=UUID(NO_TRACE), state="packed", samples=len(times)
        )  # fmt: skip
        assert numbers
    back = annotations.answers_of(Annotation.objects.get(pk=made.pk))
    assert list(back) == list(said)
    assert back == {key: settled(one) for key, one in said.items()}
    assert json.loads(json.dumps(back)) == back
    assert all("confidence" in back[key] for key in confident)
    assert values.check_answers(asked, back, values.Shown(MEDIA, traces=documents)) == back  # what was read can be sent
    for row in (*Answer.objects.filter(annotation=made), *Segment.objects.filter(annotation=made)):
        assert not row.text or row.text not in json.dumps(said, ensure_ascii=False).encode()


def device(question: asking.Trace) -> dict:
    return {"device": question.devices[0]} if question.devices else {}


def settled(answer: dict) -> dict:
    """Segments come back in the order of time."""
    value = answer.get("value")
    if isinstance(value, list) and value and isinstance(value[0], dict) and "tier" in value[0]:
        order = sorted(
            value,
            key=lambda one: (one["start_us"], one["end_us"], one["tier"], one.get("label", ""), one.get("text", "")),
        )
        return {**answer, "value": order}
    return answer


CAMPAIGN: list = []


@pytest.fixture
def stage():
    scene = factories.scene(n=1)
    CAMPAIGN[:] = [scene.campaign]
    rater = campaigns.add_annotator_without_account(actor=scene.mia, study=scene.study, code="r")
    return scene.study, scene.items[0], rater


FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", [name for name in gallery.NAMES if flat(gallery.load(name))])
@FEW
@given(data=st.data())
def test_answers_to_the_gallery_come_back_as_they_were_sent(name, data, stage):
    there_and_back(data.draw, *stage, gallery.load(name))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_answers_to_any_scheme_come_back_as_they_were_sent(data, stage):
    scheme = data.draw(scheme_strategies.schemes().filter(flat).filter(answerable))
    there_and_back(data.draw, *stage, scheme)


def answerable(scheme: asking.Scheme) -> bool:
    """Leaves out what a drawn scheme makes hard to answer by luck: segments that must be shorter than can be drawn."""
    tiers = [tier for one in scheme.questions if isinstance(one, asking.Segments) for tier in one.tiers]
    return all(tier.longest_us is None or tier.longest_us >= MEDIA[1] for tier in tiers)


def test_every_kind_is_among_those_that_go_there_and_back():
    kinds = {
        question.KIND for name in gallery.NAMES if flat(gallery.load(name)) for question in gallery.load(name).questions
    }
    assert kinds >= set(Question.Kind.values) - {"comparison", "grid"}, "the rest is drawn"


# through the front door -------------------------------------------------------------------------------------------------


def test_a_gallery_scheme_is_answered_through_the_service_and_imported_alike():
    scene = factories.scene(n=2)
    version = schemes.create_scheme(
        actor=scene.mia, study=scene.study, document=schemes.from_gallery("msp-podcast-style")
    )
    campaign = campaigns.create_campaign(
        actor=scene.mia, study=scene.study, name="MSP", scheme_version=version, overlap=2
    )
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[one.pk for one in scene.items])
    campaigns.add_annotator(actor=scene.mia, campaign=campaign, user=scene.ana)
    campaign = campaigns.open_campaign(actor=scene.mia, campaign=campaign)
    asked = schemes.definition(version.pk)

    @settings(max_examples=1, deadline=None, database=None)
    @given(data=st.data())
    def drawn(data):
        found.append(answers(data.draw, asked.form))

    found: list[dict] = []
    drawn()
    one = queue.next_assignment(scene.ana, campaign)
    made = annotations.submit_annotation(actor=scene.ana, assignment=one, client_id=one.client_id, answers=found[0])
    rater = campaigns.add_annotator_without_account(actor=scene.mia, study=scene.study, code="r02")
    rows = [Imported(one.item_id, rater.pk, found[0])]
    assert annotations.import_annotations(actor=scene.mia, campaign=campaign, rows=rows) == 1
    imported = Annotation.objects.get(campaign=campaign, annotator=rater)
    assert annotations.answers_of(made) == annotations.answers_of(imported) == found[0]
    assert form.read(version.form) == asked.form
