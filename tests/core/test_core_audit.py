"""The audit log: stands and falls with the change, has no gap, cannot be altered unseen."""

import subprocess
import sys
import time
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import audit, checkpoints
from core.models import AuditEvent, User


def chain_is_unbroken() -> bool:
    return checkpoints.verify().sound


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("verb", flat=True))


@pytest.fixture
def ledger(tmp_path, settings):
    settings.CONCORD_LEDGER = tmp_path / "ledger"
    settings.CONCORD_DATA = tmp_path / "data"
    settings.CONCORD_DATA.mkdir()
    return settings.CONCORD_LEDGER


@pytest.fixture
def tag() -> str:
    """A word of this test's own: the log outlives the emptying of tables between tests."""
    return "t" + uuid4().hex[:10]


def events(tag: str):
    return AuditEvent.objects.filter(verb=f"core.{tag}.done").order_by("seq")


@pytest.mark.django_db(transaction=True)
class TestInTransactions:
    def test_it_works(self, tag):
        actor = User.objects.create(email=f"{tag}@lab.example")
        with transaction.atomic():
            target = User.objects.create(email=f"{tag}2@lab.example")
            audit.record(f"core.{tag}.done", actor=actor, target=target, count=3, share=0.5, codes=["b", "a"])
            assert not events(tag).exists()
        found = events(tag).get()
        assert found.actor_id == str(actor.pk)
        assert (found.target_type, found.target_id) == ("core.user", str(target.pk))
        assert found.facts == '{"codes":["b","a"],"count":3,"share":0.5}'
        assert chain_is_unbroken()

    def test_outside_a_transaction_it_raises(self):
        with pytest.raises(audit.NotInTransaction):
            audit.record("core.nothing.done")

    def test_what_is_rolled_back_leaves_no_event(self, tag):
        with pytest.raises(RuntimeError), transaction.atomic():
            audit.record(f"core.{tag}.done")
            raise RuntimeError
        with transaction.atomic():
            audit.record(f"core.{tag}.done", second=True)
        assert [one.facts for one in events(tag)] == ['{"second":true}']
        assert chain_is_unbroken()

    def test_a_rolled_back_part_leaves_no_event_and_the_rest_stays(self, tag):
        with transaction.atomic():
            audit.record(f"core.{tag}.done", place=1)
            with pytest.raises(RuntimeError), transaction.atomic():
                audit.record(f"core.{tag}.done", place=2)
                with transaction.atomic():
                    audit.record(f"core.{tag}.done", place=3)
                raise RuntimeError
            with transaction.atomic():
                audit.record(f"core.{tag}.done", place=4)
        assert [one.facts for one in events(tag)] == ['{"place":1}', '{"place":4}']

    def test_an_observation_survives_the_rollback_around_it(self, tag):
        with pytest.raises(RuntimeError), transaction.atomic():
            User.objects.create(email=f"{tag}@lab.example")
            audit.record(f"core.{tag}.done", recorded=True)
            audit.observe(f"core.{tag}.done", outcome="denied", observed=True)
            raise RuntimeError
        assert [(one.outcome, one.facts) for one in events(tag)] == [("denied", '{"observed":true}')]
        assert not User.objects.filter(email=f"{tag}@lab.example").exists()

    def test_an_observation_needs_no_transaction(self, tag):
        audit.observe(f"core.{tag}.done")
        assert events(tag).count() == 1

    def test_a_commit_that_fails_leaves_neither_change_nor_event(self, tag):
        with pytest.raises(DatabaseError), transaction.atomic():
            User.objects.create(email=f"{tag}@lab.example")
            audit.record(
                f"core.{tag}.done",
                target=User(pk=uuid4()),
                study="x" * 37 if connection.vendor == "postgresql" else None,
            )
            if connection.vendor == "sqlite":
                connection._write = lambda _connection, _entries: (_ for _ in ()).throw(DatabaseError("disk full"))
        assert not events(tag).exists()
        assert not User.objects.filter(email=f"{tag}@lab.example").exists()
        with transaction.atomic():
            audit.record(f"core.{tag}.done")
        assert chain_is_unbroken()

    def test_actor_and_request_come_from_the_context(self, tag):
        actor = User.objects.create(email=f"{tag}@lab.example")
        with audit.context(request_id="req-1234", actor=lambda: actor), transaction.atomic():
            audit.record(f"core.{tag}.done")
        found = events(tag).get()
        assert (found.actor_id, found.request_id) == (str(actor.pk), "req-1234")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fact",
    [
        "ana@lab.example",
        "a sentence",
        "x" * 65,
        "José",
        "line\nbreak",
        float("nan"),
        2**60,
        object(),
        {"a": 1},
        b"bytes",
    ],
)
def test_a_fact_that_could_tell_of_a_person_is_refused(fact):
    with pytest.raises(audit.FactRefused), transaction.atomic():
        audit.record("core.nothing.done", fact=fact)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET verb = 'x.y.z'", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_the_table_refuses_to_be_altered(statement, tag):
    if connection.vendor == "sqlite" and statement.startswith("TRUNCATE"):
        statement = "DELETE FROM {table} WHERE seq > 0"
    audit.observe(f"core.{tag}.done")
    table = "audit.event" if connection.vendor == "postgresql" else "audit_event"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table))
    assert events(tag).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_forged_event_is_not_taken_in(tag):
    audit.observe(f"core.{tag}.done")
    last = AuditEvent.objects.order_by("-seq").first()
    forged = {name: getattr(last, name) for name in audit.COLUMNS} | {"seq": last.seq + 2}
    with pytest.raises(DatabaseError, match="no gaps"), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT audit.append(%s)", [[audit.canonical(forged).decode()]])
        else:
            names = [*audit.COLUMNS, "digest"]
            marks = ", ".join(["%s"] * len(names))
            cursor.execute(f"INSERT INTO audit_event ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
                           [*(forged[name] for name in audit.COLUMNS), audit.digest(forged)])  # fmt: skip


