"""Keys: what several people appear in needs all of them, and what was destroyed stays destroyed."""

from __future__ import annotations

import os
import stat
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import keys
from consent.keyring import epochs, tree, wrapping
from consent.keyring.models import Epoch, ParticipantKey, StudyKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def scope(folder):
    study_id = uuid4()
    keys.ensure_study(study_id)
    return study_id


def enrolled(study_id, count):
    made = [uuid4() for _ in range(count)]
    keys.ensure_participants(study_id, made)
    return made


def test_it_works(scope):
    [who] = enrolled(scope, 1)
    sealed = keys.seal_text("I was so angry ♥", study_id=scope, participant_ids=[who], aad=b"row 1")
    assert b"angry" not in sealed
    assert keys.open_text(sealed, study_id=scope, participant_ids=[who], aad=b"row 1") == "I was so angry ♥"


def test_no_text_is_no_bytes(scope):
    assert keys.seal_text("", study_id=scope) == b""
    assert keys.open_text(b"", study_id=scope) == ""


def test_without_a_participant_the_study_holds_it(scope):
    sealed = keys.seal_text("a guideline", study_id=scope)
    assert keys.open_text(sealed, study_id=scope) == "a guideline"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 5), st.data())
def test_destroying_any_one_of_n_keys_makes_it_unreadable(scope, count, data):
    people = enrolled(scope, count)
    asset = uuid4()
    sealed = keys.seal_text("together", study_id=scope, participant_ids=data.draw(st.permutations(people)))
    [raw] = keys.make_asset_keys(scope, [keys.NewAssetKey(asset, people)])
    keys.forget()
    assert keys.open_text(sealed, study_id=scope, participant_ids=people) == "together"
    assert keys.asset_key(asset) == raw
    lost = data.draw(st.sampled_from(people))
    assert keys.destroy_participant(lost)
    rest = [one for one in people if one != lost]
    with pytest.raises(keys.KeyGone):
        keys.asset_key(asset)
    with pytest.raises(keys.KeyGone):
        keys.open_text(sealed, study_id=scope, participant_ids=people)
    for subset in (rest, [*rest, *enrolled(scope, 1)], []):
        with pytest.raises(keys.KeyDamaged):
            keys.open_text(sealed, study_id=scope, participant_ids=subset)


def test_a_destroyed_key_is_not_made_again_by_sealing(scope):
    [who] = enrolled(scope, 1)
    keys.destroy_participant(who)
    with pytest.raises(keys.KeyGone):
        keys.seal_text("late", study_id=scope, participant_ids=[who])


def test_a_text_moved_to_another_row_or_person_or_study_does_not_open(scope):
    one, other = enrolled(scope, 2)
    sealed = keys.seal_text("mine", study_id=scope, participant_ids=[one], aad=b"row 1")
    elsewhere = uuid4()
    keys.ensure_study(elsewhere)
    for wrong in (
        {"study_id": scope, "participant_ids": [one], "aad": b"row 2"},
        {"study_id": scope, "participant_ids": [other], "aad": b"row 1"},
        {"study_id": elsewhere, "participant_ids": [one], "aad": b"row 1"},
        {"study_id": scope, "aad": b"row 1"},
    ):
        with pytest.raises(keys.KeyDamaged):
            keys.open_text(sealed, **wrong)


def test_a_wrapped_key_copied_to_another_person_does_not_open(scope):
    one, other = enrolled(scope, 2)
    stolen = ParticipantKey.objects.get(pk=one).wrapped
    ParticipantKey.objects.filter(pk=other).update(wrapped=stolen)
    with pytest.raises(keys.KeyDamaged):
        keys.subject_ref(other)


def test_many_texts_open_as_they_were_sealed_one_by_one(scope):
    people = enrolled(scope, 3)
    who = [[people[0]], people, [], [people[2]]]
    aads = [b"a", b"b", b"c", b"d"]
    sealed = keys.seal_many(["x", "y", "z", ""], study_id=scope, participant_ids=who, aads=aads)
    assert keys.open_many(sealed, study_id=scope, participant_ids=who, aads=aads) == ["x", "y", "z", ""]
    assert keys.open_text(sealed[1], study_id=scope, participant_ids=people, aad=b"b") == "y"


