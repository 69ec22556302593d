"""How fast an answer is stored: `python -m benchmarks.bench_submit`. Door, gate, audit event, idempotency; over HTTP, default set-up.

The bars: one client p95 at most 20 ms; eight clients at least 120 a second, no error, nothing doubled. Every tenth answer is
sent twice, as after a lost reply.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta

from benchmarks import bars, serving  # first: it sets the environment up

# isort: split
from django.db.models import F
from django.utils import timezone

from labeling.models import Annotation, Answer, Assignment, CampaignItem
from labeling.services import queue
from tests.labeling import factories

ITEMS, EACH = 10_000, 250


def lease(scene: factories.Scene, name: str, entries: list[CampaignItem]) -> list[Assignment]:
    """Live leases on many items, as if handed out already: what is measured is the answer alone."""
    place = queue.place_of(scene.users[name], scene.campaign)
    until = timezone.now() + timedelta(hours=1)
    first = place.handed_out
    made = Assignment.objects.bulk_create(
        Assignment(campaign=scene.campaign, campaign_item=entry, item_id=entry.item_id, annotator_id=place.annotator_id,
                   lease_until=until, position=first + at)
        for at, entry in enumerate(entries, 1)
    )  # fmt: skip
    CampaignItem.objects.filter(pk__in=[entry.pk for entry in entries]).update(taken=F("taken") + 1)
    place.handed_out = first + len(made)
    place.save(update_fields=["handed_out"])
    return made


def client(
    port: int, scene: factories.Scene, name: str, leases: list[Assignment], spent: list[float], errors: list[int]
):
    browser = serving.Browser(port, scene.users[name])
    said = factories.answers(scene.campaign)

    def work() -> None:
        for at, one in enumerate(leases):
            path = f"/label/{one.campaign_id}/{one.pk}/submit/"
            body = {"client_id": str(one.client_id), "assignment_id": str(one.pk), "answers": said, "duration_ms": 4000,
                    "perceived": {"audio": True, "speed": 1}, "played_us": 8_900_000, "started_at": "2026-11-22T10:00:00Z"}  # fmt: skip
            began = time.perf_counter()
            status, _told = browser.post(path, body)
            spent.append(time.perf_counter() - began)
            if status != 201:
                errors.append(status)
            if at % 10 == 0 and browser.post(path, body)[0] != 200:
                errors.append(-1)

    return work


def measure(port: int, scene: factories.Scene, clients: int, each: int) -> tuple[list[float], float, list[int]]:
    names = [f"a{n}" for n in range(clients)]
    open_ = list(CampaignItem.objects.filter(campaign=scene.campaign, taken=0).order_by("rank")[: clients * each])
    spent: list[float] = []
    errors: list[int] = []
    works = [
        client(port, scene, name, lease(scene, name, open_[at * each : (at + 1) * each]), spent, errors)
        for at, name in enumerate(names)
    ]
    return spent, serving.together(works), errors


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--items", type=int, default=ITEMS)
    asked.add_argument("--each", type=int, default=EACH, help="answers of each client")
    options = asked.parse_args()
    serving.migrate()
    scene = factories.scene(
        n=options.items,
        annotators=tuple(f"a{n}" for n in range(8)),
        overlap=1,
        participants=200,
        kinds=("choice", "scale", "text"),
    )
    with serving.server() as port:
        measure(port, scene, 1, 20)  # the first requests load templates, languages and the scheme
        sent, wrong, found = 20, 0, {}
        for clients in (1, 8):
            spent, elapsed, errors = measure(port, scene, clients, options.each)
            sent += len(spent)
            doubles = Annotation.objects.count() - sent
            serving.say(f"submit, {clients} client{'s' * (clients > 1)}", spent, elapsed, len(errors), doubled=doubles)
            wrong += len(errors) + abs(doubles)
            found[clients] = (serving.percentile(spent, 0.95), len(spent) / elapsed)
    stored = Answer.objects.count()
    print(
        f"answers stored {stored} of {2 * sent}; web process {serving.children_memory():.0f} MB at most; {bars.load()}"
    )
    bars.judge("submit, one client, p95", found[1][0], 20, "ms", digits=1, peers="Label Studio 16 answers a second")
    bars.judge(
        "submit, eight clients, answers a second", found[8][1], 120, "", least=True, peers="Label Studio 16, doccano 85"
    )
    bars.judge("errors, answers lost or doubled", wrong + abs(2 * sent - stored), 0, "")
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
