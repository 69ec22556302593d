"""What every line of the table of back ends keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Refused
from inference import backends
from inference.backends import BACKENDS, NOTES, REASONS, Input, Output, folder

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(BACKENDS)


def never() -> bool:
    return False


def samples(backend: type[backends.Predicting]) -> list[Input]:
    path = ROOT / backend.sample
    if backend.modality == "text":
        return [Input(entry["id"], text=entry["text"]) for entry in json.loads(path.read_text(encoding="utf-8"))[:3]]
    return [Input(str(n), open=lambda: path.open("rb")) for n in range(2)]


@pytest.fixture(scope="module")
def load(models: Path) -> Callable[[str], backends.Predicting]:
    loaded = {name: backends.load(name, models) for name in NAMES}
    return loaded.__getitem__


@pytest.mark.parametrize("name", NAMES)
def test_a_back_end_declares_everything(name: str) -> None:
    backend = backends.find(name)
    assert backend.name == name
    assert backend.version
    assert backend.licence
    assert backend.says
    assert backend.modality in ("text", "video", "audio")
    if backend.task.kind == "regression":
        assert backend.task.scale is not None
        assert not backend.task.labels
    else:
        assert len(set(backend.task.labels)) == len(backend.task.labels) > 1
        assert backend.task.scale is None


@pytest.mark.parametrize("name", NAMES)
def test_the_set_up_brings_every_file_a_back_end_needs(name: str, models: Path) -> None:
    assert folder.missing(models, backends.find(name).files) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_predicts_on_its_sample_within_its_task(name: str, load: Callable) -> None:
    backend = load(name)
    assert isinstance(backend, backends.Predicting)
    inputs = samples(type(backend))
    outputs = list(backend.predict(inputs, should_stop=never))
    assert [output.key for output in outputs] == [item.key for item in inputs]
    for output in outputs:
        assert output.unpredicted == ""
        assert set(output.notes) <= set(NOTES)
        assert len(output.input_hash) == 64
        if backend.task.kind == "regression":
            low, high = backend.task.scale
            assert low <= output.value <= high
            assert output.probabilities is None
        else:
            assert tuple(output.probabilities) == backend.task.labels
            assert math.isclose(sum(output.probabilities.values()), 1, abs_tol=1e-5)
            assert output.value is None
            assert output.label in backend.task.labels


@pytest.mark.parametrize("name", NAMES)
def test_the_same_input_gives_the_same_output_and_hash(name: str, load: Callable, models: Path) -> None:
    backend = load(name)
    first = list(backend.predict(samples(type(backend)), should_stop=never))
    assert list(backend.predict(samples(type(backend)), should_stop=never)) == first
    again = backends.load(name, models)
    assert list(again.predict(samples(type(again)), should_stop=never)) == first


@pytest.mark.parametrize("name", NAMES)
def test_it_stops_when_told_and_leaves_no_half_made_output(name: str, load: Callable) -> None:
    backend = load(name)
    inputs = samples(type(backend))
    asked: list[int] = []
    assert list(backend.predict(inputs, should_stop=lambda: True)) == []
    given = backend.predict(inputs, should_stop=lambda: bool(asked))
    first = next(given)
    asked.append(1)
    assert isinstance(first, Output)
    assert list(given) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_input_of_another_kind_is_explained(name: str, load: Callable) -> None:
    backend = load(name)
    other = Input("x", text="a text") if backend.modality != "text" else Input("x", open=lambda: None)
    (output,) = backend.predict([other], should_stop=never)
    assert output.unpredicted == "wrong_modality"
    assert output.value is None
    assert output.probabilities is None


@pytest.mark.parametrize("name", [name for name in NAMES if backends.find(name).files])
def test_a_damaged_or_missing_model_file_is_refused(name: str, models: Path, tmp_path: Path) -> None:
    for file in (*backends.find(name).files, folder.INDEX):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes((models / file).read_bytes())
    for file in backends.find(name).files:
        whole = (tmp_path / file).read_bytes()
        (tmp_path / file).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(Refused) as refused:
            backends.load(name, tmp_path)
        assert refused.value.code == "model_corrupt"
        assert file in refused.value.message
        (tmp_path / file).unlink()
        with pytest.raises(Refused) as refused:
            backends.load(name, tmp_path)
        assert refused.value.code == "model_missing"
        (tmp_path / file).write_bytes(whole)


def test_a_fingerprint_tells_models_and_their_files_apart(models: Path, tmp_path: Path) -> None:
    found = {name: backends.fingerprint(name, models) for name in NAMES}
    assert len(set(found.values())) == len(NAMES)
    for name, file in (("minilm-text-valence", "minilm/head.npz"), ("face-expression", "face/expression.onnx")):
        for needed in backends.find(name).files:
            (tmp_path / needed).parent.mkdir(exist_ok=True)
            (tmp_path / needed).touch()
        index = json.loads((models / folder.INDEX).read_text(encoding="utf-8"))
        index["files"][file] = "0" * 64
        (tmp_path / folder.INDEX).write_text(json.dumps(index), encoding="utf-8")
        assert backends.fingerprint(name, tmp_path) != found[name]


def test_an_unknown_back_end_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        backends.find("mood-ring")
    assert refused.value.code == "unknown_backend"


def test_every_reason_and_note_is_a_sentence() -> None:
    assert all(str(text).endswith(".") for text in (*REASONS.values(), *NOTES.values()))
