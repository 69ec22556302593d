"""Schemes and guidelines over REST: what is asked, in versions. A frozen version refuses every change (409 `scheme_frozen`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import Body, Noun, Shown, Texts, writes
from consent.models import Study
from core import access
from core.api import Number
from labeling.models import Guideline, GuidelineVersion, Label, Question, Scheme, SchemeVersion
from labeling.services import guidelines, schemes
from labeling.services.schemes import NewLabel, NewQuestion


class LabelShown(Shown):
    class Meta:
        model = Label
        fields = ["id", "identity", "position", "code", "name", "uri", "emotion"]


class QuestionShown(Shown):
    labels = LabelShown(many=True, read_only=True)

    class Meta:
        model = Question
        fields = [
            "id", "scheme_version", "identity", "position", "key", "kind", "level", "prompt", "hint", "required", "dimension", "uri",
            "minimum", "maximum", "step", "anchors", "labels",
        ]  # fmt: skip


class SchemeShown(Shown):
    class Meta:
        model = Scheme
        fields = ["id", "created_at", "study", "name"]


class SchemeVersionShown(Shown):
    questions = QuestionShown(many=True, read_only=True)

    class Meta:
        model = SchemeVersion
        fields = ["id", "created_at", "study", "scheme", "number", "frozen_at", "questions"]


class GuidelineShown(Shown):
    class Meta:
        model = Guideline
        fields = ["id", "created_at", "study", "name"]


class GuidelineVersionShown(Shown):
    class Meta:
        model = GuidelineVersion
        fields = ["id", "created_at", "study", "guideline", "number", "text"]


class LabelBody(Body):
    code = serializers.SlugField(max_length=60)
    name = Texts()
    uri = serializers.CharField(max_length=200, required=False, allow_blank=True)
    emotion = serializers.CharField(max_length=12, required=False, allow_blank=True)


class AnchorBody(Body):
    value = Number()
    text = Texts()


class QuestionBody(Body):
    key = serializers.SlugField(max_length=40)
    kind = serializers.ChoiceField(Question.Kind.choices)
    prompt = Texts()
    level = serializers.ChoiceField(Question.Level.choices, required=False)
    hint = Texts(required=False)
    required = serializers.BooleanField(required=False)
    labels = LabelBody(many=True, required=False, max_length=500)
    dimension = serializers.CharField(max_length=40, required=False, allow_blank=True)
    uri = serializers.CharField(max_length=200, required=False, allow_blank=True)
    minimum = Number(required=False, allow_null=True, min_value=-1e12, max_value=1e12)
    maximum = Number(required=False, allow_null=True, min_value=-1e12, max_value=1e12)
    step = Number(required=False, allow_null=True, min_value=1e-9, max_value=1e12)
    anchors = AnchorBody(many=True, required=False, max_length=100)


class SchemeBody(Body):
    study = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    questions = QuestionBody(many=True, max_length=200, required=False)


class KeyBody(Body):
    key = serializers.SlugField(max_length=40)


class GuidelinePart(Body):
    heading = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=20_000)


class Sections(serializers.DictField):
    """Sections by language: {"en": [{"heading": "What to look for", "text": "…"}]}."""

    child = serializers.ListField(child=GuidelinePart(), max_length=100)


class GuidelineVersionBody(Body):
    text = Sections()


class GuidelineBody(GuidelineVersionBody):
    study = serializers.UUIDField()
    name = serializers.CharField(max_length=120)


EMOTION = {
    "key": "emotion", "kind": "choice", "level": "nominal", "prompt": {"en": "What does {target} appear to express?"},
    "labels": [{"code": "joy", "name": {"en": "Joy"}}, {"code": "anger", "name": {"en": "Anger"}}],
}  # fmt: skip


def question(given: dict[str, Any]) -> NewQuestion:
    """A validated body as the service takes it."""
    labels = [NewLabel(**one) for one in given.pop("labels", ())]
    return NewQuestion(**given, labels=labels)


class Schemes(Noun):
    queryset = Scheme.objects.all()
    serializer_class = SchemeShown
    filters = {"study": "study_id"}

    @writes(
        SchemeBody,
        SchemeVersionShown,
        example={"study": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Six emotions", "questions": [EMOTION]},
    )
    def create(self, request: Request) -> Response:
        """A scheme with its first version, open to change until a campaign opens with it."""
        body = self.checked(SchemeBody)
        study = self.root("scheme", Study, body["study"])
        asked = [question(one) for one in body.get("questions", ())]
        return self.made(
            lambda: schemes.create_scheme(actor=request.user, study=study, name=body["name"], questions=asked),
            shown=SchemeVersionShown, again=lambda pk: SchemeVersion.objects.filter(pk=pk, study=study).first(),
        )  # fmt: skip


class SchemeVersions(Noun):
    queryset = SchemeVersion.objects.prefetch_related("questions__labels")
    serializer_class = SchemeVersionShown
    filters = {"study": "study_id", "scheme": "scheme_id"}

    @writes(None, SchemeVersionShown)
    @action(detail=True, methods=["post"], url_path="next", pagination_class=None, filter_backends=())
    def next(self, request: Request, pk: UUID) -> Response:
        """Begin the next version: a copy to change, in which questions and labels keep their identities."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        return self.made(lambda: schemes.next_version(actor=request.user, version=version))

    @writes(None, SchemeVersionShown, 200)
    @action(detail=True, methods=["post"], url_path="freeze", pagination_class=None, filter_backends=())
    def freeze(self, request: Request, pk: UUID) -> Response:
        """End all change of this version. Twice does no harm."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        return self.shown(schemes.freeze(actor=request.user, version=version))

    @writes(QuestionBody, QuestionShown, example=EMOTION)
    @action(detail=True, methods=["post"], url_path="questions", pagination_class=None, filter_backends=())
    def add_question(self, request: Request, pk: UUID) -> Response:
        """Ask one thing more."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        asked = question(self.checked(QuestionBody))
        return self.made(
            lambda: schemes.add_question(actor=request.user, version=version, question=asked), shown=QuestionShown,
            again=lambda one: Question.objects.filter(pk=one, scheme_version=version).first(),
        )  # fmt: skip

    @writes(KeyBody, SchemeVersionShown, 200)
    @action(detail=True, methods=["post"], url_path="remove-question", pagination_class=None, filter_backends=())
    def remove_question(self, request: Request, pk: UUID) -> Response:
        """Ask one thing less."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        schemes.remove_question(actor=request.user, version=version, **self.checked(KeyBody))
        return self.shown(version)


class Questions(Noun):
    queryset = Question.objects.prefetch_related("labels")
    serializer_class = QuestionShown
    filters = {"scheme_version": "scheme_version_id", "key": "key"}


class Guidelines(Noun):
    queryset = Guideline.objects.all()
    serializer_class = GuidelineShown
    filters = {"study": "study_id"}

    @writes(GuidelineBody, GuidelineVersionShown, example={
        "study": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "Main round",
        "text": {"en": [{"heading": "What to look for", "text": "Label what the person appears to express."}]},
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """A guideline with its first version, which is shown."""
        body = self.checked(GuidelineBody)
        study = self.root("scheme", Study, body.pop("study"))
        return self.made(
            lambda: guidelines.create_guideline(actor=request.user, study=study, **body),
            shown=GuidelineVersionShown, again=_version_of(GuidelineVersion.objects.filter(study=study)),
        )  # fmt: skip

    @writes(GuidelineVersionBody, GuidelineVersionShown)
    @action(detail=True, methods=["post"], url_path="versions", pagination_class=None, filter_backends=())
    def add_version(self, request: Request, pk: UUID) -> Response:
        """Other words, as the next version. A version never changes."""
        guideline = self.held(pk, "scheme")
        body = self.checked(GuidelineVersionBody)
        return self.made(
            lambda: guidelines.add_version(actor=request.user, guideline=guideline, **body),
            shown=GuidelineVersionShown, again=_version_of(guideline.versions.all()),
        )  # fmt: skip


def _version_of(versions: QuerySet) -> Callable[[UUID], GuidelineVersion | None]:
    return lambda pk: versions.filter(pk=pk).first()


class GuidelineVersions(Noun):
    queryset = GuidelineVersion.objects.all()
    serializer_class = GuidelineVersionShown
    filters = {"study": "study_id", "guideline": "guideline_id"}
