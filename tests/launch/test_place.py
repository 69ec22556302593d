"""Where things go, and which folders are never removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launch import place
from launch.say import Stop


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout"
    folder.mkdir()
    return folder


def test_by_default_everything_is_in_the_checkout_and_the_ledger_outside_the_data(checkout):
    where = place.find({}, checkout)
    assert (where.data, where.environment) == (checkout / ".data", checkout / ".venv")
    assert where.ledger == checkout / ".data-ledger"
    assert where.bundle is None
    assert list(checkout.iterdir()) == []  # finding touches nothing


def test_the_environment_names_data_and_ledger(checkout, tmp_path):
    where = place.find({"CONCORD_DATA": f"{tmp_path}/d", "CONCORD_LEDGER": f"{tmp_path}/l"}, checkout)
    assert (where.data, where.ledger) == (tmp_path / "d", tmp_path / "l")


def test_two_data_folders_beside_each_other_have_two_ledgers(checkout, tmp_path):
    one, two = (place.find({"CONCORD_DATA": str(tmp_path / name)}, checkout) for name in ("one", "two"))
    assert one.ledger != two.ledger


def test_a_checkout_that_cannot_be_written_is_left_alone(tmp_path):
    checkout = Path("/proc/self")  # nobody, root included, can make files here
    where = place.find({"CONCORD_DATA": str(tmp_path / "data")}, checkout)
    assert where.environment == tmp_path / "data" / "environment"
    assert place.find({"HOME": str(tmp_path)}, checkout).data == tmp_path / ".local/share/concord"
    with pytest.raises(Stop, match="CONCORD_DATA"):
        place.find({}, checkout)


def test_a_file_as_data_folder_is_refused(checkout, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Stop, match="which is a file"):
        place.find({"CONCORD_DATA": str(tmp_path / "file")}, checkout)


def test_a_bundle_beside_the_checkout_is_found_and_a_false_one_refused(checkout, tmp_path):
    (checkout / "bundle").mkdir()
    assert place.find({}, checkout).bundle is None
    (checkout / "bundle" / "SHA256SUMS").write_text("")
    assert place.find({}, checkout).bundle == checkout / "bundle"
    with pytest.raises(Stop, match="SHA256SUMS"):
        place.find({"CONCORD_BUNDLE": str(tmp_path)}, checkout)


def test_a_claimed_folder_can_be_removed_with_everything_in_it(checkout, tmp_path):
    data = tmp_path / "data"
    place.claim(data)
    place.claim(data)
    (data / "store" / "v1").mkdir(parents=True)
    (data / "store" / "v1" / "bytes").write_text("x")
    (data / "link").symlink_to(checkout)
    place.remove(data, checkout)
    assert not data.exists()
    assert checkout.exists()


def test_what_is_kept_keeps_the_folder_and_its_marker(checkout, tmp_path):
    data = tmp_path / "data"
    place.claim(data)
    (data / "environment").mkdir()
    (data / "concord.sqlite3").write_text("")
    place.remove(data, checkout, keep=frozenset({"environment"}))
    assert {entry.name for entry in data.iterdir()} == {"environment", place.MARKER}


def test_somebody_elses_folder_is_neither_claimed_nor_removed(checkout, tmp_path):
    dear = tmp_path / "photos"
    dear.mkdir()
    (dear / "holiday.jpg").write_text("x")
    with pytest.raises(Stop, match="not Concord's"):
        place.claim(dear)
    with pytest.raises(Stop, match="left alone"):
        place.remove(dear, checkout)
    assert (dear / "holiday.jpg").exists()


def test_a_link_and_a_folder_around_the_checkout_are_not_removed_even_when_marked(checkout, tmp_path):
    real = tmp_path / "real"
    place.claim(real)
    (tmp_path / "link").symlink_to(real)
    assert not place.removable(tmp_path / "link", checkout)
    (tmp_path / place.MARKER).write_text("")
    assert not place.removable(tmp_path, checkout)
    (checkout / place.MARKER).write_text("")
    assert not place.removable(checkout, checkout)
    assert place.removable(real, checkout)


def reset(checkout, data, **more):
    code = "import sys; from launch import commands; sys.exit(commands.main(['demo-reset']))"
    env = os.environ | {"CONCORD_DATA": str(data), "PYTHONPATH": str(Path(place.__file__).parent.parent)} | more
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, env=env, cwd=checkout, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_demo_reset_asks_and_with_nobody_there_to_answer_removes_nothing(checkout, tmp_path):
    data = tmp_path / "data"
    place.claim(data)
    place.claim(tmp_path / "data-ledger")
    refused = reset(checkout, data, YES="")
    assert refused.returncode == 1
    assert "YES=1" in refused.stderr
    assert data.exists()
    assert reset(checkout, data, YES="1").returncode == 0
    assert not data.exists()
    assert not (tmp_path / "data-ledger").exists()
    assert reset(checkout, data, YES="1").returncode == 0  # nothing left to remove is no fault


def test_demo_reset_leaves_everything_when_one_of_the_folders_is_not_ours(checkout, tmp_path):
    place.claim(tmp_path / "data")
    (tmp_path / "data-ledger").mkdir()
    refused = reset(checkout, tmp_path / "data", YES="1")
    assert refused.returncode == 1
    assert (tmp_path / "data" / place.MARKER).exists()
