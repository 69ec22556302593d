"""When an environment serves and when it is made anew; what uv is told; what a bundle is worth."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launch import environment, indexes, sums
from launch.place import Place
from launch.say import Stop

CHECKOUT = Path(environment.__file__).resolve().parent.parent


@pytest.fixture
def where(tmp_path):
    (tmp_path / "requirements").mkdir()
    for level in environment.LEVELS:
        (tmp_path / "requirements" / f"{level}.lock").write_text(f"{level}==1\n")
    return Place(tmp_path, tmp_path / ".data", tmp_path / ".data-ledger", tmp_path / ".venv", None)


def test_a_fuller_environment_serves_a_smaller_wish_and_not_the_other_way_round(where):
    full, small = environment.wanted(where, "dev"), environment.wanted(where, "base")
    assert environment.satisfies(full, small)
    assert environment.satisfies(full, full)
    assert not environment.satisfies(small, full)
    assert not environment.satisfies(None, small)


@pytest.mark.parametrize("change", ["lock", "python", "place"])
def test_another_lock_python_or_place_makes_it_anew(where, change):
    stamp = environment.wanted(where, "ml")
    if change == "lock":
        (where.checkout / "requirements" / "base.lock").write_text("base==2\n")
    else:
        stamp[change] = "other"
    assert not environment.satisfies(stamp, environment.wanted(where, "ml"))


def test_a_lock_above_the_wish_may_change_without_a_new_environment(where):
    stamp = environment.wanted(where, "dev")
    (where.checkout / "requirements" / "dev.lock").write_text("dev==2\n")
    assert environment.satisfies(stamp, environment.wanted(where, "ml"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_stamp_is_no_stamp(where, text):
    where.environment.mkdir()
    (where.environment / environment.STAMP).write_text(text)
    assert not environment.satisfies(environment.read_stamp(where), environment.wanted(where, "base"))


def test_an_environment_with_the_right_stamp_is_left_alone(where):
    where.environment.mkdir()
    stamp = where.environment / environment.STAMP
    stamp.write_text(json.dumps(environment.wanted(where, "ml")))
    environment.ensure(where, "ml")
    assert [entry.name for entry in where.environment.iterdir()] == [environment.STAMP]


def test_pip_really_lists_its_options_in_the_form_that_is_read(tmp_path, monkeypatch):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://one.example/simple\nfind-links =\n    /a\n    /b\n[install]\ntimeout = 7\n"
    )
    env = {"PIP_CONFIG_FILE": str(config), "PIP_INDEX_URL": "https://two.example/it's", "HOME": str(tmp_path)}
    argv = [sys.executable, "-m", "pip", "config", "list"]
    options = indexes.parse(subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout)
    assert options["index-url"] == "https://two.example/it's"  # the environment is stronger than the file
    assert options["timeout"] == "7"
    told = indexes.for_uv(options, {})
    assert told["UV_DEFAULT_INDEX"] == "https://two.example/it's"
    assert told["UV_FIND_LINKS"] == "/a,/b"


def test_several_indexes_are_equal_as_they_are_for_pip():
    told = indexes.for_uv({"extra-index-url": "https://a.example/ https://b.example/"}, {})
    assert told == {"UV_INDEX": "https://a.example/ https://b.example/", "UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_a_person_who_has_told_uv_where_to_look_is_not_talked_over():
    assert indexes.for_uv({"index-url": "https://a.example/"}, {"UV_INDEX_URL": "https://b.example/"}) == {}


def test_a_bundle_that_was_changed_or_lost_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "wheels").mkdir()
    for name in ("a b.whl", "c.whl"):
        (tmp_path / "wheels" / name).write_text(name)
    assert sums.write(tmp_path) == 2
    sums.verify(tmp_path)
    assert subprocess.run(["sha256sum", "--check", "--quiet", sums.SUMS], cwd=tmp_path).returncode == 0
    (tmp_path / "wheels" / "a b.whl").write_text("other")
    with pytest.raises(Stop, match=r"a b\.whl is not the file"):
        sums.verify(tmp_path)
    (tmp_path / "wheels" / "a b.whl").unlink()
    with pytest.raises(Stop, match=r"lacks wheels/a b\.whl"):
        sums.verify(tmp_path)


@pytest.mark.parametrize("name", ["base", "ml", "dev", "bootstrap", "node"])
def test_every_locked_package_has_its_hashes_and_no_lock_names_an_address(name):
    text = (CHECKOUT / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
    packages = [part for part in text.replace("\\\n", " ").splitlines() if part.strip()]
    assert packages
    assert all("==" in line and "--hash=sha256:" in line for line in packages)


def test_each_lock_holds_what_the_smaller_one_holds():
    def pins(name):
        lines = (CHECKOUT / "requirements" / f"{name}.lock").read_text().splitlines()
        return {line.split(" ")[0] for line in lines if line and not line.startswith(" ")}

    assert pins("base") < pins("ml") < pins("dev")
    asked = {
        line.split("[")[0].split("~")[0].split("<")[0]
        for line in (CHECKOUT / "requirements/base.in").read_text().split()
    }
    assert {name.lower() for name in asked} <= {pin.split("==")[0] for pin in pins("base")}


def test_the_lock_is_not_the_one_uv_waits_for(where):
    """uv takes `.lock` inside the environment; holding that while uv runs would stop both."""
    with environment._alone(where.environment):
        assert [entry.name for entry in where.environment.iterdir()] == [environment.LOCK]
    assert environment.LOCK != ".lock"


@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_variable_that_is_set_to_nothing_counts_as_unset(where, monkeypatch, nothing):
    set_to_nothing = ("UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "XDG_CACHE_HOME", "BROKER_URL", "PORT", "SECRET_KEY")
    for name in set_to_nothing:
        monkeypatch.setenv(name, nothing)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    told = environment.variables(where)
    assert told.keys() & set(set_to_nothing) == set()
    assert told["LOG_LEVEL"] == "DEBUG"


def test_uv_starts_where_its_own_variables_are_set_to_nothing(where, monkeypatch):
    """Left to itself, uv refuses an empty folder for its cache with a sentence about its command line."""
    monkeypatch.setenv("UV_CACHE_DIR", "")
    argv = [Path(sys.prefix) / "tools" / "bin" / "uv", "cache", "dir"]
    assert subprocess.run(argv, env=os.environ, capture_output=True).returncode != 0
    told = subprocess.run(argv, env=environment.variables(where), capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


def test_make_takes_an_empty_python_for_the_usual_one():
    argv = ["make", "--no-print-directory", "help"]
    ran = subprocess.run(argv, cwd=CHECKOUT, env={**os.environ, "PYTHON": ""}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "demo-reset" in ran.stdout
