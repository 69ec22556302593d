"""Makers for the tests of datasets and inference: everything is made by the services that pages use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consent.models import Participant
from consent.purposes import Modality, Purpose
from consent.services import consents
from core import access, jobs
from core.models import User
from datasets.models import Dataset, DatasetVersion
from datasets.services import publish
from labeling.models import Annotator, Campaign, GoldStandard, Item
from labeling.services import annotations, campaigns, gold, recordings
from labeling.services.annotations import Imported
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.consent import factories as consent
from tests.labeling import factories as labeling

PURPOSES = (
    Purpose.HUMAN_ANNOTATION,
    Purpose.MODEL_INFERENCE,
    Purpose.TRAIN_MODELS,
)
EMOTIONS = labeling.EMOTIONS
Company = Callable[[int], Sequence[int]]
EVERYONE = {"mia": "owner", "rhea": "researcher", "eva": "engineer", "cora": "curator", "dana": "privacy"}


@dataclass
class Scene:
    """A study whose campaign was answered by three raters and fused, with an empty dataset."""

    study: object
    users: dict[str, User]
    people: list[Participant]
    items: list[Item]
    campaign: Campaign
    gold: GoldStandard
    dataset: Dataset

    def __getattr__(self, name: str) -> User:
        try:
            return self.users[name]
        except KeyError:
            raise AttributeError(name) from None

    def publish(self, **choices) -> DatasetVersion:
        """A version through its job, as a worker makes it."""
        version = self.begin(**choices)
        jobs.run(version.job_id)
        version.refresh_from_db()
        return version

    def begin(self, **choices) -> DatasetVersion:
        chosen = {"gold_standard": self.gold, **choices}
        return publish.begin(actor=self.rhea, dataset=self.dataset, **chosen)


def scene(
    n: int = 12, people: int = 6, kinds: tuple[str, ...] = ("choice", "scale"), modality: str = Modality.AUDIO, *,
    raters: int = 3, purposes: tuple[str, ...] = PURPOSES, texts: list[str] | None = None, tie_at: int | None = None,
    company: Company | None = None,
) -> Scene:  # fmt: skip
    """`n` clips turn by turn about `people`, answered by imported raters; `tie_at` is an item on which all disagree, and
    `company` tells which of the people clip n is about, instead."""
    users = {name: labeling.user(name) for name in (*EVERYONE, "otto")}
    study = labeling.study(users["mia"])
    for name, role in EVERYONE.items():
        access.grant(users[name], role, study, actor=None)
    who = agreeing(study, people, purposes)
    items = clips(study, who, n, modality, texts, company)
    campaign = campaigns.create_campaign(
        actor=users["mia"], study=study, name="Clips", scheme_version=labeling.scheme(study, *kinds), overlap=raters
    )
    campaigns.add_items(actor=users["mia"], campaign=campaign, items=[one.pk for one in items])
    campaign = campaigns.open_campaign(actor=users["mia"], campaign=campaign)
    answer(campaign, items, raters, users["mia"], tie_at)
    made = fuse(users["rhea"], campaign)
    dataset = publish.create_dataset(actor=users["rhea"], study=study, name="Emotion clips", about="For tests.")
    return Scene(study, users, who, items, campaign, made, dataset)


def agreeing(study, n: int, purposes: tuple[str, ...] = PURPOSES) -> list[Participant]:
    """Participants who said yes to these purposes under a notice, for every modality."""
    made = labeling.people(study, n, ())
    choices = [
        {"purpose": one, "modalities": list(Modality.values), "recipient_class": "controller", "required": False} for one in purposes
    ]  # fmt: skip
    for one in purposes:
        if not study.bases.filter(purpose=one, ends_at=None).exists():
            consent.basis(study, one)
    text = consent.notice_text(study, choices=choices)
    consents.record_consents(participants=made, notice_text=text, answers=dict.fromkeys(purposes, True))
    return list(Participant.objects.filter(pk__in=[one.pk for one in made]).order_by("code"))


def clips(
    study, who: list[Participant], n: int, modality: str, texts: list[str] | None = None, company: Company | None = None,
    code: str = "",
) -> list[Item]:  # fmt: skip
    """Recordings of one ready track and one item each, whose codes begin with `code`."""

    def about(at: int) -> list[str]:
        return [who[one].code for one in company(at)] if company else [who[at % len(who)].code]

    rows = [
        NewRecording(
            f"{code}R-{at:06}",
            [NewTrack(modality, "main", [Appears(one) for one in about(at)], text=(texts or ["A fine day."])[at % len(texts or [1])]
                      if modality == Modality.TEXT else "", duration_us=labeling.CLIP_US, ready=True)],
            [NewItem(f"{code}I-{at:06}", about(at), end_us=labeling.CLIP_US)],
            source="A public corpus" if at % 2 else "", licence="CC BY 4.0" if at % 2 else "",
        )
        for at in range(n)
    ]  # fmt: skip
    made = recordings.register(actor=None, study=study, rows=rows)
    found = {item.pk: item for item in Item.objects.filter(study=study)}
    return [found[ids[0]] for ids in made.items]


def answer(campaign: Campaign, items: list[Item], raters: int, actor: User, tie_at: int | None = None) -> None:
    """Every rater answers every item; mostly alike, never all the same."""
    kinds = {q.key: q.kind for q in campaign.scheme_version.questions.all()}
    rows = []
    for n in range(raters):
        who = campaigns.add_annotator_without_account(
            actor=actor, study=campaign.study, code=f"H{n + 1:02}", kind=Annotator.Kind.SIMULATED if n == 0 else Annotator.Kind.IMPORTED
        )  # fmt: skip
        for at, item in enumerate(items):
            said, traces = {}, {}
            code = EMOTIONS[(at + (n if at == tie_at else n == 2 and at % 4 == 0)) % len(EMOTIONS)]
            if "emotion" in kinds:
                said["emotion"] = {"value": [{"label": code}]}
            if "valence" in kinds:
                said["valence"] = {"value": 1 + (at + n) % 9}
            if "arousal" in kinds:
                times = list(range(0, labeling.CLIP_US, 50_000))
                traces["arousal"] = (times, [((at + n + t // 500_000) % 20) / 10 - 1 for t in times])
            rows.append(Imported(item.pk, who.pk, said, traces=traces))
    annotations.import_annotations(actor=actor, campaign=campaign, rows=rows)


def fuse(actor: User, campaign: Campaign) -> GoldStandard:
    """A gold standard through its job."""
    made = gold.begin(actor=actor, campaign=campaign)
    jobs.run(made.job_id)
    made.refresh_from_db()
    assert made.state == GoldStandard.State.READY
    return made
