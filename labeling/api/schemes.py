"""Schemes and guidelines over REST: what is asked, in versions. A frozen version refuses every change (409 `scheme_frozen`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import Body, Noun, Shown, writes
from consent.models import Study
from core import access
from core.errors import Invalid
from labeling.models import Guideline, GuidelineVersion, Label, Question, Scheme, SchemeVersion
from labeling.services import guidelines, schemes


class LabelShown(Shown):
    class Meta:
        model = Label
        fields = ["id", "identity", "position", "tier", "code", "name", "uri", "emotion"]


class QuestionShown(Shown):
    labels = LabelShown(many=True, read_only=True)

    class Meta:
        model = Question
        fields = [
            "id", "scheme_version", "identity", "position", "key", "kind", "gives", "level", "prompt", "hint", "required", "dimension", "uri",
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
        fields = ["id", "created_at", "study", "scheme", "number", "frozen_at", "form", "questions"]


class GuidelineShown(Shown):
    class Meta:
        model = Guideline
        fields = ["id", "created_at", "study", "name"]


class GuidelineVersionShown(Shown):
    class Meta:
        model = GuidelineVersion
        fields = ["id", "created_at", "study", "guideline", "number", "text"]


class SchemeBody(Body):
    """A scheme from its document (`form`, docs/schemas/scheme.json) or one of the gallery by its name. Without a name it has its own. A
    document sent as a text is refused with line and column of its mistakes, one sent as an object with their pointers alone."""

    study = serializers.UUIDField()
    name = serializers.CharField(max_length=120, required=False)
    form = serializers.JSONField(required=False)
    gallery = serializers.CharField(max_length=60, required=False)


class NextVersionBody(Body):
    """`form` is what the next version asks; without one it is a copy."""

    form = serializers.JSONField(required=False)


class FormBody(Body):
    form = serializers.JSONField()


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
    "format": "affect.scheme", "format_version": 1, "id": "six-emotions", "name": {"en": "Six emotions"}, "languages": ["en"],
    "questions": [{
        "kind": "choice", "id": "emotion", "prompt": {"en": "What does {target} appear to express?"},
        "labels": [{"id": "joy", "name": {"en": "Joy"}}, {"id": "anger", "name": {"en": "Anger"}}],
    }],
}  # fmt: skip


def document(body: dict[str, Any]) -> schemes.Document | None:
    """The document that a body has or names. Raises Invalid for both and, where one is due, for neither."""
    if "form" in body and "gallery" in body:
        said = _("Send a document or name one of the gallery, not both.")
        raise Invalid("scheme_refused", said, fields={"form": [said]})
    if "gallery" in body:
        return schemes.from_gallery(body["gallery"])
    return body.get("form")


class Schemes(Noun):
    queryset = Scheme.objects.all()
    serializer_class = SchemeShown
    filters = {"study": "study_id"}

    @writes(
        SchemeBody,
        SchemeVersionShown,
        example={"study": "01890a5d-ac96-774b-bcce-b302099a8057", "form": EMOTION},
    )
    def create(self, request: Request) -> Response:
        """A scheme with its first version, open to change until a campaign opens with it."""
        body = self.checked(SchemeBody)
        study = self.root("scheme", Study, body["study"])
        asked = document(body)
        if asked is None:
            said = _("Send a document, or name one of the gallery.")
            raise Invalid("scheme_refused", said, fields={"form": [said]})
        return self.made(
            lambda: schemes.create_scheme(actor=request.user, study=study, name=body.get("name", ""), document=asked),
            shown=SchemeVersionShown, again=lambda pk: SchemeVersion.objects.filter(pk=pk, study=study).first(),
        )  # fmt: skip


class SchemeVersions(Noun):
    queryset = SchemeVersion.objects.prefetch_related("questions__labels")
    serializer_class = SchemeVersionShown
    filters = {"study": "study_id", "scheme": "scheme_id"}

    @writes(FormBody, SchemeVersionShown, 200, example={"form": EMOTION})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Another document in the place of the version's own, while no campaign has opened with it."""
        version = self.held(pk, "scheme")
        body = self.checked(FormBody)
        return self.shown(schemes.change_version(actor=request.user, version=version, document=body["form"]))

    @writes(NextVersionBody, SchemeVersionShown, example={"form": EMOTION})
    @action(detail=True, methods=["post"], url_path="next", pagination_class=None, filter_backends=())
    def next(self, request: Request, pk: UUID) -> Response:
        """Begin the next version. Questions and labels with ids that were there keep their identities."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        body = self.checked(NextVersionBody)
        return self.made(lambda: schemes.next_version(actor=request.user, version=version, document=body.get("form")))

    @writes(None, SchemeVersionShown, 200)
    @action(detail=True, methods=["post"], url_path="freeze", pagination_class=None, filter_backends=())
    def freeze(self, request: Request, pk: UUID) -> Response:
        """End all change of this version. Twice does no harm."""
        version = access.fetch(request.user, "scheme", SchemeVersion.objects.all(), pk=pk)
        return self.shown(schemes.freeze(actor=request.user, version=version))


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
