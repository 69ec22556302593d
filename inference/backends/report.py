"""What the installed models were measured to do: `python -m inference.backends.report FOLDER`.

Prints the figures of the text heads against the review ratings, the time an item takes on one core of this machine, and
what the face model answers for the demo clips. `docs/models.md` quotes this output.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from django.conf import settings

from core.errors import Refused
from inference.backends import Input, folder, load, minilm
from inference.backends.heads import Head

MEDIA = Path(__file__).resolve().parents[2] / "demo" / "media"


def never() -> bool:
    return False


def text_figures(models: Path) -> None:
    """Out-of-fold figures of the head, and those of VADER's compound score, on the same sentences."""
    sentences = list(minilm.reviews(folder.read(models, "corpora/reviews.tsv")))
    truth = np.array([sentence.valence for sentence in sentences])
    inputs = [Input(s.id, text=s.text) for s in sentences]
    began = time.perf_counter()
    said = np.array(
        [4 * output.value for output in load("vader-text-valence", models).predict(inputs, should_stop=never)]
    )
    spent = (time.perf_counter() - began) / len(inputs)
    meta = Head.loads(folder.read(models, minilm.HEAD)).meta
    figures = meta["out_of_fold"]
    print(f"{meta['n']} sentences of {meta['groups']} reviews, scale -4…4, {meta['folds']} folds disjoint by review")
    print(f"  mean of the ratings    MAE {figures['mae_of_mean']:.3f}")
    r, mae = np.corrcoef(said, truth)[0, 1], np.abs(said - truth).mean()
    print(f"  vader-text-valence     r {r:.3f}  MAE {mae:.3f}  {1000 * spent:.2f} ms a sentence")
    model, few = load("minilm-text-valence", models), inputs[::20]
    began = time.perf_counter()
    list(model.predict(few, should_stop=never))
    spent = (time.perf_counter() - began) / len(few)
    print(
        f"  minilm-text-valence    r {figures['pearson_r']:.3f}  MAE {figures['mae']:.3f}  {1000 * spent:.2f} ms a sentence"
    )
    print(f"  nine of ten out-of-fold errors are at most {figures['error_90']:.2f}")


def clip_figures(models: Path) -> None:
    """The mean probabilities of each demo clip, and the time a sampled frame takes, decoding included."""
    model = load("face-expression", models)
    for path in sorted(MEDIA.glob("v*.mp4")):
        began = time.perf_counter()
        (output,) = model.predict([Input(path.stem, open=lambda path=path: path.open("rb"))], should_stop=never)
        spent = (time.perf_counter() - began) / len(output.frames.times_us)
        said = ", ".join(f"{label} {p:.2f}" for label, p in (output.probabilities or {}).items() if p >= 0.05)
        faces = f"face in {output.coverage:.0%} of {len(output.frames.times_us)} frames"
        print(f"  {path.stem:26} {said or output.unpredicted}  ({faces}, {1000 * spent:.1f} ms a frame)")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("python -m inference.backends.report FOLDER", file=sys.stderr)
        return 2
    if not settings.configured:
        settings.configure(USE_I18N=False)
    try:
        text_figures(Path(arguments[0]))
        clip_figures(Path(arguments[0]))
    except Refused as refused:
        print(f"{refused.message} [{refused.code}]", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
