"""A study in which something of every noun exists, asked over HTTP with tokens."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from consent import keys
from consent.models import Notice
from consent.purposes import Purpose
from consent.services import consents, notices, recipients, requests, studies
from consent.services import participants as people
from core import ids
from core.models import AuditEvent, Job, User
from core.services import tokens
from datasets.services import publish
from inference.models import Model, ModelVersion, Prediction, Run
from labeling.models import Alignment, Lane, Quality, Question, QueueRank, SchemeMigration, Segment, Suggestion, Track
from labeling.services import agreement, annotations, campaigns, exhibits, gold, guidelines, media, queue, traces
from tests.labeling import factories as make

PURPOSES = (Purpose.COLLECT, Purpose.HUMAN_ANNOTATION, Purpose.MODEL_INFERENCE, Purpose.TRAIN_MODELS)


@dataclass
class Api:
    """One person's program."""

    user: User | None
    client: Client = field(default_factory=Client)
    secret: str = ""

    def __post_init__(self) -> None:
        if self.user is not None and not self.secret:
            _row, self.secret = tokens.create(user=self.user, name="test")

    def __call__(self, method: str, path: str, body: Any = None, **headers: str):
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.secret:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {self.secret}"
        address = path if path.startswith("http") else f"/api/v1/{path}"
        sent = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        return self.client.generic(method, address, sent, content_type="application/json", **extra)

    def get(self, path: str, **headers: str):
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str):
        return self("POST", path, body, **headers)


@dataclass
class World:
    scene: make.Scene
    mia: Api
    otto: Api
    ids: dict[str, str]  # noun -> the id of one of its objects


def build() -> World:
    """Everything from recordings to a published version, made by the services that make it."""
    scene = make.scene(4, ("choice", "scale", "trace"))
    study, campaign, mia = scene.study, scene.campaign, scene.mia
    of_consent = _of_consent(scene)
    for who in (scene.ana, scene.ben):
        while (held := queue.next_assignment(who, campaign)) is not None:
            _answer(who, held, campaign)
    report = agreement.measure(actor=mia, campaign=campaign)
    standard = gold.fuse(gold.begin(actor=mia, campaign=campaign))
    dataset = publish.create_dataset(actor=mia, study=study, name="Clips")
    version = publish.publish(publish.begin(actor=mia, dataset=dataset, gold_standard=standard))
    found = {
        "studies": study, "controllers": study.controller, "participants": scene.people[0], "campaigns": campaign, "items": scene.items[0],
        "agreement-reports": report, "gold-standards": standard, "datasets": dataset, "dataset-versions": version,
        "scheme-versions": campaign.scheme_version, "schemes": campaign.scheme_version.scheme,
    }  # fmt: skip
    found |= _of_labeling(scene) | of_consent | _of_inference(scene)
    known = {name: str(one.pk) for name, one in found.items()} | {"audit-events": ""}
    assert AuditEvent.objects.exists()
    return World(scene, Api(mia), Api(scene.otto), known)


def _answer(who: User, held: Any, campaign: Any) -> None:
    client_id = ids.opaque()
    times = list(range(0, make.CLIP_US, 100_000))
    traces.add_chunk(
        actor=who, assignment=held, client_id=client_id, question="arousal", sequence=0, times_us=times, values_=[0.25] * len(times), flags=None
    )  # fmt: skip
    traces.finish(
        actor=who, assignment=held, client_id=client_id, question="arousal", chunks=1, device=None, events=None
    )
    annotations.submit_annotation(actor=who, assignment=held, client_id=client_id, answers={
        **make.answers(campaign), "arousal": {"value": {"trace": str(client_id)}},
    })  # fmt: skip


