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