def altered(seq: int, column: str, value: str) -> None:
    """What only the owner of the database can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit.event DISABLE TRIGGER event_kept")
            cursor.execute(f"UPDATE audit.event SET {column} = %s WHERE seq = %s", [value, seq])  # noqa: S608
            cursor.execute("ALTER TABLE audit.event ENABLE TRIGGER event_kept")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_event_kept'")
            trigger = cursor.fetchone()[0]
            cursor.execute("DROP TRIGGER audit_event_kept")
            cursor.execute(f"UPDATE audit_event SET {column} = %s WHERE seq = %s", [value, seq])  # noqa: S608
            cursor.execute(trigger)


@pytest.mark.django_db(transaction=True)
def test_the_verifier_names_the_first_altered_event(tag, ledger, capsys):
    for place in range(5):
        audit.observe(f"core.{tag}.done", place=place)
    second = events(tag)[1]
    altered(second.seq, "outcome", "denied")
    try:
        assert checkpoints.verify().altered == second.seq
        with pytest.raises(CommandError, match=str(second.seq)) as ended:
            call_command("verify_audit")
        assert ended.value.returncode == 1
    finally:
        altered(second.seq, "outcome", second.outcome)
    call_command("verify_audit")
    assert "unbroken" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_chain_that_was_recomputed_from_the_start_does_not_fit_its_checkpoint(tag, ledger):
    for place in range(4):
        audit.observe(f"core.{tag}.done", place=place)
    checkpoints.write()
    whole = list(AuditEvent.objects.order_by("seq").values())
    start = events(tag)[1].seq
    try:
        previous = whole[start - 2]["digest"] if start > 1 else audit.GENESIS
        for line in whole[start - 1 :]:
            forged = line | {
                "previous": previous,
                "actor_id": "somebody-else" if line["seq"] == start else line["actor_id"],
            }
            previous = audit.digest(forged)
            for column in ("actor_id", "previous"):
                altered(line["seq"], column, forged[column])
            altered(line["seq"], "digest", previous)
        found = checkpoints.verify()
        assert not found.sound
        assert "signed" in found.reason
    finally:
        for line in whole[start - 1 :]:
            for column in ("actor_id", "previous", "digest"):
                altered(line["seq"], column, line[column])
    assert chain_is_unbroken()


@pytest.mark.django_db(transaction=True)
class TestCheckpoints:
    def test_it_works(self, tag, ledger):
        audit.observe(f"core.{tag}.done")
        path = checkpoints.write()
        size = AuditEvent.objects.count()
        text = path.read_text()
        assert text.splitlines()[:2] == ["concord.audit", str(size)]
        assert text.splitlines()[4].startswith("\u2014 concord.audit ")
        assert checkpoints.read(text).size == size
        assert checkpoints.verify().checkpoints == 1
        assert path.stat().st_mode & 0o077 == 0

    def test_an_altered_checkpoint_is_not_signed(self, tag, ledger):
        audit.observe(f"core.{tag}.done")
        path = checkpoints.write()
        origin, size, *rest = path.read_text().split("\n")
        path.write_text("\n".join([origin, str(int(size) - 1), *rest]))
        assert path.name in checkpoints.verify().reason

    @pytest.mark.parametrize(
        "text", ["", "concord.audit", "concord.audit\n1\nAA==\n\n", "a\nb\nc\n\n\u2014 concord.audit AAAA\n"]
    )
    def test_what_is_no_checkpoint_is_refused(self, text, ledger):
        with pytest.raises(ValueError):
            checkpoints.read(text)

    def test_a_database_older_than_the_ledger_is_refused_until_the_restore_is_accepted(self, tag, ledger):
        audit.observe(f"core.{tag}.done")
        newest = checkpoints.write()
        newest.rename(newest.with_name(f"{int(newest.stem) + 3:012d}.txt"))
        assert checkpoints.behind() == 3
        with pytest.raises(CommandError, match="older backup"):
            call_command("check_ledger")
        call_command("check_ledger", accept_restore=True)
        assert checkpoints.behind() == 0
        assert AuditEvent.objects.order_by("-seq").first().verb == "core.restore.accepted"


WRITER = """
import sys, django; django.setup()
from django.db import transaction
from core import audit
from core.models import User
tag, writer, turns = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for turn in range(turns):
    with transaction.atomic():
        User.objects.create(email=f"{tag}-{writer}-{turn}@lab.example")
        audit.record(f"core.{tag}.done", writer=writer, turn=turn)
    print(turn, flush=True)