def _of_labeling(scene: make.Scene) -> dict[str, Any]:
    study, item = scene.study, scene.items[0]
    track = Track.objects.get(recording=item.recording_id)
    asset = media.attach(actor=scene.mia, track=track, source=io.BytesIO(b"RIFF"), file_name="a.wav")
    told = guidelines.create_guideline(
        actor=scene.mia, study=study, name="How", text={"en": [{"heading": "Look", "text": "At the face."}]}
    )
    campaigns.rank_items(actor=scene.mia, campaign=scene.campaign, ranks={item.pk: 1}, source="by hand")
    question = Question.objects.get(scheme_version=scene.campaign.scheme_version, key="emotion")
    annotation = item.annotations.first()
    return {
        "recordings": item.recording, "tracks": track, "appearances": track.appearances.get(), "assets": asset,
        "alignments": Alignment.objects.get(track=track),
        "exhibits": exhibits.add_exhibit(actor=scene.mia, study=study, title="Practice", licence="CC0", source="own"),
        "lanes": Lane.objects.create(study=study, track=track, name="energy", asset=asset),
        "qualities": Quality.objects.create(study=study, track=track, measure="snr", value=20.0),
        "guidelines": told.guideline, "guideline-versions": told, "queue-ranks": QueueRank.objects.get(campaign=scene.campaign),
        "segments": Segment.objects.create(annotation=annotation, question=question, track=track, start_us=0, end_us=1_000_000),
        "scheme-migrations": SchemeMigration.objects.create(
            study=study, campaign=scene.campaign, old=scene.campaign.scheme_version, new=scene.campaign.scheme_version, made_by=scene.mia
        ),
        "questions": question, "campaign-items": scene.campaign.campaign_items.first(), "annotations": annotation,
        "assignments": annotation.assignment, "annotators": annotation.annotator, "traces": annotation.traces.first(),
        "gold-labels": item.gold_labels.first(),
        "suggestions": Suggestion.objects.create(
            study=study, item=item, campaign=scene.campaign, question=question, model_name="m", model_version="1", prediction_id=uuid4()
        ),
    }  # fmt: skip


def _of_consent(scene: make.Scene) -> dict[str, Any]:
    study, mia, one = scene.study, scene.mia, scene.people[0]
    for purpose in PURPOSES:
        studies.set_basis(actor=mia, study=study, purpose=purpose, kind="explicit_consent")
    text = {"language": "en", "title": "What happens", "summary": "Clips are labeled.", "sections": [],
            "purposes": {purpose: {"title": purpose, "text": "…"} for purpose in PURPOSES}}  # fmt: skip
    choices = [{"purpose": purpose, "modalities": ["audio", "video", "text"]} for purpose in PURPOSES]
    notice: Notice = notices.publish_notice(
        actor=mia, notice=notices.draft_notice(actor=mia, study=study, choices=choices, texts=[text])
    )
    for person in scene.people:
        consents.record_consent(
            participant=person,
            notice_text=notice.texts.get(),
            answers=dict.fromkeys(PURPOSES, True),
            actor=mia,
            method="paper",
        )
    return {
        "notices": notice, "consent-events": one.consent_events.first(), "permissions": one.permissions.first(),
        "bases": study.bases.order_by("-id").first(), "requests": requests.open_request(actor=mia, study=study, kind="access", channel="letter", participant=one),
        "recipients": recipients.add_recipient(
            actor=mia, study=study, name="Partner", recipient_class="partner", country="IE"
        ),
        "persons": people.add_participant(actor=mia, study=study, row=people.NewParticipant(name="Ada Example")).person,
    }  # fmt: skip


def _of_inference(scene: make.Scene) -> dict[str, Any]:
    study, item = scene.study, scene.items[0]
    question = Question.objects.get(scheme_version=scene.campaign.scheme_version, key="emotion")
    model = Model.objects.create(study=study, name="VADER", backend="vader-text-valence")
    version = ModelVersion.objects.create(model=model, number="1", files_hash="0" * 64)
    run = Run.objects.create(
        study=study,
        model_version=version,
        campaign=scene.campaign,
        kind="prelabel",
        question=question,
        started_by=scene.mia,
    )
    prediction = Prediction.objects.create(
        study=study, run=run, model_version=version, item=item, question=question, number=0.5, input_hash="0" * 64
    )
    job = Job.objects.filter(actor=scene.mia).first()
    return {"models": model, "model-versions": version, "runs": run, "predictions": prediction, "jobs": job}


@pytest.fixture(scope="module")
def built(staging: Path) -> World:
    """The world, made once a module."""
    return build()


@pytest.fixture
def world(built: World, db) -> Iterator[World]:
    """The world; what a test changes is undone after it, and its people come with browsers of the test's own."""
    mia, otto = (Api(one.user, secret=one.secret) for one in (built.mia, built.otto))
    yield World(copy.deepcopy(built.scene), mia, otto, dict(built.ids))
    keys.forget()


@pytest.fixture
def anonymous(db) -> Api:
    return Api(None)
