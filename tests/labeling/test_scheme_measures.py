"""What becomes of every kind of answer downstream: agreement, gold standards, pictures, datasets, access and erasure."""

import csv

import pytest

from affect.schemes.model import ActionUnits, Axis, Choice, Grid, PrimarySecondary, Range, Reason, Scale, Tier, YesNo
from affect.schemes.model import Segments as Timeline
from consent.services import consents
from consent.services import erasure as erasures
from datasets.services import package, verify
from labeling import holdings, pictures
from labeling.models import Answer, GoldStandard, Question
from labeling.services import agreement, annotations, campaigns, gold, ratings, schemes
from labeling.services.annotations import Imported
from tests.datasets import factories as datasets
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.CONCORD_KEYS, settings.CONCORD_LEDGER = tmp_path / "keys", tmp_path / "ledger"


def axis(name: str) -> Axis:
    return schemes.axis(name, 1, 9)


ASKED = [
    Choice(id="emotion", prompt={"en": "?"}, labels=factories.labels("joy", "fear", "anger"), cannot_tell=True,
           skip=(Reason(id="noise", name={"en": "Noise"}, free_text=True),), confidence=Range(minimum=0, maximum=1)),
    Choice(id="many", key="feelings", prompt={"en": "?"}, labels=(*factories.labels("joy", "fear", "anger"), *factories.labels("other", free_text=True)),
           maximum=3, intensity=Range(minimum=1, maximum=5, step=1)),
    PrimarySecondary(id="two", prompt={"en": "?"}, labels=factories.labels("joy", "fear", "anger")),
    YesNo(id="sarcasm", prompt={"en": "?"}),
    Scale(id="valence", prompt={"en": "?"}, look="slider", range=Range(minimum=0, maximum=10)),
    Grid(id="core", prompt={"en": "?"}, x=axis("valence"), y=axis("arousal")),
    ActionUnits(id="face", prompt={"en": "?"}, labels=factories.labels("au6", "au12"), sides=True, intensity="optional"),
    Timeline(id="when", prompt={"en": "?"}, required=False, tiers=(
        Tier(id="smile", name={"en": "Smile"}, labels=factories.labels("smile"), grades=True, apex=True), Tier(id="words", name={"en": "Words"}),
    )),
]  # fmt: skip


def told(n: int, at: int) -> dict:
    """What rater n says of item at: two of three agree about most things."""
    odd = n == 2
    emotion = {"value": [{"label": "fear" if odd else "joy"}], "confidence": 0.5}
    if at == 1:
        emotion = {"cannot_tell": True} if odd else {"skip": {"reason": "noise", "text": "Presslufthammer"}}
    return {
        "emotion": emotion,
        "many": {"value": [{"label": "joy", "intensity": 2 + n}, {"label": "other", "intensity": 1, "text": "Fernweh"}][: 2 - odd]},
        "two": {"value": {"primary": {"label": "anger" if odd else "joy"}, "secondary": [{"label": "fear"}]}},
        "sarcasm": {"value": not odd},
        "valence": {"value": at + n / 2},
        "core": {"value": [1 + n, 9]},
        "face": {"value": [] if odd else [{"label": "au12", "intensity": "B", "side": "left"}]},
        "when": {"value": [{"tier": "smile", "start_us": 5, "end_us": 9, "label": "smile", "intensity": "C", "apex_us": 7},
                           {"tier": "words", "start_us": 0, "end_us": 10, "text": "er seufzt"}]},
    }  # fmt: skip


@pytest.fixture
def labeled():
    """Three raters, six clips, every kind of question."""
    made = datasets.scene(n=6, people=6, kinds=("choice",), raters=2)
    version = schemes.create_scheme(actor=made.mia, study=made.study, name="All kinds", questions=ASKED)
    campaign = campaigns.create_campaign(actor=made.mia, study=made.study, name="All kinds", scheme_version=version)
    campaigns.add_items(actor=made.mia, campaign=campaign, items=[one.pk for one in made.items])
    raters = [
        campaigns.add_annotator_without_account(actor=made.mia, study=made.study, code=f"N{n}", kind="imported") for n in range(3)
    ]  # fmt: skip
    rows = [
        Imported(item.pk, who.pk, told(n, at)) for n, who in enumerate(raters) for at, item in enumerate(made.items)
    ]
    annotations.import_annotations(actor=made.mia, campaign=campaign, rows=rows)
    made.campaign = campaign
    return made


def asked(made, key: str) -> Question:
    return made.campaign.scheme_version.questions.get(key=key)


def codes(made, key: str) -> dict[str, str]:
    return {str(one.identity): one.code for one in asked(made, key).labels.all()}


def test_each_question_gives_what_it_is(labeled):
    gives = dict(labeled.campaign.scheme_version.questions.values_list("key", "gives"))
    assert gives == {
        "emotion": "label", "many": "labels", "two": "label", "sarcasm": "truth", "valence": "number", "core": "nothing", "face": "labels", "when": "nothing",
    }  # fmt: skip


def test_tables_hold_labels_sets_truths_and_numbers(labeled):
    found = {
        key: ratings.table(labeled.campaign, asked(labeled, key))
        for key in ("emotion", "many", "two", "sarcasm", "valence", "face")
    }
    assert found["emotion"].n == 3 * 5  # of one item nobody said anything: cannot tell and skipped are no ratings
    names = codes(labeled, "many")
    assert {frozenset(names[one] for one in value) for row in found["many"].values for value in row} == {
        frozenset({"joy", "other"}), frozenset({"joy"}),
    }  # fmt: skip
    names = codes(labeled, "two")  # the secondary ones do not count
    assert sorted({names[value] for row in found["two"].values for value in row}) == ["anger", "joy"]
    assert [set(row) for row in found["sarcasm"].values] == [{"yes"}, {"yes"}, {"no"}]
    assert {value for row in found["valence"].values for value in row} == {
        at + n / 2 for at in range(6) for n in range(3)
    }
    assert {frozenset(value) for value in found["face"].values[2]} == {frozenset()}  # none of the units is an answer


