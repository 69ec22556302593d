"""Sets up the demo study through the same services that pages and programs use. Safe to run again: what is there stays.

Each step is its own transaction and says how far it is, so an interrupted start goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from affect.schemes import model as asking
from consent.models import Participant, Study
from consent.purposes import BasisKind, Context, PeopleRole, Purpose
from consent.services import consents, notices, participants, studies
from consent.services.participants import NewParticipant
from core import access
from core.models import User
from core.services import accounts
from demo import media, notice, people, simulated
from labeling.models import Annotator, Campaign, Item, Recording, SchemeVersion
from labeling.services import annotations, campaigns, recordings, schemes
from labeling.services import media as reading
from labeling.services.annotations import Imported

SLUG = "faces-voices-words"
Say = Callable[[str], None]


def load(say: Say) -> Study:
    """Make what is missing of the demo and return its study."""
    users = _users(say)
    owner = users["mia@demo.example"]
    study = Study.objects.filter(slug=SLUG).first() or _study(owner, users)
    say("study and roles")
    _people(owner, study)
    say("participants and their consent")
    _recordings(owner, study, say)
    _campaigns(owner, study, users, say)
    return study


def _users(say: Say) -> dict[str, User]:
    found = {}
    for account in people.ACCOUNTS:
        user = User.objects.filter(email=account.email).first()
        if user is None:
            user = accounts.create(
                email=account.email, name=account.name, password=people.PASSWORD, operator=account.operator
            )
        found[account.email] = user
    say("accounts")
    return found


@transaction.atomic
def _study(owner: User, users: dict[str, User]) -> Study:
    controller = studies.create_controller(
        actor=owner, name="Lakeside University (made up)", email="privacy@demo.example", officer="Dana Kowalczyk",
        officer_email="dana@demo.example", authority="Data Protection Commission", country="IE", address="1 Lake Road, Lakeside",
    )  # fmt: skip
    authors = (
        Purpose.COLLECT,
        Purpose.HUMAN_ANNOTATION,
        Purpose.MODEL_INFERENCE,
        Purpose.TRAIN_MODELS,
        Purpose.SHARE_CONTROLLED,
    )
    asked = [
        {"people_role": PeopleRole.TARGET, "purpose": purpose, "kind": BasisKind.EXPLICIT_CONSENT}
        for purpose in notice.PURPOSES
    ]
    licensed = [
        {"people_role": PeopleRole.CUSTOMER, "purpose": purpose, "kind": BasisKind.LICENSED_CORPUS, "redistribution": "with citation",
         "evidence": "Hutto and Gilbert 2014, MIT; snippets of the Hu and Liu review corpus"}
        for purpose in authors
    ]  # fmt: skip
    study = studies.create_study(
        actor=owner, controller=controller, name="Faces, voices and words", slug=SLUG, context=Context.LAB_RESEARCH, owner=owner,
        bases=[*asked, *licensed], fictional=True, jurisdiction="IE", cooling_off_days=1,
        purpose="How people appear to express emotion in face, voice and writing. A demonstration: its participants are fictional "
        "records attached to public sample media.",
    )  # fmt: skip
    for account in people.ACCOUNTS:
        for role in account.study_roles:
            access.grant(users[account.email], role, study, actor=owner)
    return study


@transaction.atomic
def _people(owner: User, study: Study) -> None:
    known = set(Participant.objects.filter(study=study).values_list("code", flat=True))
    rows = [
        NewParticipant(code=code, kind="fictional", people_role=role, name=name, contact=contact, language="en")
        for code, role, name, contact in people.PARTICIPANTS
        if code not in known
    ]
    authors = sorted({who for who, _sentence in media.sentences()} - known)
    rows += [
        NewParticipant(code=code, kind="fictional", people_role=PeopleRole.CUSTOMER, language="en") for code in authors
    ]
    if not rows:
        return
    made = participants.add_participants(actor=owner, study=study, rows=rows)
    told = notices.current(study, "en") or _notice(owner, study)
    agreeing = [one for one in made if one.people_role == PeopleRole.TARGET]
    answers = dict.fromkeys(notice.PURPOSES, True)
    consents.record_consents(
        participants=agreeing, notice_text=told, answers=answers, actor=owner, method="demonstration"
    )


def _notice(owner: User, study: Study):
    draft = notices.draft_notice(
        actor=owner, study=study, choices=notice.CHOICES, texts=[notice.ENGLISH, notice.GERMAN]
    )
    notices.publish_notice(actor=owner, notice=draft)
    return notices.current(study, "en")


def _recordings(owner: User, study: Study, say: Say) -> None:
    known = set(Recording.objects.filter(study=study).values_list("code", flat=True))
    rows = [row for row in (*media.clips(), media.long_video(), *media.sentence_recordings()) if row.code not in known]
    if rows:
        recordings.register(actor=owner, study=study, rows=rows)
    by_code = {row.code: row for row in (*media.clips(), media.long_video())}
    waiting = Recording.objects.filter(study=study, code__in=by_code, state=Recording.State.DRAFT)
    for recording in waiting:
        for track_name, file in media.files(by_code[recording.code]):
            track = recording.tracks.select_related("study").get(name=track_name)
            if track.original_id is None:
                with (media.MEDIA / file).open("rb") as source:
                    reading.attach(actor=owner, track=track, source=source, file_name=Path(file).name)
        reading.read_recording(recording, rates={"pulse": media.PPG_RATE_HZ})
    say(f"{Recording.objects.filter(study=study).count()} recordings")


def _campaigns(owner: User, study: Study, users: dict[str, User], say: Say) -> None:
    for name, make in (
        ("Clips: what is expressed", _clips),
        ("Sentences: how positive", _sentences),
        ("Arousal over time", _traces),
    ):
        if not Campaign.objects.filter(study=study, name=name).exists():
            with transaction.atomic():
                campaign = make(owner, study, name)
                for account in people.ACCOUNTS:
                    if account.annotates:
                        campaigns.add_annotator(
                            actor=owner, campaign=campaign, user=users[account.email], code=account.email.split("@")[0]
                        )
                campaigns.open_campaign(actor=owner, campaign=campaign)
        say(name)


def _clips(owner: User, study: Study, name: str) -> Campaign:
    version = schemes.create_scheme(
        actor=owner, study=study, name="Expression with valence, arousal, dominance",
        questions=[
            schemes.choice_from("ekman-7-neutral", key="emotion", prompt={
                "en": "What does {target} appear to express?", "de": "Was scheint {target} auszudrücken?", "es": "¿Qué parece expresar {target}?"}),
            *(schemes.scale_from("sam", dimension, prompt=prompt) for dimension, prompt in PROMPTS.items()),
        ],
    )  # fmt: skip
    codes = [item.code for row in media.clips() for item in row.items]
    campaign = _campaign(
        owner,
        study,
        name,
        version,
        "Which emotion a person appears to express, clip by clip.",
        codes,
        Campaign.Predictions.AFTER,
    )
    rows = [
        Imported(item, who.pk, {"emotion": {"value": [{"label": simulated.choice(code, n)}]},
                                **{k: {"value": v} for k, v in simulated.scales(code, n).items()}})
        for n, who in enumerate(_simulated(owner, study))
        for item, code in Item.objects.filter(study=study, code__in=codes).values_list("pk", "code")
    ]  # fmt: skip
    annotations.import_annotations(actor=owner, campaign=campaign, rows=rows, source="simulation")
    return campaign


def _sentences(owner: User, study: Study, name: str) -> Campaign:
    """The 20 sentences with what 20 people really said of them (Hutto and Gilbert 2014)."""
    version = schemes.create_scheme(
        actor=owner, study=study, name="Valence of a sentence",
        questions=[asking.Scale(
            id="valence", look="likert", level="interval", dimension="valence",
            prompt={"en": "How positive is what the sentence says?", "de": "Wie positiv ist, was der Satz sagt?", "es": "¿Hasta qué punto es positivo lo que dice la frase?"},
            range=asking.Range(minimum=-4, maximum=4, step=1, anchors=(
                asking.Anchor(value=-4, text={"en": "extremely negative", "de": "äußerst negativ", "es": "extremadamente negativo"}),
                asking.Anchor(value=0, text={"en": "neutral", "de": "neutral", "es": "neutro"}),
                asking.Anchor(value=4, text={"en": "extremely positive", "de": "äußerst positiv", "es": "extremadamente positivo"}),
            )),
        )],
    )  # fmt: skip
    codes = [f"t_{sentence['id']}" for _who, sentence in media.sentences()]
    campaign = _campaign(
        owner,
        study,
        name,
        version,
        "Sentences of product reviews; with the ratings of 20 people from the literature.",
        codes,
        Campaign.Predictions.SUGGESTION,
    )
    raters = [
        campaigns.add_annotator_without_account(
            actor=owner, study=study, code=f"H{n + 1:02d}", kind=Annotator.Kind.IMPORTED
        )
        for n in range(20)
    ]
    items = dict(Item.objects.filter(study=study, code__in=codes).values_list("code", "pk"))
    rows = [
        Imported(items[f"t_{sentence['id']}"], rater.pk, {"valence": {"value": value}})
        for _who, sentence in media.sentences()
        for rater, value in zip(raters, sentence["ratings"], strict=True)
    ]
    annotations.import_annotations(actor=owner, campaign=campaign, rows=rows, source="import")
    return campaign


def _traces(owner: User, study: Study, name: str) -> Campaign:
    version = schemes.create_scheme(
        actor=owner, study=study, name="Arousal, continuous",
        questions=[schemes.scale_from("vad", "arousal", kind="trace", prompt={
            "en": "How activated does {target} appear?", "de": "Wie aktiviert wirkt {target}?", "es": "¿Hasta qué punto parece activada {target}?"})],
    )  # fmt: skip
    codes = ["v05", "v04"]
    campaign = _campaign(
        owner,
        study,
        name,
        version,
        "One continuous rating, live while the clip plays.",
        codes,
        Campaign.Predictions.NEVER,
    )
    items = {item.code: item for item in Item.objects.filter(study=study, code__in=codes)}
    rows = []
    for n, who in enumerate(_simulated(owner, study)):
        for item in items.values():
            times, values = simulated.trace((item.end_us - item.start_us) / 1_000_000, n)
            rows.append(
                Imported(item.pk, who.pk, {}, traces={"arousal": ([int(t) for t in times], [float(v) for v in values])})
            )
    annotations.import_annotations(actor=owner, campaign=campaign, rows=rows, source="simulation")
    return campaign


PROMPTS = {
    "valence": {
        "en": "How pleasant does it appear?",
        "de": "Wie angenehm wirkt es?",
        "es": "¿Hasta qué punto parece agradable?",
    },
    "arousal": {
        "en": "How activated does it appear?",
        "de": "Wie aktiviert wirkt es?",
        "es": "¿Hasta qué punto parece activado?",
    },
    "dominance": {
        "en": "How much in control does it appear?",
        "de": "Wie sehr scheint die Lage beherrscht?",
        "es": "¿Cuánto control parece haber?",
    },
}


def _campaign(
    owner: User, study: Study, name: str, version: SchemeVersion, about: str, codes: list[str], predictions: str
) -> Campaign:
    campaign = campaigns.create_campaign(
        actor=owner,
        study=study,
        name=name,
        scheme_version=version,
        about=about,
        overlap=2,
        seed=20261122,
        predictions=predictions,
        perceived={"physiology": True},
    )
    campaigns.add_items(
        actor=owner,
        campaign=campaign,
        items=list(Item.objects.filter(study=study, code__in=codes).values_list("pk", flat=True)),
    )
    return campaign


def _simulated(owner: User, study: Study) -> list[Annotator]:
    return [
        campaigns.add_annotator_without_account(
            actor=owner, study=study, code=f"simulated-{n + 1}", kind=Annotator.Kind.SIMULATED
        )
        for n in range(3)
    ]
