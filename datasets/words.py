"""How stored codes of dataset versions are said to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SIDE = {"train": _("train"), "development": _("development"), "test": _("test")}

# What a file of a package is. The package itself speaks English, in every language of the page.
FILE = {
    "Every file with its size and SHA-256": _("Every file with its size and SHA-256"),
    "What this dataset is, for people": _("What this dataset is, for people"),
    "The same, for programs": _("The same, for programs"),
    "One row an item: split, times, gold labels with their spread": _(
        "One row an item: split, times, gold labels with their spread"
    ),
    "One row an answer: every annotator, nothing averaged": _("One row an answer: every annotator, nothing averaged"),
    "One row a sample of a continuous rating: raw of every annotator, and fused": _(
        "One row a sample of a continuous rating: raw of every annotator, and fused"
    ),
    "Which side of the split each item is on": _("Which side of the split each item is on"),
}
