"""Campaigns over REST: drawn up, filled, opened, paused, closed; who labels in them, and what was handed out."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import LABELED, Body, Listed, Noun, Shown, writes
from consent.api.members import WithMembers
from consent.models import Study
from core.api import Serializer
from core.errors import Invalid
from core.models import User
from labeling.models import Annotator, Assignment, Campaign, CampaignItem, GuidelineVersion, QueueRank, SchemeVersion
from labeling.services import campaigns, rules

MOST_ITEMS = 20_000


class CampaignShown(Shown):
    class Meta:
        model = Campaign
        fields = [
            "id", "created_at", "study", "name", "about", "scheme_version", "guideline_version", "state", "round", "overlap", "lease_minutes",
            "seed", "predictions", "perceived", "closes_on", "size", "revision",
        ]  # fmt: skip


class ProgressShown(Serializer):
    items = serializers.IntegerField(read_only=True)
    complete = serializers.IntegerField(read_only=True)
    open = serializers.IntegerField(read_only=True)
    wanted = serializers.IntegerField(read_only=True)
    answered = serializers.IntegerField(read_only=True)
    held = serializers.IntegerField(read_only=True)


class CampaignItemShown(Shown):
    class Meta:
        model = CampaignItem
        fields = ["id", "created_at", "campaign", "item", "rank", "wanted", "taken", "answered", "open"]


class QueueRankShown(Shown):
    class Meta:
        model = QueueRank
        fields = ["id", "created_at", "campaign", "item", "rank", "source"]


class AnnotatorShown(Shown):
    class Meta:
        model = Annotator
        fields = ["id", "created_at", "study", "code", "kind", "user"]


class AssignmentRow(Shown):
    class Meta:
        model = Assignment
        fields = [
            "id", "created_at", "campaign", "campaign_item", "item", "annotator", "repetition", "state", "lease_until", "position",
            "skip_reason", "flagged",
        ]  # fmt: skip


class PerceivedBody(Body):
    video = serializers.BooleanField(required=False)
    audio = serializers.BooleanField(required=False)
    transcript = serializers.BooleanField(required=False)
    band_passed = serializers.BooleanField(required=False)
    physiology = serializers.BooleanField(required=False)
    features = serializers.BooleanField(required=False)
    models = serializers.BooleanField(required=False)


class CampaignBody(Body):
    study = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    scheme_version = serializers.UUIDField()
    guideline_version = serializers.UUIDField(required=False, allow_null=True)
    about = serializers.CharField(max_length=400, required=False, allow_blank=True)
    overlap = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    lease_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    predictions = serializers.ChoiceField(Campaign.Predictions.choices, required=False)
    round = serializers.ChoiceField(Campaign.Round.choices, required=False)
    perceived = PerceivedBody(required=False)
    closes_on = serializers.DateField(required=False, allow_null=True)


class CampaignEdit(Body):
    """What may change in a campaign; name only what changes. Answers keep the guideline they were given under."""

    name = serializers.CharField(max_length=120, required=False)
    about = serializers.CharField(max_length=400, required=False, allow_blank=True)
    closes_on = serializers.DateField(required=False, allow_null=True)
    lease_minutes = serializers.IntegerField(min_value=1, max_value=24 * 60, required=False)
    guideline_version = serializers.UUIDField(required=False, allow_null=True)


class RankPart(Body):
    item = serializers.UUIDField()
    rank = serializers.IntegerField(min_value=0, max_value=2**53)


class RankBody(Body):
    """An order of handing out: lower ranks first. `source` says where it comes from."""

    source = serializers.CharField(max_length=80)
    ranks = RankPart(many=True, allow_empty=False, max_length=MOST_ITEMS)


class CampaignItemsBody(Body):
    items = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=MOST_ITEMS)
    wanted = serializers.IntegerField(min_value=1, max_value=1000, required=False)


class CampaignItemsAdded(Serializer):
    added = serializers.IntegerField(read_only=True)


class CampaignItemsRanked(Serializer):
    ranked = serializers.IntegerField(read_only=True)


class MemberBody(Body):
    """An account by its e-mail. `code` is theirs in the study; without one the next A-number is given."""

    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=40, required=False, allow_blank=True)


class AnnotatorBody(Body):
    study = serializers.UUIDField()
    code = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(
        [one for one in Annotator.Kind.choices if one[0] != Annotator.Kind.MEMBER], required=False
    )


class Campaigns(WithMembers, Noun):
    queryset = Campaign.objects.all()
    serializer_class = CampaignShown
    filters = {"study": "study_id", "state": "state", "scheme_version": "scheme_version_id"}
    matched = ("partial_update",)
    members_seen_by = Campaign.members_action  # names stand beside codes

    @writes(CampaignBody, CampaignShown, example={
        "study": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Main round", "scheme_version": "01890a5d-ac96-774b-bcce-b302099a8058", "overlap": 3,
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """A draft; whoever makes it becomes its manager."""
        body = self.checked(CampaignBody)
        study = self.root("campaign", Study, body.pop("study"))
        body["scheme_version"] = self.part(
            "scheme_version", SchemeVersion.objects.filter(study=study), body["scheme_version"]
        )
        body["guideline_version"] = self.part(
            "guideline_version", GuidelineVersion.objects.filter(study=study), body.get("guideline_version")
        )
        return self.made(lambda: campaigns.create_campaign(actor=request.user, study=study, **body))

    @writes(CampaignEdit, CampaignShown, 200, example={"closes_on": "2027-03-31"})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the campaign's name, words, deadline, lease or guideline. Needs If-Match with the ETag that was seen."""
        campaign = self.held(pk, "campaign")
        self.unchanged(campaign)
        body = self.checked(CampaignEdit)
        if "guideline_version" in body:
            of_study = GuidelineVersion.objects.filter(study=campaign.study_id)
            body["guideline_version"] = self.part("guideline_version", of_study, body["guideline_version"])
        return self.shown(
            rules.edit_campaign(actor=request.user, campaign=campaign, revision=campaign.revision, **body)
        )

    @writes(None, CampaignShown, 200)
    @action(detail=True, methods=["post"], url_path="open", pagination_class=None, filter_backends=())
    def open(self, request: Request, pk: UUID) -> Response:
        """Begin handing out. The scheme version is frozen from now on."""
        return self.shown(campaigns.open_campaign(actor=request.user, campaign=self.held(pk, "campaign")))

    @writes(None, CampaignShown, 200)
    @action(detail=True, methods=["post"], url_path="pause", pagination_class=None, filter_backends=())
    def pause(self, request: Request, pk: UUID) -> Response:
        """Hand nothing out for now."""
        return self.shown(campaigns.pause_campaign(actor=request.user, campaign=self.held(pk, "campaign")))

    @writes(None, CampaignShown, 200)
    @action(detail=True, methods=["post"], url_path="close", pagination_class=None, filter_backends=())
    def close(self, request: Request, pk: UUID) -> Response:
        """End it: nothing is handed out and no answer is taken any more."""
        return self.shown(campaigns.close_campaign(actor=request.user, campaign=self.held(pk, "campaign")))

    @writes(None, ProgressShown, 200)
    @action(detail=True, methods=["get"], url_path="progress", pagination_class=None, filter_backends=())
    def progress(self, request: Request, pk: UUID) -> Response:
        """Counts of items and answers."""
        return Response(ProgressShown(campaigns.progress(self.held(pk))).data)

    @writes(CampaignItemsBody, CampaignItemsAdded, 200)
    @action(detail=True, methods=["post"], url_path="items", pagination_class=None, filter_backends=())
    def items(self, request: Request, pk: UUID) -> Response:
        """Put items of the study into the queue; those already in it are passed over, so a repeat does no harm."""
        campaign = self.held(pk, "campaign")
        body = self.checked(CampaignItemsBody)
        return Response({"added": campaigns.add_items(actor=request.user, campaign=campaign, **body)})

    @writes(RankBody, CampaignItemsRanked, 200)
    @action(detail=True, methods=["post"], url_path="rank", pagination_class=None, filter_backends=())
    def rank(self, request: Request, pk: UUID) -> Response:
        """Hand down another order of items of this campaign; the others keep the rank they have."""
        campaign = self.held(pk, "campaign")
        body = self.checked(RankBody)
        ranks = {one["item"]: one["rank"] for one in body["ranks"]}
        if CampaignItem.objects.filter(campaign=campaign, item_id__in=list(ranks)).count() != len(ranks):
            said = _("Some of these items are not in this campaign.")
            raise Invalid("reference_unknown", said, fields={"ranks": [said]})
        ranked = campaigns.rank_items(actor=request.user, campaign=campaign, ranks=ranks, source=body["source"])
        return Response({"ranked": ranked})

    @writes(MemberBody, AnnotatorShown)
    @action(detail=True, methods=["post"], url_path="annotators", pagination_class=None, filter_backends=())
    def annotators(self, request: Request, pk: UUID) -> Response:
        """Let somebody with an account label here."""
        campaign = self.held(pk, "campaign")
        body = self.checked(MemberBody)
        user = self.part_by("email", User.objects.filter(is_active=True), email__iexact=body["email"])
        return self.made(
            lambda: campaigns.add_annotator(actor=request.user, campaign=campaign, user=user, code=body.get("code", "")),
            shown=AnnotatorShown, again=lambda one: Annotator.objects.filter(pk=one, study=campaign.study_id).first(),
        )  # fmt: skip


