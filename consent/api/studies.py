"""Studies over REST: controllers, studies, their bases, who receives data, and what is stored."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import KEPT, Body, Noun, Shown, writes
from consent.api.members import WithMembers
from consent.gate import permitted
from consent.models import Asset, AssetSubject, Basis, Controller, Participant, Person, Recipient, Study
from consent.purposes import BasisKind, Context, PeopleRole, Purpose
from consent.services import recipients, studies
from core import access
from core.errors import Forbidden
from core.models import User


class ControllerShown(Shown):
    class Meta:
        model = Controller
        fields = ["id", "created_at", "name", "address", "email", "officer", "officer_email", "authority", "country"]


class StudyShown(Shown):
    class Meta:
        model = Study
        fields = [
            "id", "created_at", "controller", "client", "name", "slug", "purpose", "context", "jurisdiction", "subdivision", "state", "fictional",
            "cooling_off_days", "offline_media", "revision",
        ]  # fmt: skip


class BasisShown(Shown):
    class Meta:
        model = Basis
        fields = [
            "id", "created_at", "study", "people_role", "purpose", "kind", "evidence", "agreement", "seats", "redistribution", "begins_at", "ends_at",
        ]  # fmt: skip


class RecipientShown(Shown):
    class Meta:
        model = Recipient
        fields = ["id", "created_at", "study", "name", "recipient_class", "country", "transfer_tool", "email"]


class AssetShown(Shown):
    class Meta:
        model = Asset
        fields = ["id", "created_at", "study", "kind", "parent", "media_type", "plain_bytes", "state"]


class PersonShown(Shown):
    """Who participants are to their controller: a key that joins them. Names and contacts are not shown here."""

    participants = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = ["id", "controller", "language", "participants"]

    def get_participants(self, person: Person) -> list[UUID]:
        return [one.pk for one in person.participants.all()]


COUNTRY = r"\A[A-Z]{2}\Z"


class ControllerBody(Body):
    name = serializers.CharField(max_length=200)
    address = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    officer = serializers.CharField(max_length=200, required=False, allow_blank=True)
    officer_email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    authority = serializers.CharField(max_length=200, required=False, allow_blank=True)
    country = serializers.RegexField(COUNTRY, required=False)


class StudyEdit(Body):
    """What may change in a study; name only what changes. The cooling-off stays once a notice told it to participants."""

    name = serializers.CharField(max_length=200, required=False)
    purpose = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    subdivision = serializers.CharField(max_length=10, required=False, allow_blank=True)
    cooling_off_days = serializers.IntegerField(min_value=0, max_value=7, required=False)


class RecipientBody(Body):
    """`transfer_tool` (adequacy of a contract, binding rules) is needed for countries that have no adequacy decision."""

    study = serializers.UUIDField()
    name = serializers.CharField(max_length=200)
    recipient_class = serializers.ChoiceField(recipients.CLASSES)
    country = serializers.RegexField(COUNTRY)
    transfer_tool = serializers.CharField(max_length=40, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)


class BasisPart(Body):
    purpose = serializers.ChoiceField(Purpose.choices)
    kind = serializers.ChoiceField(BasisKind.choices)
    people_role = serializers.ChoiceField(PeopleRole.choices, required=False)
    evidence = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    seats = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)
    redistribution = serializers.CharField(max_length=80, required=False, allow_blank=True)


class BasisBody(BasisPart):
    study = serializers.UUIDField()


class StudyBody(Body):
    """`owner` is the e-mail of an account; without it, whoever asks becomes the owner."""

    controller = serializers.UUIDField()
    name = serializers.CharField(max_length=200)
    context = serializers.ChoiceField(Context.choices)
    purpose = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    jurisdiction = serializers.RegexField(COUNTRY, required=False)
    cooling_off_days = serializers.IntegerField(min_value=0, max_value=7, required=False)
    fictional = serializers.BooleanField(required=False)
    owner = serializers.EmailField(max_length=254, required=False)
    bases = BasisPart(many=True, required=False, max_length=100)


def require_operator(user: User) -> None:
    """Studies and controllers are begun by whoever runs the installation; that gives no right to see their data."""
    if not user.is_operator:
        raise Forbidden("role_missing", _("Only an operator of this installation begins studies."))


class Controllers(Noun):
    queryset = Controller.objects.all()
    serializer_class = ControllerShown
    filters = {"country": "country"}

    def get_queryset(self) -> QuerySet:
        if self.request.user.is_authenticated and self.request.user.is_operator:
            return self.queryset.all()
        seen = access.visible(self.request.user, Study.objects.all())
        return self.queryset.filter(pk__in=seen.values("controller"))

    def held(self, pk, action: str = "", queryset: QuerySet | None = None) -> Controller:
        return access.within(self.get_queryset(), pk=pk)

    @writes(ControllerBody, ControllerShown)
    def create(self, request: Request) -> Response:
        """Who decides why and how data are used. For operators."""
        require_operator(request.user)
        body = self.checked(ControllerBody)
        return self.made(lambda: studies.create_controller(actor=request.user, **body))


class Studies(WithMembers, Noun):
    queryset = Study.objects.all()
    serializer_class = StudyShown
    filters = {"slug": "slug", "state": "state", "controller": "controller_id"}
    matched = ("partial_update",)

    @writes(StudyBody, StudyShown, example={
        "controller": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Dyads at home", "context": "field_research",
        "bases": [{"purpose": "collect", "kind": "explicit_consent"}, {"purpose": "human_annotation", "kind": "explicit_consent"}],
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """A study with its key, its bases and an owner. For operators."""
        require_operator(request.user)
        body = self.checked(StudyBody)
        body["controller"] = self.part("controller", Controller.objects.all(), body["controller"])
        if email := body.pop("owner", ""):
            body["owner"] = self.part_by("owner", User.objects.filter(is_active=True), email__iexact=email)
        return self.made(
            lambda: studies.create_study(actor=request.user, **body),
            again=lambda pk: Study.objects.filter(pk=pk).first(),
        )

    @writes(StudyEdit, StudyShown, 200, example={"name": "Dyads at home, second year"})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what the study says of itself. Needs If-Match with the ETag that was seen."""
        study = self.held(pk, "manage")
        self.unchanged(study)
        body = self.checked(StudyEdit)
        return self.shown(studies.edit_study(actor=request.user, study=study, revision=study.revision, **body))


