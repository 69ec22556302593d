"""Two acts at the same moment, held apart only by what the database does. Run as a script: it prints one line of JSON.

races.py stop_first       a participant stops; while that is not committed, an annotator answers about them
races.py answer_first     the other way round
races.py two_tabs         one annotator answers one item from two tabs at once
races.py two_readings     two workers read one recording at once
races.py two_publish      two people publish at once
"""

import json
import os
import sys
import time
from pathlib import Path
from threading import Barrier, Event, Thread
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()


def at_once(first, second) -> dict:
    """`first` acts and stays uncommitted for a moment, in which `second` begins. What each came to: "done" or a code."""
    from django.db import connections, transaction

    from core.errors import Refused

    told, begun = {}, Event()

    def run(name, act, hold):
        try:
            if not hold:
                begun.wait(10)
            with transaction.atomic():
                act()
                begun.set()
                if hold:
                    time.sleep(1.5)
            told[name] = "done"
        except Refused as refused:
            told[name] = refused.code
        except Exception as error:  # noqa: BLE001 - told to the test
            told[name] = repr(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=("first", first, True)), Thread(target=run, args=("second", second, False))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return told


def side_by_side(*acts) -> list:
    """Acts that begin at the same moment and keep their transactions short. What each came to: "done" or a code."""
    from django.db import connections

    from core.errors import Refused

    told, ready = ["" for _act in acts], Barrier(len(acts))

    def run(at, act):
        try:
            ready.wait(10)
            act()
            told[at] = "done"
        except Refused as refused:
            told[at] = refused.code
        except Exception as error:  # noqa: BLE001 - told to the test
            told[at] = repr(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return told


def _scene():
    from consent.services import consents
    from labeling.models import Assignment, ItemTarget
    from labeling.services import annotations, queue
    from tests.labeling import factories

    scene = factories.scene(n=3)
    lease = queue.next_assignment(scene.ana, scene.campaign)
    person = ItemTarget.objects.get(item=lease.item_id).participant
    said = factories.answers(scene.campaign)

    def answer(client_id=None):
        one = Assignment.objects.select_related("campaign").get(pk=lease.pk)
        annotations.submit_annotation(actor=scene.ana, assignment=one, client_id=client_id or uuid4(), answers=said)

    return lease, answer, lambda: consents.stop(participant=person, actor=None)


def _counts(lease) -> dict:
    from labeling.models import Annotation, Assignment, CampaignItem

    entry = CampaignItem.objects.get(pk=lease.campaign_item_id)
    kept = Annotation.objects.filter(assignment=lease)
    return {
        "annotations": kept.count(), "current": kept.filter(current=True).count(), "taken": entry.taken, "answered": entry.answered,
        "open": entry.open, "state": Assignment.objects.get(pk=lease.pk).state,
    }  # fmt: skip


def stop_first() -> dict:
    lease, answer, stop = _scene()
    return at_once(stop, answer) | _counts(lease)


def answer_first() -> dict:
    lease, answer, stop = _scene()
    return at_once(answer, stop) | _counts(lease)


def two_tabs() -> dict:
    lease, answer, _stop = _scene()
    return at_once(answer, answer) | _counts(lease)


def same_answer_twice() -> dict:
    lease, answer, _stop = _scene()
    client_id = uuid4()
    return at_once(lambda: answer(client_id), lambda: answer(client_id)) | _counts(lease)


def two_readings() -> dict:
    import io

    from consent.models import Asset
    from labeling.models import Lane, Recording, Track
    from labeling.services import media, recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack
    from tests.labeling import factories

    owner = factories.user("mia")
    study = factories.study(owner)
    who = [Appears(one.code) for one in factories.people(study, 1)]
    row = NewRecording("r", [NewTrack("signal", "pulse", who)])
    made = recordings.register(actor=owner, study=study, rows=[row])
    track = Track.objects.select_related("study", "original").get(pk=made.tracks[0][0])
    media.attach(actor=owner, track=track, source=io.BytesIO(b"0,1\n0.1,2\n0.2,3\n"), file_name="a.csv")
    both = [Track.objects.select_related("study", "original").get(pk=track.pk) for _turn in range(2)]
    told = side_by_side(lambda: media.read_track(both[0]), lambda: media.read_track(both[1]))
    media.read_recording(Recording.objects.get(pk=made.recordings[0]))
    return {
        "told": told,
        "lanes": Lane.objects.count(),
        "assets": Asset.objects.exclude(state="erased").filter(kind="lane").count(),
    }


def two_publish() -> dict:
    from core import jobs
    from datasets.models import DatasetVersion
    from tests.datasets import factories

    scene = factories.scene(12, 6)
    version = scene.begin()
    told = side_by_side(lambda: jobs.run(version.job_id), lambda: scene.begin())
    return {"told": told, "numbers": sorted(DatasetVersion.objects.values_list("number", flat=True))}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
