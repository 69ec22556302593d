"""How fast the next item comes: `python -m benchmarks.bench_queue_next [--items 10000]`. Over HTTP, default set-up.

The bars at 10,000 items: p50 at most 8 ms, p95 at most 20 ms; flat to 1,000,000 items. Each item that is handed out is answered
(not measured), so the queue moves on. Eight annotators work at once in the second part.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks import bars, serving  # first: it sets the environment up

# isort: split
from django.db.models import F

from labeling.models import CampaignItem, QueuePlace
from tests.labeling import factories

ITEMS, EACH = 10_000, 200


def client(port: int, scene: factories.Scene, name: str, each: int, spent: list[float], errors: list[int]):
    browser = serving.Browser(port, scene.users[name])
    said = factories.answers(scene.campaign)

    def work() -> None:
        for _turn in range(each):
            began = time.perf_counter()
            status, told = browser.post("/api/v1/assignments/next", {"campaign": str(scene.campaign.pk)})
            spent.append(time.perf_counter() - began)
            if status != 200:
                errors.append(status)
                continue
            sent = {"assignment": told["id"], "client_id": told["client_id"], "answers": said}
            if browser.post("/api/v1/annotations", sent)[0] != 201:
                errors.append(-1)

    return work


def pages(port: int, scene: factories.Scene, name: str, each: int) -> tuple[list[float], list[int]]:
    """The whole fragment of the workspace, as htmx asks for it."""
    browser, spent, errors = serving.Browser(port, scene.users[name]), [], []
    for _turn in range(each):
        began = time.perf_counter()
        status, _page = browser.get(f"/label/{scene.campaign.pk}/", **{"HX-Request": "true", "Accept": "text/html"})
        spent.append(time.perf_counter() - began)
        errors += [status] if status != 200 else []
    return spent, errors


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--items", type=int, default=ITEMS)
    asked.add_argument("--each", type=int, default=EACH, help="items of each client")
    options = asked.parse_args()
    serving.migrate()
    began = time.perf_counter()
    scene = factories.scene(
        n=options.items,
        annotators=tuple(f"a{n}" for n in range(8)),
        overlap=3,
        participants=200,
        kinds=("choice", "scale"),
    )
    print(f"{options.items:,} items in a campaign after {time.perf_counter() - began:.1f} s")
    with serving.server() as port:
        client(port, scene, "a0", 10, [], [])()
        alone: list[float] = []
        wrong = 0
        for clients in (1, 8):
            spent: list[float] = []
            errors: list[int] = []
            names = [f"a{n}" for n in range(clients)]
            elapsed = serving.together([client(port, scene, name, options.each, spent, errors) for name in names])
            serving.say(f"next, {clients} client{'s' * (clients > 1)}", spent, elapsed, len(errors))
            wrong += len(errors)
            if clients == 1:
                alone = spent
        spent, errors = pages(port, scene, "a0", options.each)
        serving.say("workspace fragment, 1 client", spent, sum(spent), len(errors))
    over = CampaignItem.objects.filter(taken__gt=F("wanted")).count()
    answered = sum(QueuePlace.objects.values_list("answered", flat=True))
    print(
        f"over-assigned {over}; answered {answered}; web process {serving.children_memory():.0f} MB at most; {bars.load()}"
    )
    peers = "Label Studio 88 / 152"
    bars.judge("next item, one client, p50", serving.percentile(alone, 0.5), 8, "ms", digits=1, peers=peers)
    bars.judge("next item, one client, p95", serving.percentile(alone, 0.95), 20, "ms", digits=1, peers=peers)
    bars.judge("errors, and items handed out too often", wrong + over, 0, "")
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
