"""The cast: named people on a small study, made through the services that pages and programs use.

mia owns the study and runs its campaigns and models, ana and ben annotate, rhea is its researcher, dana its privacy
officer, pat a participant who comes by a link, otto an outsider with a study of his own that has the same kinds of things.
Whoever is not named is anonymous.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from affect.schemes import model as asking
from consent.models import Notice, NoticeText, Participant, ParticipantLink, Study
from consent.purposes import BasisKind, Purpose
from consent.services import consents, links, notices, participants, requests, studies
from consent.services.participants import NewParticipant
from core import access
from core.models import ApiToken, Job, User
from core.services import accounts, tokens
from datasets.models import Dataset, DatasetVersion
from datasets.services import delivery, publish
from inference.models import Model, ModelVersion, Prediction, Run
from labeling.models import Assignment, Campaign, GoldStandard, Item, Track
from labeling.services import agreement, annotations, campaigns, comments, gold, queue, recordings, schemes
from labeling.services import media as reading
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack

PASSWORD = "a long enough pass phrase"
NAMES = {
    "mia": "Mia Lindqvist", "ana": "Ana Ribeiro", "ben": "Ben Okafor", "rhea": "Rhea Menon",
    "dana": "Dana Kowalczyk", "otto": "Otto Brandt",
}  # fmt: skip
ANONYMOUS = "anonymous"
ASKED = (
    Purpose.COLLECT, Purpose.HUMAN_ANNOTATION, Purpose.MODEL_INFERENCE, Purpose.TRAIN_MODELS, Purpose.SHARE_CONTROLLED,
)  # fmt: skip
CHOICES = [
    {"purpose": one, "modalities": ["video", "audio", "text", "signal"], "required": one == Purpose.COLLECT,
     "recipient_class": "partner" if one == Purpose.SHARE_CONTROLLED else "controller"}
    for one in ASKED
]  # fmt: skip
TEXT = {
    "language": "en", "title": "What we ask", "summary": "We keep what you wrote and ask people what it expresses.",
    "sections": [{"heading": "Who we are", "text": "A university."}],
    "purposes": {one: {"title": str(one.label), "text": "What it means."} for one in ASKED},
}  # fmt: skip
SECONDS = 2


@dataclass
class Things:
    """One study with one of everything that has an address."""

    study: Study
    participant: Participant
    link: ParticipantLink
    token: str  # of the participant's link
    notice: Notice
    draft: Notice
    text: NoticeText
    request: Any
    track: Track
    items: list[Item]
    campaign: Campaign
    assignment: Assignment
    annotation: Any
    report: Any
    gold: GoldStandard
    dataset: Dataset
    version: DatasetVersion
    package: Any
    model: Model
    model_version: ModelVersion
    run: Run
    prediction: Prediction
    job: Job


@dataclass
class Cast:
    users: dict[str, User]
    ours: Things
    theirs: Things  # otto's
    tokens: dict[str, tuple[ApiToken, str]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["users"][name]
        except KeyError:
            raise AttributeError(name) from None


def assemble() -> Cast:
    """Everybody, two studies, a token each. Inside a transaction of the caller's."""
    users = {
        name: accounts.create(email=f"{name}@lab.example", name=full, password=PASSWORD, operator=name == "mia")
        for name, full in NAMES.items()
    }
    ours = things(users["mia"], [users["ana"], users["ben"]], "Voices")
    access.grant(users["mia"], "engineer", ours.study, actor=users["mia"])
    access.grant(users["rhea"], "researcher", ours.study, actor=users["mia"])
    access.grant(users["dana"], "privacy", ours.study, actor=users["mia"])
    theirs = things(users["otto"], [users["otto"]], "Elsewhere")
    made = {name: tokens.create(user=user, name="for a test") for name, user in users.items()}
    return Cast(users, ours, theirs, made)


def things(owner: User, annotators: list[User], name: str) -> Things:
    """A study of four texts and a voice, labeled, agreed, fused, published; its first annotator holds one more item."""
    study, told, people = _study(owner, name)
    link, token = links.make_link(participant=people[0], actor=owner)
    track, items = _recordings(owner, study, people)
    campaign = _campaign(owner, study, items, annotators)
    report = agreement.measure(actor=owner, campaign=campaign)
    fused = gold.fuse(gold.begin(actor=owner, campaign=campaign))
    dataset = publish.create_dataset(actor=owner, study=study, name=f"{name}, labeled")
    version = publish.publish(publish.begin(actor=owner, dataset=dataset, gold_standard=fused))
    package = delivery.prepare(version, actor=owner)
    prepared = Job.objects.create(
        kind="datasets.prepare_package", study_id=study.pk, object_id=version.pk, actor=owner, state=Job.State.DONE,
        result={"asset": str(package.pk)},
    )  # fmt: skip
    model, model_version, run, prediction = _model(owner, study, campaign, items[0])
    held = Assignment.objects.filter(campaign=campaign, annotator__user=annotators[0], state="leased").get()
    request = requests.open_request(
        actor=owner, study=study, kind="access", participant=people[0], words="What is held?"
    )
    draft = notices.draft_notice(actor=owner, study=study, choices=CHOICES, texts=[TEXT])
    return Things(
        study=study, participant=people[0], link=link, token=token, notice=told.notice, draft=draft, text=told, request=request,
        track=track, items=items, campaign=campaign, assignment=held, annotation=campaign.annotations.first(), report=report,
        gold=fused, dataset=dataset, version=version, package=package, model=model, model_version=model_version, run=run,
        prediction=prediction, job=prepared,
    )  # fmt: skip


