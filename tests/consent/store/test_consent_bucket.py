"""The store in a bucket: the same bytes, read by range. The bucket is moto's server on loopback."""

from __future__ import annotations

import boto3
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from consent import assets
from consent.chunked import Damaged
from consent.models import Asset
from tests.consent.store.test_consent_media import ask, body

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PLAIN = bytes(n % 253 for n in range(5_000_000))
KEYS = {"region_name": "eu-west-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, study, settings):
    client = boto3.client("s3", endpoint_url=endpoint, **KEYS)
    name = f"b{study.pk.hex[-20:]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    options = {
        "bucket_name": name, "endpoint_url": endpoint, "region_name": "eu-west-1", "access_key": "test", "secret_key": "test",
        "file_overwrite": False, "querystring_auth": False,
    }  # fmt: skip
    store = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    storages.__dict__.pop("backends", None)
    return lambda key: client.get_object(Bucket=name, Key=key)["Body"].read()


def test_it_works(bucket, study, people):
    blocks = (PLAIN[at : at + 100_000] for at in range(0, len(PLAIN), 100_000))
    asset = assets.store(study=study, kind="original", source=blocks, media_type="video/mp4", subjects=people(2))
    held = bucket(asset.store_key)
    assert len(held) > len(PLAIN)
    assert PLAIN[:64] not in held
    with assets.open_asset(asset) as stream:
        assert stream.read() == PLAIN
        stream.seek(3_333_333)
        assert stream.read(70_000) == PLAIN[3_333_333:3_403_333]
    assert body(ask(asset, Range="bytes=4000000-4999999")) == PLAIN[4_000_000:]


def test_a_range_fetches_a_window_and_not_the_object(bucket, study):
    asset = assets.store(study=study, kind="original", source=PLAIN, media_type="video/mp4")
    asked = []
    storages["store"].connection.meta.client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_rest: asked.append(params["headers"]["Range"])
    )
    assert body(ask(asset, Range="bytes=1000000-1065535")) == PLAIN[1_000_000:1_065_536]
    spans = [header.removeprefix("bytes=").split("-") for header in asked]
    assert sum(int(last) - int(first) + 1 for first, last in spans) < len(PLAIN) * 0.6


def test_cut_off_and_missing_objects_are_refused(bucket, study):
    asset = assets.store(study=study, kind="original", source=PLAIN, media_type="video/mp4")
    target = storages["store"].bucket.Object(asset.store_key)
    target.put(Body=bucket(asset.store_key)[:-1])
    with pytest.raises(Damaged):
        assets.open_asset(asset)
    target.delete()
    with pytest.raises(Damaged):
        assets.open_asset(asset)


def test_erasing_removes_the_object(bucket, study):
    asset = assets.store(study=study, kind="original", source=b"x", media_type="video/mp4")
    assets.erase([asset])
    assert not storages["store"].exists(asset.store_key)
    assert Asset.objects.get(pk=asset.pk).state == "erased"
