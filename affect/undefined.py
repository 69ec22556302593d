"""A coefficient without a value says why.

Agreement and evaluation have inputs for which the formula divides nothing by nothing: one answer used by all, raters
who never met on a unit, a flat trace. Software that prints 1.00 or NaN there misleads; here the functions raise
`Undefined`, with a code for programs and a sentence for people.
"""

ONE_VALUE_ONLY = "one_value_only"
NO_OVERLAP = "no_overlap"
CONSTANT_TRACE = "constant_trace"
TOO_FEW = "too_few"
MOSTLY_UNDEFINED = "mostly_undefined"
INCOMPLETE = "incomplete"
CONTRARY = "contrary"

CODES = frozenset({ONE_VALUE_ONLY, NO_OVERLAP, CONSTANT_TRACE, TOO_FEW, MOSTLY_UNDEFINED, INCOMPLETE, CONTRARY})


class Undefined(ValueError):
    """Raised where a formula has no value for the data at hand.

    `code` is stable and one of `CODES`; `why` is one English sentence.

    >>> raise Undefined("no_overlap", "No unit was rated by two raters.")
    Traceback (most recent call last):
    affect.undefined.Undefined: No unit was rated by two raters.
    """

    def __init__(self, code: str, why: str):
        if code not in CODES:
            raise ValueError(f"unknown code {code!r}; one of {', '.join(sorted(CODES))} would have been right")
        super().__init__(why)
        self.code = code
        self.why = why

    def __reduce__(self):
        return (Undefined, (self.code, self.why))
