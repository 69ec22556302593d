"""How stored codes that are no enumeration of a model are said to people: measures, why one has no value, flags, methods."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

MEASURE = {
    "alpha_nominal": _("Krippendorff's alpha, nominal"), "alpha_ordinal": _("Krippendorff's alpha, ordinal"),
    "alpha_interval": _("Krippendorff's alpha, interval"), "alpha_ratio": _("Krippendorff's alpha, ratio"),
    "percent_agreement": _("percent agreement, mean share of agreeing pairs"), "concordance_pairwise": _("Lin's concordance, pairwise, mean over clips"),
    "concordance_leave_one_out": _("Lin's concordance, leave one out, mean over clips"),
}  # fmt: skip

# Why a measure has no value; the codes are those of affect.undefined.
UNDEFINED = {
    "one_value_only": _("Everybody gave the same answer everywhere, so there is nothing to tell agreement from chance."),
    "no_overlap": _("No item was answered by two annotators."),
    "constant_trace": _("The traces do not move, so nothing can vary together."),
    "too_few": _("There are too few answers."),
    "mostly_undefined": _("Most resamples have no value, so no interval can be given."),
    "incomplete": _("Some ratings are missing, and this measure needs all of them."),
    "contrary": _("No annotator agrees with the others, so nobody's trace can count more than another's."),
}  # fmt: skip
NO_INTERVAL = _("No interval: too few answers, or too few resamples have a value.")

FLAG = {"tie": _("tie, no label"), "too_few": _("too few answers")}
ALIGNMENT = {"container": _("from the file"), "given": _("as stated"), "manual": _("by hand"), "import": _("import")}
DEVICES = {
    "mouse": _("mouse"), "wheel": _("wheel"), "keys": _("arrow keys"), "gamepad": _("gamepad"), "touch": _("touch"),
}  # fmt: skip

# What has changed between two versions of a scheme, and what that touches; the codes are those of affect.schemes.changes.
CHANGE = {
    "question_added": _("question added"), "question_removed": _("question taken away"), "label_added": _("label added"),
    "label_removed": _("label taken away"), "tier_added": _("tier added"), "tier_removed": _("tier taken away"),
    "reason_added": _("reason to skip added"), "reason_removed": _("reason to skip taken away"),
    "kind_changed": _("of another kind"), "reordered": _("in another order"), "renamed": _("renamed"), "changed": _("changed"),
}  # fmt: skip
WEIGHT = {"wording": _("the wording"), "rules": _("the rules"), "answers": _("answers that were given")}