def _study(owner: User, name: str) -> tuple[Study, NoticeText, list[Participant]]:
    controller = studies.create_controller(
        actor=owner, name=f"University of {name}", country="IE", email="office@lab.example"
    )
    study = studies.create_study(
        actor=owner, controller=controller, name=name, context="lab_research", owner=owner, cooling_off_days=0,
        bases=[{"purpose": one, "kind": BasisKind.EXPLICIT_CONSENT} for one in ASKED], purpose="For tests.",
    )  # fmt: skip
    notices.publish_notice(
        actor=owner, notice=notices.draft_notice(actor=owner, study=study, choices=CHOICES, texts=[TEXT])
    )
    told = notices.current(study, "en")
    people = participants.add_participants(
        actor=owner, study=study, rows=[
            NewParticipant(code=code, name=f"{who} Example", contact=f"{who.lower()}@people.example", language="en")
            for code, who in (("P-01", "Pat"), ("P-02", "Noor"), ("P-03", "Sol"))
        ],
    )  # fmt: skip
    consents.record_consents(
        participants=people, notice_text=told, answers={one.value: True for one in ASKED}, actor=owner, method="paper"
    )
    return study, told, people


def _recordings(owner: User, study: Study, people: list[Participant]) -> tuple[Track, list[Item]]:
    rows = [
        NewRecording(f"t{n}", [NewTrack("text", "text", [Appears(people[n % 3].code)], text=f"Sentence {n}.", language="en")],
                     [NewItem(f"t{n}", [people[n % 3].code], "utterance")])
        for n in range(4)
    ]  # fmt: skip
    us = SECONDS * 1_000_000
    voice = NewTrack("audio", "voice", [Appears(people[0].code)], duration_us=us, ready=True)
    rows.append(NewRecording("a0", [voice], [NewItem("a0", [people[0].code], end_us=us)]))
    made = recordings.register(actor=owner, study=study, rows=rows)
    track = Track.objects.get(pk=made.tracks[-1][0])
    reading.attach(actor=owner, track=track, source=io.BytesIO(b"OggS" + bytes(5000)), file_name="voice.ogg")
    return track, list(Item.objects.filter(study=study).order_by("code"))


def _campaign(owner: User, study: Study, items: list[Item], annotators: list[User]) -> Campaign:
    emotions = tuple(
        asking.Label(id=code, name={"en": code.title()}, emotion=code) for code in ("joy", "anger", "neutral")
    )
    version = schemes.create_scheme(
        actor=owner, study=study, name="Expression",
        questions=[asking.Choice(id="emotion", prompt={"en": "What does {target} appear to express?"}, labels=emotions)],
    )  # fmt: skip
    campaign = campaigns.create_campaign(
        actor=owner, study=study, name="First pass", scheme_version=version, overlap=2, seed=3
    )
    campaigns.add_items(actor=owner, campaign=campaign, items=[one.pk for one in items])
    for user in annotators:
        campaigns.add_annotator(actor=owner, campaign=campaign, user=user)
    campaign = campaigns.open_campaign(actor=owner, campaign=campaign)
    labels = [one.id for one in emotions]
    for who, user in enumerate(annotators):
        for n in range(3 if who == 0 else 4):
            _answer(user, campaign, labels[(n + (n == 2) * who) % 3])
    held = queue.next_assignment(annotators[0], campaign)
    comments.add(actor=annotators[0], assignment=held, client_id=held.client_id, text="The second word is cut off.")
    return campaign


def _answer(user: User, campaign: Campaign, label: str) -> None:
    held = queue.next_assignment(user, campaign)
    annotations.submit_annotation(
        actor=user, assignment=held, client_id=held.client_id, answers={"emotion": {"value": [{"label": label}]}}
    )


def _model(owner: User, study: Study, campaign: Campaign, item: Item) -> tuple[Model, ModelVersion, Run, Prediction]:
    """A run as a worker leaves it, written directly: the cast needs no model files."""
    question = campaign.scheme_version.questions.get()
    model = Model.objects.create(study=study, name="Words", backend="vader-text-valence")
    version = ModelVersion.objects.create(model=model, number="1", files_hash="0" * 64, licence="MIT")
    run = Run.objects.create(
        study=study,
        model_version=version,
        campaign=campaign,
        kind=Run.Kind.PRELABEL,
        question=question,
        started_by=owner,
    )
    prediction = Prediction.objects.create(
        study=study, run=run, model_version=version, item=item, question=question, label=question.labels.first(),
        confidence=0.5, input_hash="1" * 64,
    )  # fmt: skip
    return model, version, run, prediction
