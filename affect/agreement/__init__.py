"""How far raters agree: coefficients for labels and for traces, each with its interval.

`MEASURES` is the table of what a campaign can be asked for. A measure takes ratings and a seed and returns a
`affect.measure.Measure`; a further one is a function in a module of this package and a line here.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module

from affect.measure import Measure

# Name -> (dotted module, function, fixed arguments). Measures of labels take ratings of shape (raters, units);
# measures of traces take a sequence of clips, each of shape (raters, T).
MEASURES: dict[str, tuple[str, str, dict[str, str]]] = {
    "alpha_nominal": ("affect.agreement.alpha", "measure_alpha", {"level": "nominal"}),
    "alpha_ordinal": ("affect.agreement.alpha", "measure_alpha", {"level": "ordinal"}),
    "alpha_interval": ("affect.agreement.alpha", "measure_alpha", {"level": "interval"}),
    "alpha_ratio": ("affect.agreement.alpha", "measure_alpha", {"level": "ratio"}),
    "alpha_jaccard": ("affect.agreement.alpha", "measure_alpha", {"level": "jaccard"}),
    "alpha_masi": ("affect.agreement.alpha", "measure_alpha", {"level": "masi"}),
    "fleiss_kappa": ("affect.agreement.kappa", "measure_kappa", {"chance": "fleiss"}),
    "gwet_ac1": ("affect.agreement.kappa", "measure_kappa", {"chance": "gwet"}),
    "gwet_ac2_linear": ("affect.agreement.kappa", "measure_kappa", {"chance": "gwet", "weights": "linear"}),
    "gwet_ac2_quadratic": ("affect.agreement.kappa", "measure_kappa", {"chance": "gwet", "weights": "quadratic"}),
    "icc_1_1": ("affect.agreement.icc", "measure_icc", {"form": "ICC(1,1)"}),
    "icc_2_1": ("affect.agreement.icc", "measure_icc", {"form": "ICC(2,1)"}),
    "icc_3_1": ("affect.agreement.icc", "measure_icc", {"form": "ICC(3,1)"}),
    "icc_1_k": ("affect.agreement.icc", "measure_icc", {"form": "ICC(1,k)"}),
    "icc_2_k": ("affect.agreement.icc", "measure_icc", {"form": "ICC(2,k)"}),
    "icc_3_k": ("affect.agreement.icc", "measure_icc", {"form": "ICC(3,k)"}),
    "percent_agreement": ("affect.agreement.alpha", "measure_percent_agreement", {}),
    "concordance_pairwise": ("affect.agreement.concordance", "measure_concordance", {"statistic": "pairwise"}),
    "concordance_leave_one_out": (
        "affect.agreement.concordance",
        "measure_concordance",
        {"statistic": "leave_one_out"},
    ),
    "signed_differential": ("affect.agreement.differential", "measure_differential", {}),
}


def load(name: str) -> Callable[..., Measure]:
    """The measure of that name, called as `measure(ratings, seed=...)`.

    >>> load("alpha_nominal")([["a", "b", "b"], ["a", "b", "a"]], seed=1).n_units
    3
    """
    if name not in MEASURES:
        raise ValueError(f"unknown measure {name!r}; one of {', '.join(MEASURES)} would have been right")
    module, function, fixed = MEASURES[name]
    return partial(getattr(import_module(module), function), **fixed)
