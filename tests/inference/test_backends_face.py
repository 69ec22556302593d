"""Facial expression in clips: the right direction on real faces, and an explained refusal where nothing can be said."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.backends import Input, Output, expression, folder
from inference.backends.blazeface import Face, anchors, letterbox, overlap
from inference.backends.face import LABELS, Backend, crop
from inference.backends.frames import Sampler, Unusable, file_hash


@pytest.fixture(scope="module")
def backend(models: Path) -> Backend:
    return Backend.load(models)


def judge(backend: Backend, content: bytes) -> Output:
    (output,) = backend.predict([Input("k", open=lambda: io.BytesIO(content))], should_stop=lambda: False)
    return output


def encode(pictures: list[NDArray[np.uint8]], rate: int = 10) -> bytes:
    """An MP4 of these RGB pictures."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "ultrafast"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return stream.getvalue()


def pictures(path: Path, count: int) -> list[NDArray[np.uint8]]:
    with path.open("rb") as stream:
        return [frame.picture for frame, _ in zip(Sampler(stream, 5), range(count), strict=False)]


# What the models say --------------------------------------------------------------------------------------------------


def test_laughing_looks_happier_than_crying_and_crying_sadder(backend: Backend, media: Path) -> None:
    said = {
        name[:3]: judge(backend, (media / name).read_bytes()).probabilities
        for name in (
            "v01_woman_crying.mp4",
            "v02_woman_distress.mp4",
            "v04_woman_laughing.mp4",
            "v06_man_neutral_smile.mp4",
        )
    }
    for low in ("v01", "v02"):
        assert said["v04"]["happy"] > said[low]["happy"] + 0.5
        assert said[low]["sad"] > said["v04"]["sad"] + 0.2
    assert said["v06"]["happy"] > 0.5
    assert said["v06"]["neutral"] > 0.1


def test_a_smile_comes_and_goes_over_media_time(backend: Backend, media: Path) -> None:
    frames = judge(backend, (media / "v06_man_neutral_smile.mp4").read_bytes()).frames
    happy = [row[LABELS.index("happy")] for row in frames.probabilities]
    assert frames.labels == LABELS
    assert min(happy) < 0.2 < 0.8 < max(happy)
    steps = np.diff(frames.times_us)
    assert ((steps > 150_000) & (steps < 250_000)).all()


def test_the_clip_is_the_mean_of_its_frames_with_a_face(backend: Backend, media: Path) -> None:
    face = pictures(media / "v04_woman_laughing.mp4", 1)[0]
    output = judge(backend, encode([face] * 10 + [np.zeros_like(face)] * 10))
    assert 0.4 < output.coverage < 0.6
    assert "some_faces_missing" in output.notes
    seen = [row for row in output.frames.probabilities if row is not None]
    assert output.frames.faces.count(0) == len(output.frames.faces) - len(seen) > 0
    assert list(output.probabilities.values()) == pytest.approx(np.mean(seen, axis=0), abs=2e-6)
    assert output.confidence == max(output.probabilities.values())


def test_the_hash_is_of_the_files_bytes(backend: Backend, media: Path) -> None:
    content = (media / "v06_man_neutral_smile.mp4").read_bytes()
    assert judge(backend, content).input_hash == folder.digest(content) == file_hash(io.BytesIO(content))


# What they refuse to say ------------------------------------------------------------------------------------------------


def test_a_video_without_faces_gets_no_label(backend: Backend) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (20, 96, 128, 3), np.uint8)
    output = judge(backend, encode(list(noise)))
    assert output.unpredicted == "no_face"
    assert (output.probabilities, output.confidence, output.label, output.coverage) == (None, None, None, 0.0)


def test_two_faces_in_most_pictures_are_not_told_apart_by_guessing(backend: Backend, media: Path) -> None:
    one = pictures(media / "v04_woman_laughing.mp4", 1)[0]
    output = judge(backend, encode([np.ascontiguousarray(np.hstack([one, one]))] * 6))
    assert set(output.frames.faces) == {2}
    assert output.unpredicted == "several_faces"
    assert output.probabilities is None


