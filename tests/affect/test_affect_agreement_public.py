"""What is public in `affect.agreement` is documented, and its published value is a doctest."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from affect.agreement import MEASURES

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "measures.md").read_text()
PUBLIC = {
    "alpha": ("krippendorff_alpha", "percent_agreement"),
    "kappa": ("cohen_kappa", "fleiss_kappa", "conger_kappa", "gwet_ac1", "gwet_ac2"),
    "icc": ("icc", "bootstrap_icc", "cronbach_alpha"),
    "concordance": ("concordance", "pairwise_concordance", "leave_one_out_concordance", "bootstrap_blocks"),
    "differential": ("signed_differential_agreement", "signed_differential_kappa"),
    "unitizing": ("unitizing_alpha",),
    "gamma": ("gamma", "best_alignment"),
    "segments": ("temporal_iou", "boundary_error", "boundary_f1", "framewise_kappa", "frames"),
    "hits": ("unbiased_hit_rate",),
    "breakdown": (
        "pair_matrix", "label_agreement", "group_agreement", "rater_confusion", "pooled_confusion", "disputed_units",
        "leave_one_rater_out",
    ),
}  # fmt: skip
NAMES = [(module, name) for module, names in PUBLIC.items() for name in names]
# Every value that the reference prints in bold for agreement; a doctest of the package shows it.
PUBLISHED = (
    "0.7434211", "0.8153875", "0.8491071", "0.7974028", "0.0952381", "0.6919643", "0.691358", "0.8108449", "0.4", "0.4915254",
    "0.3478261", "0.4302445", "0.2099307", "0.77544", "-0.0233918", "0.9407763", "0.1657", "0.2898", "0.7148", "0.4428", "0.6201",
    "0.9093", "0.8", "0.3351081", "0.1428571", "0.9606", "0.6535",
)  # fmt: skip


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_public_coefficient_has_a_doctest_and_a_place_in_the_document(module, name):
    of = getattr(import_module(f"affect.agreement.{module}"), name)
    assert ">>>" in inspect.getdoc(of)
    assert f"`{name}" in DOCUMENTED


@pytest.mark.parametrize("value", PUBLISHED)
def test_a_published_value_is_the_output_of_a_doctest(value):
    lines = [
        line.strip()
        for module in PUBLIC
        for _, of in inspect.getmembers(import_module(f"affect.agreement.{module}"), inspect.isfunction)
        for line in (inspect.getdoc(of) or "").splitlines()
        if not line.strip().startswith((">>>", "..."))
    ]
    outputs = {part.strip("()[] ") for line in lines for part in line.split(",")}
    assert value in outputs


def test_the_table_of_measures_names_functions_that_exist():
    for module, function, _ in MEASURES.values():
        assert callable(getattr(import_module(module), function))