def test_ten_thousand_keys_take_a_query_a_thousand(scope, django_assert_max_num_queries):
    people = [uuid4() for _ in range(10_000)]
    with django_assert_max_num_queries(4, using="keys"):
        assert keys.ensure_participants(scope, people) == 10_000
    keys.forget()
    with django_assert_max_num_queries(12, using="keys"):
        keys.seal_many(["short"] * 10_000, study_id=scope, participant_ids=[[one] for one in people])
    assert keys.ensure_participants(scope, people[:10]) == 0


def test_a_persons_identity_is_under_a_key_of_its_own(folder):
    person = uuid4()
    keys.ensure_person(person)
    sealed = keys.seal_person(person, "Pat Doe", aad=b"name")
    assert keys.open_person(person, sealed, aad=b"name") == "Pat Doe"
    with pytest.raises(keys.KeyDamaged):
        keys.open_person(person, sealed, aad=b"contact")
    keys.destroy_person(person)
    with pytest.raises(keys.KeyGone):
        keys.open_person(person, sealed, aad=b"name")


def test_a_subjects_name_in_the_log_is_stable_until_the_key_is_gone(scope):
    one, other = enrolled(scope, 2)
    first = keys.subject_ref(one)
    keys.forget()
    assert keys.subject_ref(one) == first != keys.subject_ref(other)
    assert len(first) == 64
    keys.destroy_participant(one)
    with pytest.raises(keys.KeyGone):
        keys.subject_ref(one)


def test_export_ids_do_not_link_datasets(scope):
    one, other = enrolled(scope, 2)
    dataset, another = uuid4(), uuid4()
    row = keys.export_id(dataset, [one, other], b"item 7")
    assert row == keys.export_id(dataset, [other, one], b"item 7")
    assert len(row) == 16
    assert len({row, keys.export_id(another, [one, other], b"item 7"), keys.export_id(dataset, [one], b"item 7")}) == 3
    assert keys.export_ids(dataset, [([one, other], b"item 7")]) == [row]
    with pytest.raises(ValueError, match="study"):
        keys.export_id(dataset, [], b"item 7")


def test_a_package_has_a_key_that_can_be_destroyed_alone(scope):
    package, asset = uuid4(), uuid4()
    keys.ensure_package(package, scope)
    [raw] = keys.make_asset_keys(scope, [keys.NewAssetKey(asset, package_id=package)])
    assert keys.package_key(package, scope) != raw
    keys.destroy_package(package)
    for read in (lambda: keys.asset_key(asset), lambda: keys.package_key(package, scope)):
        with pytest.raises(keys.KeyGone):
            read()


def test_sub_keys_are_hkdf_as_in_rfc_5869():
    key = os.urandom(32)
    assert wrapping.expand(key, b"label") == HKDFExpand(SHA256(), 32, b"label").derive(key)


# Epochs


