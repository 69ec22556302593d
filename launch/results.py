"""What the parts of a test run said, read from their own reports and added up to one closing line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Outcome:
    """One part's result. `output` is shown when the part failed."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    output: str = ""

    @property
    def good(self) -> bool:
        return self.failed == 0 and self.passed > 0

    def line(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        mark = "ok    " if self.good else "FAILED"
        return f"  {mark} {self.name:<24} {self.passed} passed, {self.failed} failed{skipped} in {self.seconds:.1f} s"


def of_command(name: str, code: int, output: str, seconds: float) -> Outcome:
    """A linter counts as one test."""
    return Outcome(name, passed=int(code == 0), failed=int(code != 0), seconds=seconds, output=output)


def of_junit(name: str, report: Path, code: int, output: str, seconds: float) -> Outcome:
    """A pytest run from its JUnit file. A run that broke off, or that ran no test, has failed once at least."""
    passed = failed = skipped = 0
    try:
        suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by our own run
        for suite in suites:
            count = {key: int(suite.get(key, 0)) for key in ("tests", "errors", "failures", "skipped")}
            failed += count["errors"] + count["failures"]
            skipped += count["skipped"]
            passed += count["tests"] - count["errors"] - count["failures"] - count["skipped"]
    except (OSError, ElementTree.ParseError):
        output += f"\n(no report at {report.name}: the run broke off)"
    if failed == 0 and (code != 0 or passed == 0):
        failed = 1
    return Outcome(name, max(passed, 0), failed, skipped, seconds, output)


def of_node(name: str, code: int, output: str, seconds: float) -> Outcome:
    """A `node --test` run from the closing lines of its TAP output.

    >>> of_node("js", 0, "# tests 3\\n# pass 3\\n# fail 0\\n# cancelled 0\\n# skipped 0\\n", 1.0).passed
    3
    """
    count = {key: int(number) for key, number in re.findall(r"^# (pass|fail|cancelled|skipped) (\d+)$", output, re.M)}
    passed, failed = count.get("pass", 0), count.get("fail", 0) + count.get("cancelled", 0)
    if failed == 0 and (code != 0 or passed == 0):
        failed = 1
    return Outcome(name, passed, failed, count.get("skipped", 0), seconds, output)


def closing_line(outcomes: Iterable[Outcome]) -> str:
    """The sum of all parts, in the form that pytest closes with.

    >>> closing_line([Outcome("a", passed=2), Outcome("b", passed=1, failed=1, skipped=1)])
    '3 passed, 1 failed, 1 skipped'
    """
    outcomes = list(outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    told = f"{sum(o.passed for o in outcomes)} passed, {sum(o.failed for o in outcomes)} failed"
    return f"{told}, {skipped} skipped" if skipped else told
