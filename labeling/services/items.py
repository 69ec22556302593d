"""Items added to a recording that is there: a segment or an utterance of it, and whom its label is about."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Participant
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Appearance, Item, ItemTarget, Recording


@transaction.atomic
def add_item(
    *,
    actor: User | None,
    recording: Recording,
    code: str,
    targets: Sequence[Participant],
    kind: str = Item.Kind.SEGMENT,
    start_us: int = 0,
    end_us: int = 0,
) -> Item:
    """One thing more to label, about `targets`, who appear in the recording. An end of 0 is the end of the recording.

    Raises Invalid("item_refused"), Refused("code_taken").
    """
    recording = Recording.objects.select_for_update().get(pk=recording.pk)
    end = end_us or recording.duration_us
    appearing = set(Appearance.objects.filter(recording=recording).values_list("participant_id", flat=True))
    wrong: dict[str, list[str]] = {}
    if not targets:
        wrong["targets"] = [_("An item says whom its label is about.")]
    elif not {one.pk for one in targets} <= appearing:
        wrong["targets"] = [_("Somebody here does not appear in this recording.")]
    if not 0 <= start_us <= end:
        wrong["end_us"] = [_("An item ends after it starts.")]
    elif recording.duration_us and end > recording.duration_us:
        wrong["end_us"] = [_("The recording ends before.")]
    if wrong:
        raise Invalid("item_refused", next(iter(wrong.values()))[0], fields=wrong)
    if Item.objects.filter(study_id=recording.study_id, code=code).exists():
        raise Refused("code_taken", _("Another item of this study has this code."))
    item = Item.objects.create(
        study_id=recording.study_id, recording=recording, code=code, kind=kind, start_us=start_us, end_us=end
    )
    ItemTarget.objects.bulk_create([ItemTarget(item=item, participant=one) for one in targets])
    audit.record("labeling.item.added", actor=actor, target=item, targets=len(targets))
    return item
