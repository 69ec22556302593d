"""Ground truth for emotion data, as pure functions: arrays in, frozen results out.

The package knows no database, no web framework and no file but the streams it is given, so each number it produces can
be checked against the paper it comes from. It holds the vocabularies of the field, agreement between raters, the making
of gold standards, speaker-disjoint splits, evaluation, and the file formats of labels and traces.

Two rules run through all of it. What cannot be computed raises `Undefined` with a reason and is never 1, 0 or NaN;
and everything random takes a seed and names it in its result.
"""
