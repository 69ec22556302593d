"""Published data that the formulas here are checked against."""

from __future__ import annotations

_FIRST = (
    "111 333 112 222 222 222 122 333 222 232 444 222 111 222 121 111 111 111 222 222 222 222 222 221 111 111 232 111 111 112 "
    "111 333 111 222 222 433 221 232 333 111 111 121 232 121 222"
)
_OTHERS = (
    "1111 4334 2122 3121 3222 3322 2111 3433 2223 2223 4444 3343 1111 3212 1111 2111 1111 1111 2221 1322 2222 2221 3222 2222 "
    "1111 1111 2222 1111 1111 1121 1111 3233 1111 2222 3232 4343 2232 3233 3432 1111 1111 2111 2222 1111 2222"
)

ANAESTHETISTS: tuple[tuple[str, str, str], ...] = tuple(
    (f"{patient:02}", str(observer), grade)
    for patient, (first, others) in enumerate(zip(_FIRST.split(), _OTHERS.split(), strict=True), 1)
    for observer, grades in enumerate((first, *others), 1)
    for grade in grades
)
"""(patient, observer, grade): fitness for anaesthesia of 45 patients, 315 answers; the first of five observers judged each
patient three times. Dawid & Skene (1979), Applied Statistics 28(1), table 1."""

JUDGES: tuple[tuple[float, ...], ...] = (
    (9, 6, 8, 7, 10, 6),
    (2, 1, 4, 1, 5, 2),
    (5, 3, 6, 2, 6, 4),
    (8, 2, 8, 6, 9, 7),
)
"""Four judges and six targets. Shrout & Fleiss (1979), Psychological Bulletin 86(2), table 2."""
