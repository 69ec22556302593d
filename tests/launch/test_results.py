"""Reports of real runs are read, and no run that broke off passes for a good one."""

import os
import shutil
import subprocess
import sys

import pytest

from launch import results
from launch.results import Outcome

MIXED = """
import pytest
def test_good(): assert True
@pytest.mark.parametrize("n", [1, 2])
def test_bad(n): assert n == 0
@pytest.mark.skip
def test_not_now(): pass
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
"""


def run_pytest(folder, text, *words):
    (folder / "test_it.py").write_text(text)
    report = folder / "junit.xml"
    argv = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "--rootdir", folder, "-c", "/dev/null"]
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # pytest alone: nothing here is about its plug-ins
    ran = subprocess.run([*argv, *words, folder / "test_it.py"], cwd=folder, env=env, capture_output=True, text=True)
    return results.of_junit("part", report, ran.returncode, ran.stdout, 1.0)


def test_passed_failed_skipped_and_broken_are_counted(tmp_path):
    outcome = run_pytest(tmp_path, MIXED)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 3, 1)
    assert not outcome.good
    assert "assert 1 == 0" in outcome.output


def test_a_file_that_cannot_be_imported_is_a_failure(tmp_path):
    assert run_pytest(tmp_path, "import nothing_of_that_name\n").failed == 1


def test_a_run_of_no_test_is_a_failure(tmp_path):
    outcome = run_pytest(tmp_path, "x = 1\n")
    assert (outcome.passed, outcome.failed) == (0, 1)


def test_a_run_that_died_without_a_report_is_a_failure(tmp_path):
    outcome = run_pytest(tmp_path, "import os\ndef test_end(): os._exit(0)\n")
    assert outcome.failed == 1
    assert "broke off" in outcome.output


@pytest.mark.parametrize(("text", "passed", "failed"), [("1", 2, 0), ("2", 1, 1)])
def test_nodes_own_summary_is_read(tmp_path, text, passed, failed):
    node = shutil.which("node")
    assert node, "make test brings a Node"
    (tmp_path / "a.test.mjs").write_text(
        "import test from 'node:test'; import assert from 'node:assert';"
        f"test('one', () => assert.equal(1, {text})); test('two', () => {{}});"
    )
    ran = subprocess.run(
        [node, "--test", "--test-reporter=tap", "a.test.mjs"], cwd=tmp_path, capture_output=True, text=True
    )
    outcome = results.of_node("js", ran.returncode, ran.stdout, 1.0)
    assert (outcome.passed, outcome.failed) == (passed, failed)


def test_a_node_that_says_nothing_has_failed():
    assert not results.of_node("js", 0, "", 1.0).good
    assert not results.of_node("js", 0, "# pass 0\n# fail 0\n", 1.0).good


def test_the_sum_is_one_plain_line():
    parts = [Outcome("a", passed=400), Outcome("b", passed=12)]
    assert results.closing_line(parts) == "412 passed, 0 failed"
    assert results.closing_line([*parts, Outcome("c", failed=2, skipped=1)]) == "412 passed, 2 failed, 1 skipped"
