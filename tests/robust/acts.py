"""What other processes do on the database of a test. Run as a script: it prints one line of JSON.

acts.py make KIND            a study in which a job of this kind waits
acts.py run JOB [PLACE]      a worker's turn at the job; dies at the place
acts.py end JOB              what the scheduler and another worker do then, days having passed; and what is there after it
"""

import io
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()

TEXTS = ["What a great phone, I love it.", "Terrible. It broke on the first day.", "It has a screen.", "Not bad!"]


def make(kind: str) -> dict:
    return {"job": str(globals()[f"_{kind}"]())}


def _prelabel():
    from inference.services import prelabel, registry
    from tests.datasets import factories

    scene = factories.scene(10, 5, ("scale",), "text", texts=TEXTS)
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    return prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign).job_id


def _publish():
    from tests.datasets import factories

    return factories.scene(12, 6).begin().job_id


def _package():
    from datasets.services import delivery
    from tests.datasets import factories

    scene = factories.scene(12, 6)
    return delivery.start(actor=scene.mia, version=scene.publish()).pk


def _gold():
    from labeling.services import gold
    from tests.datasets import factories

    scene = factories.scene(6, 3)
    return gold.begin(actor=scene.rhea, campaign=scene.campaign).job_id


def _read():
    from labeling.models import Track
    from labeling.services import media, recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack
    from tests.labeling import factories, sounds

    owner = factories.user("mia")
    study = factories.study(owner)
    who = [Appears(one.code) for one in factories.people(study, 1)]
    files = {"video": (sounds.matroska(0.4), "a.mkv"), "audio": (sounds.wav(sounds.sine(0.5)), "a.wav"),
             "signal": (b"0,1\n0.1,2\n0.2,3\n", "a.csv")}  # fmt: skip
    row = NewRecording("r", [NewTrack(modality, modality, who) for modality in files])
    made = recordings.register(actor=owner, study=study, rows=[row])
    for track, (data, name) in zip(made.tracks[0], files.values(), strict=True):
        one = Track.objects.select_related("study").get(pk=track)
        media.attach(actor=owner, track=one, source=io.BytesIO(data), file_name=name)
    return media.start_reading(actor=owner, study_id=study.pk, recording_ids=made.recordings).pk


def _erase():
    from consent.models import Participant
    from consent.services import consents, erasure
    from tests import cast

    things = cast.assemble().ours
    assert things.package.state == "stored"
    made = consents.stop(participant=Participant.objects.get(pk=things.participant.pk), actor=None)
    return erasure.confirm(made, actor=None, method="letter").job_id


def _copy():
    """An access package."""
    from consent.services import requests
    from tests import cast

    things = cast.assemble().ours
    return requests.start_package(actor=None, request=things.request).job_id


def run(job: str, place: str = "") -> dict:
    from core import jobs
    from tests.robust import dying

    if place:
        dying.at(place)
    found = jobs.run(job)
    return (
        {"state": found.state, "attempt": found.attempt, "code": found.error_code, "result": found.result}
        if found
        else {}
    )


def state(job: str) -> dict:
    from core.models import Job

    return {"state": Job.objects.get(pk=job).state}


def resend(job: str) -> dict:
    """What the scheduler does with what stayed queued, some time later."""
    from django.utils import timezone

    from config.celery import app  # noqa: F401 - the broker's address
    from core import jobs
    from core.models import Job

    Job.objects.filter(pk=job).update(sent_at=timezone.now() - timedelta(minutes=1))
    return jobs.sweep()


def end(job: str) -> dict:
    _sweep()
    told = run(job)
    _sweep()
    return {**told, **_count()}


def _sweep() -> None:
    """The heartbeat stays away, and days pass for what was begun and left."""
    from django.utils import timezone

    from config.celery import app  # noqa: F401 - the tasks below are registered with it
    from consent.keyring.models import AssetKey
    from consent.models import Asset
    from consent.tasks import sweep_assets
    from core import jobs
    from core.models import Job

    past = timezone.now() - timedelta(days=2)
    Job.objects.filter(state=Job.State.RUNNING).update(heartbeat_at=past)
    Asset.objects.filter(state=Asset.State.WRITING).update(created_at=past)
    AssetKey.objects.using("keys").update(created_at=past)
    jobs.sweep()
    sweep_assets()


def _count() -> dict:
    """Every row there is by table, and what lies in the store."""
    from django.apps import apps
    from django.core.files.storage import storages

    from consent.keyring.models import AssetKey
    from consent.models import Asset

    rows = {
        m._meta.label: m._default_manager.count() for m in apps.get_models() if m._meta.managed and not m._meta.proxy
    }
    rows["core.AuditEvent"] = (
        apps.get_model("core.AuditEvent").objects.exclude(verb__startswith="consent.assets").count()
    )
    live = Asset.objects.exclude(state=Asset.State.ERASED)
    rows["consent.Asset"] = live.count()
    folder = Path(storages["store"].location)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {
        "rows": rows,
        "writing": live.filter(state=Asset.State.WRITING).count(),
        "files_without_row": sorted(files - set(live.values_list("store_key", flat=True))),
        "rows_without_file": sorted(set(live.values_list("store_key", flat=True)) - files),
        "keys_without_row": sorted(
            map(
                str,
                set(AssetKey.objects.using("keys").values_list("asset_id", flat=True))
                - set(live.values_list("pk", flat=True)),
            )
        ),
    }


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