def test_key_files_are_for_their_owner_alone(scope, folder):
    [file] = (folder / "keys").glob("*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert epochs.exposed() == []
    file.chmod(0o640)
    epochs._opened.clear()
    keys.forget()
    assert epochs.exposed() == [file.name]
    with pytest.raises(keys.KeyDamaged, match="others"):
        keys.seal_text("x", study_id=scope)


def test_a_new_epoch_keeps_everything_readable_and_the_old_keys_useless(scope, folder):
    [who], person = enrolled(scope, 1), uuid4()
    keys.ensure_person(person)
    text = keys.seal_text("still here", study_id=scope, participant_ids=[who])
    name = keys.seal_person(person, "Pat")
    backup = StudyKey.objects.values_list("study_id", "wrapped", "epoch_id").get()
    assert keys.rotate_epoch() == 2
    keys.forget()
    assert [file.name for file in (folder / "keys").iterdir()] == ["epoch-0002.key"]
    assert keys.open_text(text, study_id=scope, participant_ids=[who]) == "still here"
    assert keys.open_person(person, name) == "Pat"
    StudyKey.objects.update(wrapped=backup[1])  # yesterday's table beside today's key file
    keys.forget()
    with pytest.raises(keys.KeyDamaged):
        keys.open_text(text, study_id=scope, participant_ids=[who])


def test_a_rotation_that_fails_half_way_changes_nothing(scope, folder):
    other = uuid4()
    keys.ensure_study(other)
    good = bytes(StudyKey.objects.get(study_id=other).wrapped)
    StudyKey.objects.filter(study_id=other).update(wrapped=good[:-1] + bytes([good[-1] ^ 1]))
    before = list(StudyKey.objects.order_by("study_id").values_list("study_id", "wrapped", "epoch_id"))
    with pytest.raises(keys.KeyDamaged):
        keys.rotate_epoch()
    assert list(StudyKey.objects.order_by("study_id").values_list("study_id", "wrapped", "epoch_id")) == before
    assert epochs.path_of(1).exists()
    assert list(Epoch.objects.values_list("number", "retired_at")) == [(1, None)]
    StudyKey.objects.filter(study_id=other).update(wrapped=good)
    assert keys.rotate_epoch() == 2


def test_a_rotation_killed_before_the_old_file_was_destroyed_is_finished_by_the_next(scope):
    kept = epochs.path_of(1).read_bytes()
    assert keys.rotate_epoch() == 2
    epochs._write(epochs.path_of(1), kept)
    Epoch.objects.filter(pk=1).update(destroyed_at=None)
    assert keys.rotate_epoch() == 2
    assert not epochs.path_of(1).exists()
    assert Epoch.objects.get(pk=1).destroyed_at is not None


def test_an_epoch_comes_back_from_escrow_with_the_right_passphrase_only(scope):
    sealed = keys.seal_text("kept", study_id=scope)
    bundle = keys.escrow_bundle(1, "correct horse battery staple")
    assert epochs.path_of(1).read_bytes() not in bundle
    epochs.path_of(1).unlink()
    epochs._opened.clear()
    keys.forget()
    with pytest.raises(keys.KeyDamaged, match="missing"):
        keys.open_text(sealed, study_id=scope)
    with pytest.raises(keys.KeyDamaged):
        epochs.restore(bundle, "wrong")
    assert epochs.restore(bundle, "correct horse battery staple") == 1
    assert keys.open_text(sealed, study_id=scope) == "kept"


def test_the_tables_alone_hold_no_key(scope):
    [who] = enrolled(scope, 1)
    secrets = [epochs.path_of(1).read_bytes()]
    secrets += [tree.study_key(scope).raw(), tree.participant_key(who).raw()]
    held = b"".join(
        bytes(row) for model in (StudyKey, ParticipantKey) for row in model.objects.values_list("wrapped", flat=True)
    )
    assert not any(secret in held for secret in secrets)


def test_nothing_starts_with_key_files_that_others_can_read(scope, folder):
    assert run_checks(tags=["security"], include_deployment_checks=False) == []
    epochs.path_of(1).chmod(0o644)
    assert [found.id for found in run_checks(tags=["security"])] == ["keyring.E001"]


def test_the_operators_commands(scope, folder, capsys):
    phrase = folder / "phrase"
    phrase.write_text("correct horse battery staple\n")
    call_command("keyring", "rotate")
    call_command("keyring", "escrow", str(folder / "epoch.json"), "--passphrase-file", str(phrase))
    assert stat.S_IMODE((folder / "epoch.json").stat().st_mode) == 0o600
    epochs.path_of(2).unlink()
    call_command("keyring", "restore", str(folder / "epoch.json"), "--passphrase-file", str(phrase))
    call_command("keyring", "status")
    assert "epoch 2" in capsys.readouterr().out
    assert epochs.path_of(2).exists()
    phrase.write_text("short")
    with pytest.raises(CommandError, match="16"):
        call_command("keyring", "escrow", str(folder / "again.json"), "--passphrase-file", str(phrase))
