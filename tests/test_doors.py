import pytest
from django.urls import URLPattern, get_resolver, reverse
from uuid import uuid4
pytestmark = pytest.mark.django_db(databases="__all__")
def walk(patterns, names=()):
    for one in patterns:
        if isinstance(one, URLPattern): yield ":".join((*names, one.name or "")), one
        else: yield from walk(one.url_patterns, (*names, one.namespace) if one.namespace else names)
def ids(t):
    return {"study_id": t.study.pk, "campaign_id": t.campaign.pk, "assignment_id": t.assignment.pk, "track_id": t.track.pk,
      "what": "original", "annotation_id": t.annotation.pk, "dataset_id": t.dataset.pk, "version_id": t.version.pk, "asset_id": t.package.pk,
      "run_id": t.run.pk, "job_id": t.job.pk, "token": t.token, "participant_id": t.participant.pk, "notice_id": t.notice.pk, "text_id": t.text.pk, "request_id": t.request.pk, "basis_id": t.study.bases.first().pk}
def test_x(cast, browsers):
    from django.db import transaction
    have = ids(cast.ours) | {"token_id": cast.tokens["ana"][0].pk}
    from http.cookies import SimpleCookie
    kept = {w: SimpleCookie(b.cookies.output(header="", sep=";")) for w,b in browsers.items()}
    for name, p in walk(get_resolver().url_patterns):
        conv = p.pattern.converters
        for method in ("get","post"):
            row=[]
            for who, browser in browsers.items():
                browser.cookies.clear(); browser.cookies.update(kept[who])
                try:
                    url = reverse(name, kwargs={k: have[k] for k in conv})
                except Exception as e:
                    row=[str(e)[:60]]; break
                sid = transaction.savepoint()
                try: st = getattr(browser, method)(url).status_code
                except Exception as e: st = repr(e)[:80]
                transaction.savepoint_rollback(sid)
                row.append(f"{who[:4]}={st}")
            from collections import defaultdict
            g=defaultdict(list)
            for r in row:
                w,_,s_=r.partition("="); g[s_].append(w)
            print(name, method, dict(g))
