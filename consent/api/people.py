"""Participants over REST: who is in a study, what they were told, what they said, what follows, what they ask for.

Consent is appended through the services, never written; permissions are read. Identities and free words are not shown.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from consent.api.base import Body, Noun, Shown, Texts, writes
from consent.models import ConsentEvent, Notice, NoticeText, Participant, Permission, Request, Study
from consent.purposes import Modality, PeopleRole, Purpose, RecipientClass
from consent.services import consents, notices, participants, requests
from consent.services.participants import NewParticipant
from core import access

METHODS = ("session", "paper", "phone", "import")


class ParticipantShown(Shown):
    class Meta:
        model = Participant
        fields = ["id", "study", "code", "kind", "people_role", "state", "state_since", "language", "group"]


class NoticeTextShown(Shown):
    class Meta:
        model = NoticeText
        fields = ["id", "language", "title", "summary", "sections", "purposes", "digest"]


class NoticeShown(Shown):
    texts = NoticeTextShown(many=True, read_only=True)

    class Meta:
        model = Notice
        fields = ["id", "created_at", "study", "number", "published_at", "valid_days", "choices", "texts"]


class ConsentEventShown(Shown):
    class Meta:
        model = ConsentEvent
        fields = [
            "id", "created_at", "study", "participant", "kind", "purpose", "modality", "recipient_class", "notice_text", "method", "effective_at",
            "valid_until", "actor",
        ]  # fmt: skip


class PermissionShown(Shown):
    class Meta:
        model = Permission
        fields = [
            "id",
            "study",
            "participant",
            "purpose",
            "modality",
            "recipient_class",
            "allowed_until",
            "basis",
            "event",
        ]


class RequestShown(Shown):
    class Meta:
        model = Request
        fields = [
            "id", "created_at", "study", "participant", "number", "kind", "state", "channel", "received_at", "due_on", "extended_at", "rule_version",
            "package", "job", "closed_at", "revision",
        ]  # fmt: skip


class ParticipantBody(Body):
    """Name, contact and birth date go to the identity vault, sealed; they are not shown again here."""

    study = serializers.UUIDField()
    code = serializers.RegexField(r"\A[A-Za-z0-9][A-Za-z0-9_.-]*\Z", max_length=40, required=False)
    kind = serializers.ChoiceField(["real", "acted", "fictional"], required=False)
    people_role = serializers.ChoiceField(PeopleRole.choices, required=False)
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    language = serializers.CharField(max_length=12, required=False, allow_blank=True)
    group = serializers.CharField(max_length=40, required=False, allow_blank=True)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    contact = serializers.CharField(max_length=254, required=False, allow_blank=True)
    born_on = serializers.DateField(required=False)


class ChoiceBody(Body):
    purpose = serializers.ChoiceField(Purpose.choices)
    modalities = serializers.ListField(child=serializers.ChoiceField(Modality.choices), allow_empty=False, max_length=4)
    recipient_class = serializers.ChoiceField(RecipientClass.choices, required=False)
    required = serializers.BooleanField(required=False)


class SectionBody(Body):
    heading = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=20_000)


class NoticeTextBody(Body):
    language = serializers.RegexField(r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z", max_length=12)
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=20_000)
    sections = SectionBody(many=True, required=False, max_length=100)
    purposes = serializers.DictField(child=Texts(), required=False)


class NoticeBody(Body):
    study = serializers.UUIDField()
    choices = ChoiceBody(many=True, max_length=9)
    texts = NoticeTextBody(many=True, max_length=50)
    valid_days = serializers.IntegerField(min_value=1, max_value=36_500, required=False)

    def validate_texts(self, texts: list[dict]) -> list[dict]:
        if len({one["language"] for one in texts}) != len(texts):
            raise serializers.ValidationError("One text a language.", "unique")
        return texts


class ConsentBody(Body):
    """Yes or no to each purpose, under a published notice. A purpose that is not answered stays as it was."""

    participant = serializers.UUIDField()
    notice_text = serializers.UUIDField()
    answers = serializers.DictField(child=serializers.BooleanField(), allow_empty=False)
    method = serializers.ChoiceField(METHODS)
    effective_at = serializers.DateTimeField(required=False, allow_null=True)


class MethodBody(Body):
    method = serializers.ChoiceField(METHODS)


class WithdrawBody(MethodBody):
    purpose = serializers.ChoiceField(Purpose.choices)


class RequestBody(Body):
    study = serializers.UUIDField()
    kind = serializers.ChoiceField(Request.Kind.choices)
    channel = serializers.ChoiceField(["email", "letter", "phone", "in_person"])
    participant = serializers.UUIDField(required=False, allow_null=True)
    received_at = serializers.DateTimeField(required=False, allow_null=True)
    words = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class MoveBody(Body):
    to = serializers.ChoiceField(Request.State.choices)
    reason = serializers.SlugField(max_length=40, required=False, allow_blank=True)


class Participants(Noun):
    queryset = Participant.objects.all()
    serializer_class = ParticipantShown
    filters = {
        "study": "study_id",
        "code": "code",
        "state": "state",
        "people_role": "people_role",
        "kind": "kind",
        "group": "group",
    }
    needs = "participants"

    @writes(
        ParticipantBody,
        ParticipantShown,
        example={"study": "01890a5d-ac96-774b-bcce-b302099a8057", "code": "P-0001", "people_role": "target"},
    )
    def create(self, request: HttpRequest) -> Response:
        """A participant, under a code; without one the next P-number is given."""
        body = self.checked(ParticipantBody)
        study = self.root("participants", Study, body.pop("study"))
        if "born_on" in body:
            body["born_on"] = body["born_on"].isoformat()
        return self.made(
            lambda: participants.add_participant(actor=request.user, study=study, row=NewParticipant(**body))
        )

    @writes(MethodBody, ParticipantShown, 200)
    @action(detail=True, methods=["post"], url_path="pause", pagination_class=None, filter_backends=())
    def pause(self, request: HttpRequest, pk: UUID) -> Response:
        """Use nothing of this person until they resume; delete nothing."""
        return self._act(request, pk, consents.pause)

    @writes(MethodBody, ParticipantShown, 200)
    @action(detail=True, methods=["post"], url_path="resume", pagination_class=None, filter_backends=())
    def resume(self, request: HttpRequest, pk: UUID) -> Response:
        """End a pause."""
        return self._act(request, pk, consents.resume)

    @writes(MethodBody, ParticipantShown, 200)
    @action(detail=True, methods=["post"], url_path="stop", pagination_class=None, filter_backends=())
    def stop(self, request: HttpRequest, pk: UUID) -> Response:
        """Withdraw everything: use ends with this answer; the erasure of what nothing else needs is scheduled."""
        return self._act(request, pk, consents.stop)

    @writes(WithdrawBody, ParticipantShown, 200)
    @action(detail=True, methods=["post"], url_path="withdraw", pagination_class=None, filter_backends=())
    def withdraw(self, request: HttpRequest, pk: UUID) -> Response:
        """Take back one purpose."""
        participant = self.held(pk, "consent")
        consents.withdraw(participant=participant, actor=request.user, **self.checked(WithdrawBody))
        return self.shown(participant)

    def _act(self, request: HttpRequest, pk: UUID, service) -> Response:
        participant = self.held(pk, "consent")
        service(participant=participant, actor=request.user, **self.checked(MethodBody))
        return self.shown(participant)


class Notices(Noun):
    queryset = Notice.objects.prefetch_related("texts")
    serializer_class = NoticeShown
    filters = {"study": "study_id", "number": "number"}

    @writes(NoticeBody, NoticeShown)
    def create(self, request: HttpRequest) -> Response:
        """Draft the next version."""
        body = self.checked(NoticeBody)
        study = self.root("consent", Study, body.pop("study"))
        return self.made(lambda: notices.draft_notice(actor=request.user, study=study, **body))

    @writes(None, NoticeShown, 200)
    @action(detail=True, methods=["post"], url_path="publish", pagination_class=None, filter_backends=())
    def publish(self, request: HttpRequest, pk: UUID) -> Response:
        """From now on participants are asked by this version, and it cannot change."""
        published = notices.publish_notice(actor=request.user, notice=self.held(pk, "consent"))
        return self.shown(self.held(published.pk))


class ConsentEvents(Noun):
    queryset = ConsentEvent.objects.all()
    serializer_class = ConsentEventShown
    filters = {"study": "study_id", "participant": "participant_id", "kind": "kind", "purpose": "purpose"}
    needs = "participants"

    @writes(ConsentBody, ParticipantShown, example={
        "participant": "01890a5d-ac96-774b-bcce-b302099a8057", "notice_text": "01890a5d-ac96-774b-bcce-b302099a8058",
        "answers": {"collect": True, "human_annotation": True, "publish_open": False}, "method": "paper",
    })  # fmt: skip
    def create(self, request: HttpRequest) -> Response:
        """Append what a participant answered; shows the participant, since one answer makes several events."""
        body = self.checked(ConsentBody)
        participant = self.root("consent", Participant, body.pop("participant"))
        texts = NoticeText.objects.select_related("notice").filter(notice__study=participant.study_id)
        body["notice_text"] = self.part("notice_text", texts, body["notice_text"])

        def make() -> Participant:
            consents.record_consent(participant=participant, actor=request.user, **body)
            participant.refresh_from_db()
            return participant

        return self.made(make, shown=ParticipantShown, again=lambda pk: participant)


class Permissions(Noun):
    """What is allowed now: the projection that the gate reads. Nobody writes it but the services of consent."""

    queryset = Permission.objects.all()
    serializer_class = PermissionShown
    filters = {"study": "study_id", "participant": "participant_id", "purpose": "purpose", "modality": "modality"}

    def get_queryset(self) -> QuerySet:
        # A permission hangs from its participant, which is what the door knows.
        seen = access.visible(self.request.user, Participant.objects.all(), "participants")
        return self.queryset.filter(participant__in=seen.values("pk"))

    def held(self, pk: UUID, action: str = "", queryset: QuerySet | None = None) -> Permission:
        return access.within(self.get_queryset(), pk=pk)


class Requests(Noun):
    queryset = Request.objects.all()
    serializer_class = RequestShown
    filters = {"study": "study_id", "participant": "participant_id", "kind": "kind", "state": "state"}
    needs = "request"
    matched = ("move",)

    @writes(RequestBody, RequestShown)
    def create(self, request: HttpRequest) -> Response:
        """Take a request in; its deadline counts from the receipt."""
        body = self.checked(RequestBody)
        study = self.root("request", Study, body.pop("study"))
        body["participant"] = self.part("participant", Participant.objects.filter(study=study), body.get("participant"))
        return self.made(lambda: requests.open_request(actor=request.user, study=study, **body))

    @writes(MoveBody, RequestShown, 200)
    @action(detail=True, methods=["post"], url_path="move", pagination_class=None, filter_backends=())
    def move(self, request: HttpRequest, pk: UUID) -> Response:
        """To another state. Needs If-Match with the ETag that was seen."""
        found = self.held(pk, "request")
        self.unchanged(found)
        body = self.checked(MoveBody)
        return self.shown(requests.move(actor=request.user, request=found, revision=found.revision, **body))


NOUNS = {
    "participants": Participants,
    "notices": Notices,
    "consent-events": ConsentEvents,
    "permissions": Permissions,
    "requests": Requests,
}
