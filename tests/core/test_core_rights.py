"""On PostgreSQL the running application may add to the audit log through its function, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from launch.postgres import Cluster

ACT = """
import django; django.setup()
from django.db import transaction
from core import audit, checkpoints
from core.models import User
with transaction.atomic():
    audit.record("core.user.invited", target=User.objects.create(email="ana@lab.example"))
print(checkpoints.verify())
"""


pytestmark = pytest.mark.own_database


@pytest.fixture(scope="module", params=["prepare", "migrate"])
def installation(request, tmp_path_factory):
    """A database made with both roles, by `manage.py prepare` or by the owner's migrations alone, on its own cluster."""
    data = tmp_path_factory.mktemp("rights")
    with Cluster(Path(sys.prefix)) as cluster:
        urls = cluster.create("rights")
        env = dict(os.environ) | {
            "CONCORD_DATA": str(data / "data"),
            "CONCORD_LEDGER": str(data / "ledger"),
            "DATABASE_URL": urls["runtime"],
            "DATABASE_OWNER_URL": urls["owner"],
        }
        env.pop("KEYS_DATABASE_URL", None)
        making = env if request.param == "prepare" else env | {"DATABASE_URL": urls["owner"]}
        ran = subprocess.run([sys.executable, "manage.py", request.param], env=making, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        yield urls, env


def test_the_application_records_and_verifies(installation):
    _urls, env = installation
    ran = subprocess.run([sys.executable, "-c", ACT], env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "reason=''" in ran.stdout


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.event SET verb = 'a.b.c'",
        "DELETE FROM audit.event",
        "TRUNCATE audit.event",
        "INSERT INTO audit.event SELECT * FROM audit.event",
        "INSERT INTO audit_event SELECT * FROM audit_event",
        "UPDATE audit_event SET verb = 'a.b.c'",
        "DELETE FROM audit_event",
        "ALTER TABLE audit.event DISABLE TRIGGER event_kept",
        "DROP TABLE audit.event CASCADE",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    ],
)
def test_the_application_may_do_nothing_else_to_it(installation, statement):
    urls, _env = installation
    with psycopg.connect(urls["runtime"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