def test_agreement_takes_the_measure_that_fits_and_leaves_the_rest_out(labeled):
    report = agreement.measure(actor=labeled.mia, campaign=labeled.campaign)
    assert {one["question"]: one["measure"] for one in report.measures} == {
        "emotion": "alpha_nominal", "many": "alpha_masi", "two": "alpha_nominal", "sarcasm": "alpha_nominal", "valence": "alpha_interval",
        "face": "alpha_masi",
    }  # fmt: skip
    by_question = {one["question"]: one for one in report.measures}
    assert by_question["sarcasm"]["value"] == pytest.approx(by_question["two"]["value"])  # the same pattern of votes
    assert by_question["emotion"]["n_units"] == 5


def test_gold_fuses_labels_truths_and_numbers(labeled):
    fused = datasets.fuse(labeled.rhea, labeled.campaign)
    assert set(fused.method) == {"emotion", "two", "sarcasm", "valence"}
    by_key: dict = {}
    for one in fused.labels.select_related("question", "label").order_by("item__code"):
        by_key.setdefault(one.question.key, []).append(one.label.code if one.label else one.number)
    assert by_key["emotion"] == ["joy"] * 5
    assert by_key["two"] == ["joy"] * 6
    assert by_key["sarcasm"] == [1.0] * 6
    assert by_key["valence"] == pytest.approx([at + 0.5 for at in range(6)])
    truth = fused.labels.filter(question__key="sarcasm").first()
    assert (truth.votes, truth.spread) == ({"no": 1, "yes": 2}, pytest.approx(2 / 3))


def test_pictures_count_what_was_said(labeled):
    rows = {
        key: {row["name"]: row["count"] for row in pictures.distribution(labeled.campaign, asked(labeled, key))["rows"]}
        for key in ("many", "sarcasm", "two")
    }
    assert rows["many"] == {"Joy": 18, "Fear": 0, "Anger": 0, "Other": 12}
    assert rows["sarcasm"] == {"yes": 12, "no": 6}
    assert rows["two"] == {"Joy": 12, "Fear": 0, "Anger": 6}
    assert pictures.distribution(labeled.campaign, asked(labeled, "core")) is None


def test_a_dataset_holds_every_value_and_no_words(labeled):
    labeled.gold = datasets.fuse(labeled.rhea, labeled.campaign)
    assert labeled.gold.state == GoldStandard.State.READY
    version = labeled.publish()
    assert verify.verify(version).good
    files = {file.name: file.content for file in package.files(version)}
    for content in files.values():
        assert not any(word.encode() in content for word in ("Fernweh", "Presslufthammer", "seufzt"))
    items = list(csv.DictReader(files["items.csv"].decode().splitlines()))
    assert {"emotion", "two", "sarcasm", "valence"} <= set(items[0])
    assert not {"many", "feelings", "core", "face", "when"} & set(items[0])
    assert {row["sarcasm"] for row in items} == {"1.0"}
    rows = list(csv.DictReader(files["ratings.csv"].decode().splitlines()))
    by_question: dict[str, list[dict]] = {}
    for row in rows:
        by_question.setdefault(row["question"], []).append(row)
    assert {key: len(found) for key, found in by_question.items()} == {
        "emotion": 18, "feelings": 30, "two": 36, "sarcasm": 18, "valence": 18, "core": 18, "face": 18,
    }  # fmt: skip
    assert sorted({row["state"] for row in by_question["emotion"]}) == ["answered", "cannot_tell", "skipped"]
    assert {row["confidence"] for row in by_question["emotion"] if row["state"] == "answered"} == {"0.5"}
    assert {(row["role"], row["place"]) for row in by_question["two"]} == {("primary", "0"), ("secondary", "1")}
    assert {(row["label"], row["grade"], row["side"]) for row in by_question["face"]} == {
        ("au12", "B", "left"), ("", "", ""),
    }  # fmt: skip
    assert {(row["x"], row["y"]) for row in by_question["core"]} == {(f"{1.0 + n}", "9.0") for n in range(3)}
    spans = list(csv.DictReader(files["segments.csv"].decode().splitlines()))
    assert {(row["tier"], row["label"], row["apex_us"], row["grade"]) for row in spans} == {
        ("smile", "smile", "7", "C"),
        ("words", "", "", ""),
    }


def test_access_tells_every_word_and_an_erasure_takes_it(labeled):
    gone = labeled.items[1].targets.get()
    words = Answer.objects.filter(annotation__item=labeled.items[1], annotation__campaign=labeled.campaign).exclude(
        text=b""
    )
    assert words.count() == 2 + 2  # reasons to skip, and other

    class Package:
        files: dict = {}

        def add_json(self, name, content):
            self.files[name] = content

        def section(self, *_args):
            pass

        add_asset = add_bytes = section

    holdings.export(gone, Package())
    told = str(Package.files["data/annotations.json"])
    for word in ("Fernweh", "Presslufthammer", "er seufzt"):
        assert word in told
    consents.stop(participant=gone, actor=labeled.dana)
    erasure = erasures.schedule(gone, actor=labeled.dana)
    erasures.confirm(erasure, actor=labeled.dana, method="in_person")
    erasure.refresh_from_db()
    erasures.run(erasure)
    assert not Answer.objects.filter(annotation__item=labeled.items[1]).exists()
    assert gold.begin(actor=labeled.rhea, campaign=labeled.campaign).state == GoldStandard.State.MAKING
