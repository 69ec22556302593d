"""Real processes on a real database, for tests that an in-memory database cannot do. Run as a script: it prints one line of JSON.

real.py make N_ITEMS OVERLAP N_ANNOTATORS     a campaign
real.py work CAMPAIGN USER…                   each user labels in a thread until nothing is left
real.py count CAMPAIGN                        what is stored
real.py session USER                          a signed-in session's cookie
"""

import json
import os
import sys
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()


def make(items: str, overlap: str, annotators: str) -> dict:
    from tests.labeling import factories

    names = tuple(f"a{n}" for n in range(int(annotators)))
    scene = factories.scene(n=int(items), overlap=int(overlap), annotators=names)
    return {
        "campaign": str(scene.campaign.pk), "users": [str(scene.users[name].pk) for name in names],
        "answers": factories.answers(scene.campaign),
    }  # fmt: skip


def work(campaign_id: str, *users: str) -> dict:
    from django.db import connections

    from core.models import User
    from labeling.models import Campaign
    from labeling.services import annotations, queue
    from tests.labeling import factories

    campaign = Campaign.objects.get(pk=campaign_id)
    said, done, errors = factories.answers(campaign), [], []

    def label(user: User) -> None:
        try:
            while (one := queue.next_assignment(user, campaign)) is not None:
                one.campaign = campaign
                annotations.submit_annotation(actor=user, assignment=one, client_id=one.client_id, answers=said)
                done.append(str(one.pk))
        except Exception as error:  # noqa: BLE001 - told to the test
            errors.append(repr(error))
        finally:
            connections.close_all()

    threads = [Thread(target=label, args=(user,)) for user in User.objects.filter(pk__in=users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"done": len(done), "errors": errors}


def count(campaign_id: str) -> dict:
    from django.db import connection
    from django.db.models import F

    from core.models import AuditEvent
    from labeling.models import Annotation, Answer, CampaignItem

    entries = CampaignItem.objects.filter(campaign_id=campaign_id)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            sound = cursor.fetchone()[0]
        else:
            sound = "ok"
    return {
        "items": entries.count(),
        "over": entries.filter(taken__gt=F("wanted")).count(),
        "complete": entries.filter(answered=F("wanted"), taken=F("wanted"), open=False).count(),
        "annotations": [str(pk) for pk in Annotation.objects.values_list("pk", flat=True)],
        "client_ids": [str(one) for one in Annotation.objects.values_list("client_id", flat=True)],
        "answers": Answer.objects.count(),
        "audited": AuditEvent.objects.filter(verb="labeling.annotation.submitted").count(),
        "sound": sound,
    }


def session(user_id: str) -> dict:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from core.models import User

    user = User.objects.get(pk=user_id)
    made = SessionStore()
    made[SESSION_KEY], made[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    made[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    made.save()
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={made.session_key}; {settings.CSRF_COOKIE_NAME}={'t' * 32}"}


if __name__ == "__main__":
    print(json.dumps({"make": make, "work": work, "count": count, "session": session}[sys.argv[1]](*sys.argv[2:])))