def test_sound_alone_has_no_pictures(backend: Backend, media: Path) -> None:
    assert judge(backend, (media / "a02_librivox_0880.wav").read_bytes()).unpredicted == "no_video"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 4096, b"not a video at all", b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 999]
)
def test_what_is_no_video_is_explained(backend: Backend, content: bytes) -> None:
    assert judge(backend, content).unpredicted in ("unreadable", "no_video")


def test_a_video_cut_in_the_middle_is_refused_or_says_so(backend: Backend, media: Path) -> None:
    whole = (media / "v04_woman_laughing.mp4").read_bytes()
    assert judge(backend, whole).notes == ()
    for share in (0.02, 0.3, 0.6, 0.9):
        output = judge(backend, whole[: int(len(whole) * share)])
        assert output.unpredicted == "unreadable" or "truncated" in output.notes


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=40))
def test_damaged_bytes_never_crash(backend: Backend, media: Path, damage: list[tuple[float, int]]) -> None:
    content = bytearray((media / "v06_man_neutral_smile.mp4").read_bytes())
    for place, value in damage:
        content[int(place * (len(content) - 1))] = value
    output = judge(backend, bytes(content))
    assert (output.probabilities is None) == bool(output.unpredicted)


def test_an_error_of_the_store_is_not_taken_for_a_damaged_recording(backend: Backend) -> None:
    class Withdrawn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise PermissionError("key is gone")

    with pytest.raises(PermissionError):
        list(backend.predict([Input("k", open=Withdrawn)], should_stop=lambda: False))


def test_stopping_within_a_clip_leaves_nothing_and_closes_the_file(backend: Backend, media: Path) -> None:
    streams: list[io.BytesIO] = []

    def opened() -> io.BytesIO:
        streams.append(io.BytesIO((media / "v04_woman_laughing.mp4").read_bytes()))
        return streams[-1]

    asked = iter([False, False, False, True])
    assert list(backend.predict([Input("k", open=opened)], should_stop=lambda: next(asked))) == []
    assert [stream.closed for stream in streams] == [True]


# The parts --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def phone_video(media: Path, tmp_path: Path) -> Callable[[int], Path]:
    def made(degrees: int) -> Path:
        path = tmp_path / f"turned{degrees}.mp4"
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        source = media / "v06_man_neutral_smile.mp4"
        command = [ffmpeg, "-v", "error", "-display_rotation", str(degrees), "-i", str(source), "-c", "copy", str(path)]
        subprocess.run(command, check=True)
        return path

    return made


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_pictures_stand_upright_as_ffmpeg_shows_them(degrees: int, phone_video: Callable[[int], Path]) -> None:
    path = phone_video(degrees)
    (ours,) = pictures(path, 1)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    theirs = np.frombuffer(raw, np.uint8).reshape(ours.shape)
    assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_large_pictures_are_shrunk_and_enormous_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode([np.zeros((720, 2560, 3), np.uint8)] * 2)
    assert next(iter(Sampler(io.BytesIO(content), 5))).picture.shape == (360, 1280, 3)
    monkeypatch.setattr("inference.backends.frames.MOST_PIXELS", 1000)
    with pytest.raises(Unusable) as unusable:
        list(Sampler(io.BytesIO(content), 5))
    assert unusable.value.reason == "too_large"


def test_frames_are_sampled_at_the_rate_whatever_the_videos_own() -> None:
    content = encode([np.zeros((64, 64, 3), np.uint8)] * 60, rate=30)
    assert [frame.time_us for frame in Sampler(io.BytesIO(content), 5)] == [200_000 * n for n in range(10)]


def test_anchors_are_cell_centres() -> None:
    found = anchors()
    assert found.shape == (896, 2)
    assert found[0].tolist() == found[1].tolist() == [1 / 32, 1 / 32]
    assert found[2].tolist() == [3 / 32, 1 / 32]
    assert found[512].tolist() == [1 / 16, 1 / 16]
    assert found[-1].tolist() == [15 / 16, 15 / 16]