class CampaignItems(Noun):
    queryset = CampaignItem.objects.all()
    serializer_class = CampaignItemShown
    filters = {"campaign": "campaign_id", "item": "item_id", "open": "open"}
    use = LABELED


class QueueRanks(Noun):
    """The order that was handed down for items, and by whom."""

    queryset = QueueRank.objects.all()
    serializer_class = QueueRankShown
    filters = {"campaign": "campaign_id", "item": "item_id", "source": "source"}
    use = LABELED


class Annotators(Noun):
    queryset = Annotator.objects.all()
    serializer_class = AnnotatorShown
    filters = {"study": "study_id", "kind": "kind", "code": "code"}

    @writes(AnnotatorBody, AnnotatorShown)
    def create(self, request: Request) -> Response:
        """Somebody without an account: who made imported or simulated annotations. The same code gives the same annotator."""
        body = self.checked(AnnotatorBody)
        study = self.root("campaign", Study, body.pop("study"))
        return self.made(lambda: campaigns.add_annotator_without_account(actor=request.user, study=study, **body))


class Assignments(Listed):
    """A list for those who manage; one assignment by its id belongs to whoever holds it (labeling/api/annotations.py)."""

    queryset = Assignment.objects.all()
    serializer_class = AssignmentRow
    filters = {"campaign": "campaign_id", "annotator": "annotator_id", "state": "state", "item": "item_id"}
    needs = "annotations"
    use = LABELED