"""
COUNT = """
import sys, django; django.setup()
from core import checkpoints
from core.models import AuditEvent, User
print(User.objects.filter(email__startswith=sys.argv[1]).count(),
      AuditEvent.objects.filter(verb=f"core.{sys.argv[1]}.done").count(), checkpoints.verify().sound)
"""


def counted(env: dict, tag: str) -> tuple[int, int, bool]:
    said = subprocess.run(
        [sys.executable, "-c", COUNT, tag], env=env, capture_output=True, text=True, check=True
    ).stdout
    users, found, sound = said.split()
    return int(users), int(found), sound == "True"


@pytest.mark.django_db(transaction=True)
def test_processes_writing_at_the_same_time_give_one_unbroken_chain(tag, outside):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tag, str(number), "40"], env=outside, stdout=subprocess.DEVNULL)
        for number in range(3)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    assert counted(outside, tag) == (120, 120, True)


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_between_loses_no_event_and_leaves_none_too_many(tag, outside):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, tag, "0", "100000"], env=outside, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "ready\n"
    time.sleep(1)
    writer.kill()
    acknowledged = writer.communicate()[0].split()
    users, found, sound = counted(outside, tag)
    assert users == found >= len(acknowledged) > 10
    assert sound


@pytest.mark.django_db
def test_in_a_test_that_never_commits_events_show_when_the_service_ends(tag):
    with transaction.atomic():
        audit.record(f"core.{tag}.done")
        with transaction.atomic():
            audit.record(f"core.{tag}.done")
        assert not events(tag).exists()
    assert events(tag).count() == 2