def test_a_letterboxed_point_finds_its_way_back() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[90:110, 290:310] = 255
    square, scale, left, top = letterbox(picture)
    y, x = np.argwhere(square[..., 0] > 128).mean(axis=0)
    assert (x + 0.5 - left) / scale == pytest.approx(300, abs=2)
    assert (y + 0.5 - top) / scale == pytest.approx(100, abs=2)


def test_overlap_of_boxes() -> None:
    a = Face(0, 0, 2, 2, 1)
    assert overlap(a, a) == 1
    assert overlap(a, Face(1, 0, 3, 2, 1)) == pytest.approx(1 / 3)
    assert overlap(a, Face(5, 5, 6, 6, 1)) == 0


def test_a_face_at_the_edge_is_padded_with_black() -> None:
    square = crop(np.full((100, 100, 3), 200, np.uint8), Face(-50, 0, 50, 100, 1))
    assert square.shape == (112, 112, 3)
    assert square[56, 5].tolist() == [0, 0, 0]
    assert square[56, 90].tolist() == [200, 200, 200]


# The converted network --------------------------------------------------------------------------------------------------


def convolve(x: NDArray, kernel: NDArray, stride: int) -> NDArray:
    """TensorFlow's convolution with "same" padding, written out: x (h, w, in), kernel (kh, kw, in, out)."""
    side, size = x.shape[0], kernel.shape[0]
    out = -(-side // stride)
    padding = max((out - 1) * stride + size - side, 0)
    x = np.pad(x, [(padding // 2, padding - padding // 2)] * 2 + [(0, 0)])
    result = np.zeros((out, out, kernel.shape[3]))
    for i in range(size):
        for j in range(size):
            result += x[i : i + stride * out : stride, j : j + stride * out : stride][:out, :out] @ kernel[i, j]
    return result


def reference(tensors: dict[str, NDArray], face: NDArray) -> NDArray:
    """face-api's FaceExpressionNet as its source reads, in plain NumPy; face (112, 112, 3)."""

    def layer(name: str, x: NDArray, stride: int) -> NDArray:
        if f"{name}/filters" in tensors:
            return convolve(x, tensors[f"{name}/filters"], stride) + tensors[f"{name}/bias"]
        depthwise = tensors[f"{name}/depthwise_filter"]
        parts = [convolve(x[..., [c]], depthwise[:, :, [c]], stride) for c in range(x.shape[2])]
        return convolve(np.concatenate(parts, -1), tensors[f"{name}/pointwise_filter"], 1) + tensors[f"{name}/bias"]

    for block in range(4):
        total = np.maximum(layer(f"dense{block}/conv0", face, 2), 0)
        for step in range(1, 4):
            total = total + layer(f"dense{block}/conv{step}", np.maximum(total, 0), 1)
        face = np.maximum(total, 0)
    scores = face.mean((0, 1)) @ tensors["fc/weights"] + tensors["fc/bias"]
    exponential = np.exp(scores - scores.max())
    return exponential / exponential.sum()


def test_the_converted_network_answers_as_its_source_is_written(models: Path, backend: Backend, media: Path) -> None:
    binary, index = (models / "face/expression.bin").read_bytes(), (models / "face/expression.json").read_bytes()
    tensors = expression.dequantise(binary, index)
    picture = pictures(media / "v02_woman_distress.mp4", 1)[0]
    face = crop(picture, backend._detector.faces(picture)[0])
    expected = reference(tensors, (face - np.array([122.782, 117.001, 104.298])) / 255)
    assert backend._expressions.probabilities(face) == pytest.approx(expected, abs=1e-4)


def test_the_conversion_is_valid_onnx_and_gives_the_same_bytes_again(models: Path) -> None:
    binary, index = (models / "face/expression.bin").read_bytes(), (models / "face/expression.json").read_bytes()
    content = expression.convert(binary, index)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert content == (models / "face/expression.onnx").read_bytes()


def test_weights_that_do_not_fit_their_index_are_refused(models: Path) -> None:
    binary, index = (models / "face/expression.bin").read_bytes(), (models / "face/expression.json").read_bytes()
    for wrong in (binary[:-1], binary + b"\x00"):
        with pytest.raises(ValueError, match=r"left over|buffer"):
            expression.dequantise(wrong, index)
