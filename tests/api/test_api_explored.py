"""schemathesis walks the whole description with cases of its own. Long: `make test-long`."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.long]


def test_no_case_of_the_description_makes_a_500(world):
    described = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    bearer = {"Authorization": f"Bearer {world.mia.secret}"}
    walked = 0
    for found in described.get_all_operations():
        operation = found.ok()
        if not operation.path.startswith("/api/v1/"):
            continue

        @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def run(case) -> None:
            answer = case.call(headers=bearer)
            assert answer.status_code < 500, (case.method, case.path, case.body)

        run()
        walked += 1
    assert walked > 100
