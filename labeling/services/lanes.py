"""Lanes that upper layers hand down: signals and features on a track's clock, in the trace container."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affect.codecs import trace as container
from consent import assets
from consent.models import Asset
from core import audit
from core.models import User
from labeling.media import pyramid
from labeling.models import Lane, Track


def hand_down(
    *,
    actor: User | None,
    track: Track,
    name: str,
    unit: str,
    packed: bytes,
    minimum: float,
    maximum: float,
    kind: str = "feature",
) -> Lane:
    """Keep a lane, sealed under the keys of everyone who appears in the track. A lane of the same name is replaced."""
    old = list(Lane.objects.filter(track=track, name=name).select_related("asset"))

    def link(asset: Asset) -> None:
        Lane.objects.filter(pk__in=[lane.pk for lane in old]).delete()
        Lane.objects.create(
            study_id=track.study_id, track=track, name=name, unit=unit, kind=kind, asset=asset, minimum=minimum, maximum=maximum
        )  # fmt: skip
        audit.record(
            "labeling.lane.handed_down", actor=actor, target=track, study=track.study_id, kind=kind, replaced=len(old)
        )

    asset = assets.store(
        study=track.study, kind=Asset.Kind.FEATURE, source=packed, media_type="application/octet-stream",
        subjects=list(track.original.subjects.all()), parent=track.original, actor=actor, linked=link,
    )  # fmt: skip
    assets.erase([lane.asset for lane in old])
    samples = container.unpack(packed)
    stack(asset, samples.times_us, samples.values, samples.flags)
    return Lane.objects.get(asset=asset)


def stack(
    asset: Asset, times_us: NDArray[np.int64], values: NDArray[np.float64], flags: NDArray[np.uint8]
) -> Asset | None:
    """Keep a long lane at every zoom beside it, so that it is drawn without being read whole. None for a short one."""
    if len(times_us) < pyramid.FROM_SAMPLES:
        return None
    return stack_of(asset) or assets.store(
        study=asset.study, kind=Asset.Kind.LANE, source=pyramid.build(times_us, values, flags),
        media_type="application/octet-stream", subjects=list(asset.subjects.all()), parent=asset,
    )  # fmt: skip


def stack_of(asset: Asset) -> Asset | None:
    """The pyramid of a lane, where it has one."""
    made = Asset.objects.filter(parent=asset, kind=Asset.Kind.LANE, state=Asset.State.STORED)
    return made.order_by("created_at", "id").first()