class Bases(Noun):
    queryset = Basis.objects.all()
    serializer_class = BasisShown
    filters = {"study": "study_id", "people_role": "people_role", "purpose": "purpose", "kind": "kind"}

    @writes(BasisBody, BasisShown)
    def create(self, request: Request) -> Response:
        """State the lawful ground for one role of people and one purpose, in place of the one in force."""
        body = self.checked(BasisBody)
        study = self.root("manage", Study, body.pop("study"))
        return self.made(lambda: studies.set_basis(actor=request.user, study=study, **body))


class Recipients(Noun):
    queryset = Recipient.objects.all()
    serializer_class = RecipientShown
    filters = {"study": "study_id", "recipient_class": "recipient_class", "country": "country"}

    @writes(RecipientBody, RecipientShown, example={
        "study": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Lakeside Clinic", "recipient_class": "partner", "country": "IE",
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """Put somebody on file who may receive data."""
        body = self.checked(RecipientBody)
        study = self.root("consent", Study, body.pop("study"))
        return self.made(lambda: recipients.add_recipient(actor=request.user, study=study, **body))


class Persons(Noun):
    """Persons behind the participants one may see. The identity itself stays in the vault."""

    queryset = Person.objects.all()
    serializer_class = PersonShown
    filters = {"controller": "controller_id"}

    def get_queryset(self) -> QuerySet:
        # A person hangs from their participants, which are what the door knows.
        seen = access.visible(self.request.user, Participant.objects.all(), "participants")
        return self.queryset.filter(pk__in=seen.values("person")).prefetch_related(Prefetch("participants", seen))

    def held(self, pk, action: str = "", queryset: QuerySet | None = None) -> Person:
        return access.within(self.get_queryset(), pk=pk)


class Assets(Noun):
    """What is stored about what: sizes and types, never the bytes, names or keys. Not of people who withdrew."""

    queryset = Asset.objects.all()
    serializer_class = AssetShown
    filters = {"study": "study_id", "kind": "kind", "parent": "parent_id", "state": "state"}

    def get_queryset(self) -> QuerySet:
        subjects = AssetSubject.objects.filter(asset=OuterRef("pk"))
        closed = subjects.exclude(participant__in=permitted(Participant.objects.all(), KEPT).values("pk"))
        return super().get_queryset().exclude(Exists(closed))

    def held(self, pk, action: str = "", queryset: QuerySet | None = None) -> Asset:
        return access.within(self.get_queryset(), pk=pk)


NOUNS = {
    "controllers": Controllers,
    "studies": Studies,
    "bases": Bases,
    "recipients": Recipients,
    "persons": Persons,
    "assets": Assets,
}
