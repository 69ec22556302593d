"""The store: what goes in comes out, is nowhere else, and is gone when it is erased."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import av
import imageio_ffmpeg
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadhandler import load_handler
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.utils import timezone

from consent import assets, keys
from consent.chunked import Damaged
from consent.keyring.models import AssetKey
from consent.models import Asset
from core.errors import Refused
from core.models import AuditEvent

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
CANARY = b"canary-7f3a-Maria-Lindqvist"
VIDEOS = sorted((Path(django_settings.BASE_DIR) / "demo" / "media").glob("*.mp4"))


def put(study, source=CANARY, **rest):
    return assets.store(study=study, kind="original", source=source, media_type="video/mp4", **rest)


def found_in(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_it_works(study, people, folder):
    one, other = people(2)
    asset = put(study, CANARY * 5000, subjects=[one, other], file_name="maria.mp4")
    with assets.open_asset(Asset.objects.get(pk=asset.pk)) as stream:
        assert stream.read() == CANARY * 5000
        assert stream.seek(-4, io.SEEK_END)
        assert stream.read() == CANARY[-4:]
    assert asset.plain_bytes == len(CANARY) * 5000
    assert set(asset.subjects.all()) == {one, other}
    assert asset.store_key == f"v1/{study.pk.hex}/{asset.pk.hex[:2]}/{asset.pk.hex}"
    event = AuditEvent.objects.latest("seq")
    assert (event.verb, event.target_id) == ("consent.asset.stored", str(asset.pk))


@pytest.mark.parametrize(
    "source",
    [b"", CANARY, bytearray(CANARY), io.BytesIO(CANARY), iter([CANARY[:3], CANARY[3:]])],
    ids=lambda s: type(s).__name__,
)
def test_bytes_streams_and_iterators_are_taken(study, source):
    asset = put(study, source)
    assert assets.open_asset(asset).read() in (CANARY, b"")
    assert asset.plain_bytes == (0 if source == b"" else len(CANARY))


def test_nothing_plain_lies_in_the_data_folder(study, people, folder):
    asset = put(study, CANARY * 100, subjects=people(1), file_name=CANARY.decode())
    assert found_in(folder, CANARY) == []
    path = folder / "store" / asset.store_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert CANARY not in bytes(asset.file_name)


def test_a_file_that_is_too_large_leaves_nothing(study, folder):
    with pytest.raises(Refused) as refused:
        put(study, (b"x" * 1000 for _ in range(100)), most_bytes=50_000)
    assert refused.value.code == "too_large"
    assert Asset.objects.count() == AssetKey.objects.count() == 0
    assert [path for path in (folder / "store").rglob("*") if path.is_file()] == []


def test_a_source_that_breaks_leaves_nothing(study, folder):
    def broken():
        yield CANARY * 20_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        put(study, broken())
    assert Asset.objects.count() == AssetKey.objects.count() == 0
    assert [path for path in (folder / "store").rglob("*") if path.is_file()] == []


def test_destroying_any_ones_key_ends_reading_at_once(study, people):
    group = people(3)
    asset = put(study, subjects=group)
    assert assets.open_asset(asset).read() == CANARY
    keys.destroy_participant(group[1].pk)
    with pytest.raises(keys.KeyGone):
        assets.open_asset(asset)


def test_bytes_swapped_with_another_assets_are_refused(study, people, folder):
    one, other = put(study, CANARY, subjects=people(1)), put(study, CANARY, subjects=people(1))
    a, b = (folder / "store" / asset.store_key for asset in (one, other))
    a.write_bytes(b.read_bytes())
    with pytest.raises(Damaged):
        assets.open_asset(one)
    b.write_bytes(b.read_bytes()[:-1])
    with pytest.raises(Damaged):
        assets.open_asset(other)
    b.unlink()
    with pytest.raises(Damaged, match="missing"):
        assets.open_asset(other)


def test_many_small_assets_in_one_go(study, people):
    group = people(40)
    rows = [assets.NewAsset(b"text %d" % n, "text/plain", [who], file_name=f"{n}.txt") for n, who in enumerate(group)]
    made = assets.store_many(study=study, kind="transcript", rows=rows)
    for n, asset in enumerate(Asset.objects.in_bulk([one.pk for one in made])[one.pk] for one in made):
        assert assets.open_asset(asset).read() == b"text %d" % n
    assert AuditEvent.objects.filter(verb="consent.assets.stored").count() == 1
    keys.destroy_participant(group[3].pk)
    with pytest.raises(keys.KeyGone):
        assets.open_asset(made[3])
    assert assets.open_asset(made[4]).read() == b"text 4"


def test_the_same_bytes_are_found_again_within_a_study_only(study, people):
    asset = put(study, CANARY, subjects=people(1))
    digest = assets.digest_of(study, io.BytesIO(CANARY))
    assert assets.find_duplicate(study, digest) == asset
    other = type(study)(pk=uuid4(), controller=study.controller, name="B", slug="b")
    keys.ensure_study(other.pk)
    other.save(force_insert=True)
    assert assets.digest_of(other, CANARY) != digest
    assert assets.find_duplicate(other, digest) is None


def test_one_more_person_in_the_picture_is_needed_from_then_on(study, people):
    one, other = people(2)
    asset = put(study, subjects=[one], file_name="talk.mp4")
    derived = assets.store(study=study, kind="peaks", source=b"p", media_type="a/b", subjects=[one], parent=asset)
    assets.set_subjects([asset], [one, other])
    asset = Asset.objects.get(pk=asset.pk)
    name = {"study_id": study.pk, "participant_ids": [one.pk, other.pk], "aad": asset.pk.bytes}
    assert keys.open_text(bytes(asset.file_name), **name) == "talk.mp4"
    assert assets.open_asset(asset).read() == CANARY
    keys.destroy_participant(other.pk)
    for each in (asset, derived):
        with pytest.raises(keys.KeyGone):
            assets.open_asset(each)


def test_erasing_takes_all_that_was_derived(study, people, folder):
    [who] = people(1)
    original = put(study, CANARY * 10, subjects=[who], file_name="maria.mp4")
    proxy = assets.store(
        study=study, kind="proxy", source=b"p" * 7, media_type="video/mp4", subjects=[who], parent=original
    )
    assets.store(study=study, kind="poster", source=b"q" * 5, media_type="image/png", subjects=[who], parent=proxy)
    bystander = put(study, b"other", subjects=[who])
    assert assets.erase([original]) == {"assets": 3, "bytes": len(CANARY) * 10 + 12, "files": 3}
    assert [path.name for path in (folder / "store").rglob("*") if path.is_file()] == [bystander.pk.hex]
    row = Asset.objects.get(pk=original.pk)
    assert (row.state, bytes(row.file_name), row.digest, row.plain_bytes, row.media_type) == (
        "erased",
        b"",
        None,
        0,
        "",
    )
    assert not row.asset_subjects.exists()
    assert AssetKey.objects.count() == 1
    with pytest.raises(assets.NotReadable):
        assets.open_asset(row)
    assert assets.erase([original])["assets"] == 0


def test_sealed_assets_open_only_for_redaction(study, people):
    asset = put(study, subjects=people(2))
    assert assets.seal([asset]) == 1
    with pytest.raises(assets.NotReadable):
        assets.open_asset(asset)
    assert assets.open_asset(asset, restricted=True).read() == CANARY
    assert assets.restore([asset]) == 1
    assert assets.open_asset(Asset.objects.get(pk=asset.pk)).read() == CANARY


def test_what_was_never_finished_is_swept_away(study, folder):
    kept, stale = put(study, b"kept"), put(study, b"stale")
    Asset.objects.filter(pk=stale.pk).update(state="writing", created_at=timezone.now() - timedelta(minutes=61))
    with pytest.raises(assets.NotReadable):
        assets.open_asset(Asset.objects.get(pk=stale.pk))
    orphan = put(study, b"orphan")  # its transaction was rolled back
    Asset.objects.filter(pk=orphan.pk).delete()
    AssetKey.objects.filter(pk=orphan.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert assets.sweep() == 2
    assert [path.name for path in (folder / "store").rglob("*") if path.is_file()] == [kept.pk.hex]
    assert list(AssetKey.objects.values_list("pk", flat=True)) == [kept.pk]
    assert assets.sweep() == 0


@pytest.mark.parametrize("video", VIDEOS, ids=lambda path: path.stem)
def test_pyav_reads_the_demo_videos_through_the_store(study, people, video):
    asset = put(study, video.read_bytes(), subjects=people(1))
    with assets.open_asset(asset) as stream, av.open(stream) as opened, av.open(str(video)) as plain:
        for container in (opened, plain):
            container.seek(container.duration // 2)
        assert next(opened.decode(video=0)).to_ndarray().tobytes() == next(plain.decode(video=0)).to_ndarray().tobytes()


def test_ffmpegs_address_answers_ranges_only_under_its_path_and_only_while_it_lasts(study, people):
    asset = put(study, CANARY * 9999, subjects=people(1))
    with assets.loopback_address(asset) as url:
        assert url.startswith("http://127.0.0.1:")
        with urlopen(Request(url, headers={"Range": "bytes=260000-"})) as answer:  # noqa: S310
            assert answer.status == 206
            assert answer.read() == (CANARY * 9999)[260000:]
        with urlopen(url) as answer:  # noqa: S310
            assert answer.read() == CANARY * 9999
        with pytest.raises(HTTPError) as missing:
            urlopen(url[:-1] + "~")  # noqa: S310
        assert missing.value.code == 404
    with pytest.raises(OSError):
        urlopen(url, timeout=2)  # noqa: S310


def test_ffmpeg_transcodes_from_that_address(study, people):
    video = VIDEOS[0]
    asset = put(study, video.read_bytes(), subjects=people(1))
    with assets.loopback_address(asset) as url:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", url, "-frames:v", "3", "-f", "framemd5", "-"]
        sealed = subprocess.run(command, capture_output=True, check=True).stdout
    command[4] = str(video)
    assert sealed == subprocess.run(command, capture_output=True, check=True).stdout


def upload(handler_path: str, content: bytes) -> HttpRequest:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    request = RequestFactory().generic("POST", "/", body, content_type="multipart/form-data; boundary=b")
    request.upload_handlers = [load_handler(handler_path, request)]
    return request


HANDLER = "consent.assets.uploads.SealedUploadHandler"


def test_an_uploaded_file_is_sealed_while_it_arrives(study, people, tmp_path):
    request = upload(HANDLER, CANARY * 50_000)
    posted = request.FILES["f"]
    handle = posted.file.raw._source.fileno()
    held = os.pread(handle, 10**8, 0)
    assert len(held) > len(CANARY) * 50_000
    assert CANARY not in held
    assert (posted.name, posted.size, posted.content_type) == ("a.mp4", len(CANARY) * 50_000, "video/mp4")
    asset = put(study, posted, subjects=people(1))
    assert assets.open_asset(asset).read() == CANARY * 50_000


def test_an_upload_beyond_the_limit_is_not_kept_and_refused(study):
    with override_settings(UPLOAD_MAX_BYTES=1000):
        posted = upload(HANDLER, CANARY * 1000).FILES["f"]
        assert posted.too_large
        with pytest.raises(Refused) as refused:
            put(study, posted)
    assert refused.value.code == "too_large"


def test_a_requests_body_can_be_the_source(study):
    request = RequestFactory().generic("PUT", "/", CANARY * 20_000, content_type="video/mp4")
    assert assets.open_asset(put(study, request)).read() == CANARY * 20_000


KILLED = """
import os, sys, uuid
import django
django.setup()
from consent import assets, keys
from consent.models import Controller, Study
study_id = uuid.uuid4()
keys.ensure_study(study_id)
study = Study.objects.create(pk=study_id, controller=Controller.objects.create(name="U"), name="S", slug="s")
def blocks():
    for _ in range(40):
        yield b"canary-7f3a-Maria-Lindqvist" * 10_000
    print("half", flush=True)
    os.kill(os.getpid(), 9)
assets.store(study=study, kind="original", source=blocks(), media_type="video/mp4", file_name="canary-7f3a-Maria-Lindqvist")
"""


def test_a_process_killed_while_storing_leaves_nothing_readable(own_data):
    environment = os.environ | {
        "CONCORD_DATA": str(own_data), "CONCORD_LEDGER": str(own_data / "ledger"),
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }  # fmt: skip
    environment |= dict.fromkeys(("DATABASE_URL", "KEYS_DATABASE_URL", "CONCORD_KEYS"), "")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED)],
        env=environment,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert done.stdout == b"half\n"
    [left] = [path for path in (own_data / "store").rglob("*") if path.is_file()]
    assert left.stat().st_size > 1_000_000
    assert found_in(own_data, CANARY) == []
