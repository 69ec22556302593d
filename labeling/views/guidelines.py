"""Guidelines for those who write them and run campaigns: versions of a study, the one a campaign is labeled by, what was answered
under another one; and what annotators told about their clips."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.models import Study
from core import access
from core.errors import Invalid, Refused
from core.lists import Choice, Column, Listing
from labeling.models import Campaign, Comment, Guideline, GuidelineVersion
from labeling.services import comments as comment_services
from labeling.services import guideline_text
from labeling.services import guidelines as services
from labeling.views.campaigns import frame, held_campaign
from labeling.views.studies import crumbs, held_study

MOST_SHOWN = 50


class GuidelineForm(forms.Form):
    """A version as plain lines, a field a language; one that is left empty is not written."""

    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))

    def __init__(self, *args: object, last: GuidelineVersion | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if last is not None:
            del self.fields["name"]
        for code, name in settings.LANGUAGES:
            self.fields[f"text_{code}"] = forms.CharField(
                required=False, max_length=20_000, widget=forms.Textarea({"rows": 10, "lang": code}),
                label=_("Text, %(language)s") % {"language": _(name)},
                help_text=_("“# ” begins a heading, “! ” an example; what follows belongs to it."),
                initial=guideline_text.write(last.text.get(code, [])) if last else "",
            )  # fmt: skip
            self.fields[f"quiz_{code}"] = forms.CharField(
                required=False, max_length=4000, widget=forms.Textarea({"rows": 5, "lang": code}),
                label=_("Quiz, %(language)s") % {"language": _(name)},
                help_text=_("“? ” asks, “- ” is a wrong answer, “+ ” the right one; the same in every language."),
                initial=guideline_text.write_quiz(last.quiz, code) if last and code in last.text else "",
            )  # fmt: skip

    def written(self) -> tuple[dict, list]:
        """(text by language, quiz). Raises Invalid where the languages ask different things."""
        said = self.cleaned_data
        text = {
            code: parts for code, _name in settings.LANGUAGES if (parts := guideline_text.read(said[f"text_{code}"]))
        }
        quiz = guideline_text.joined({code: guideline_text.read_quiz(said[f"quiz_{code}"]) for code in text})
        if quiz is None:
            wrong = _("The quiz asks different things in different languages.")
            raise Invalid("guideline_refused", wrong, fields={"quiz": [wrong]})
        return text, quiz


@require_GET
def guidelines(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id)
    context = {
        "study": study, "crumbs": crumbs(study, (_("Guidelines"), "")),
        "guidelines": Guideline.objects.filter(study=study).prefetch_related("versions").order_by("name"),
        "may": access.may(request.user, "scheme", study),
    }  # fmt: skip
    return render(request, "labeling/study/guidelines.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """A guideline, or with ?of= the next version of one, which begins as the last one was."""
    study = held_study(request, study_id, "scheme")
    request.section = "studies:guidelines"
    guideline = _of(request, study)
    last = guideline.versions.order_by("-number").first() if guideline else None
    form = GuidelineForm(request.POST if request.method == "POST" else None, last=last)
    if request.method == "POST" and form.is_valid():
        try:
            text, quiz = form.written()
            if guideline:
                services.add_version(actor=request.user, guideline=guideline, text=text, quiz=quiz)
            else:
                services.create_guideline(
                    actor=request.user, study=study, name=form.cleaned_data["name"], text=text, quiz=quiz
                )
        except Refused as refused:
            form.add_error(None, str(refused.message))
        else:
            return redirect("studies:guidelines", study.pk)
    title = _("Next version of %(name)s") % {"name": guideline.name} if guideline else _("New guideline")
    here = crumbs(study, (_("Guidelines"), reverse("studies:guidelines", args=[study.pk])), (title, ""))
    context = {"study": study, "form": form, "title": title, "crumbs": here}
    return render(request, "labeling/study/new_guideline.html", context, status=422 if form.is_bound else 200)


def _of(request: HttpRequest, study: Study) -> Guideline | None:
    try:
        wanted = UUID(request.GET.get("of", ""))
    except ValueError:
        return None
    return access.within(Guideline.objects.filter(study=study), pk=wanted)


class GiveForm(forms.Form):
    version = forms.ModelChoiceField(
        GuidelineVersion.objects.none(),
        required=False,
        label=gettext_lazy("Guideline"),
        empty_label=gettext_lazy("none"),
    )
    reading = forms.BooleanField(
        required=False, label=gettext_lazy("Everybody reads it, and answers its quiz, before their first item")
    )

    def __init__(self, *args: object, campaign: Campaign, **kwargs: object) -> None:
        now = {
            "version": campaign.guideline_version_id,
            "reading": campaign.reading or campaign.guideline_version_id is None,
        }
        super().__init__(*args, initial=now, **kwargs)
        of_study = GuidelineVersion.objects.filter(study_id=campaign.study_id).select_related("guideline")
        self.fields["version"].queryset = of_study.order_by("guideline__name", "-number")
        self.fields["version"].label_from_instance = lambda one: f"{one.guideline.name} {one.number}"


@require_http_methods(["GET", "HEAD", "POST"])
def guideline(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The version that a campaign is labeled by, and the answers given under another one."""
    campaign = held_campaign(request, campaign_id, "campaign")
    form = GiveForm(request.POST if request.method == "POST" else None, campaign=campaign)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.give(actor=request.user, campaign=campaign, **form.cleaned_data)
                return redirect("campaigns:guideline", campaign.pk)
            status = 422
        except Refused as refused:
            refusal, status = refused.message, refused.status
    old = services.outdated(campaign).select_related("item", "annotator", "guideline_version__guideline")
    context = frame(
        campaign, "campaigns:guideline", form=form, refusal=refusal, outdated=old.order_by("item__code")[:MOST_SHOWN],
        count=old.count(), askable=services.askable(campaign).count(), read=campaign.acknowledgements.filter(version=campaign.guideline_version_id, passed=True).count(),
    )  # fmt: skip
    return render(request, "labeling/campaign/guideline.html", context, status=status)


@require_POST
def ask_again(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    asked = services.ask_again(actor=request.user, campaign=campaign)
    said = ngettext("%(n)d answer is asked for again.", "%(n)d answers are asked for again.", asked) % {"n": asked}
    messages.success(request, said)
    return redirect("campaigns:guideline", campaign.pk)


@require_GET
def comments(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """What annotators told about their clips. The texts are opened for the page that is shown, not for a search."""
    campaign = held_campaign(request, campaign_id, "annotations")
    listing = Listing(
        request,
        comment_services.of_campaign(campaign).select_related("item", "annotator", "campaign"),
        name="comments",
        order="-created_at",
        search=("item__code", "annotator__code"),
        filters=(Choice("annotator", _("Annotator"), "annotator__code", _codes(campaign)),),
        columns=(
            Column("item", _("Item"), lambda c: c.item.code, sort="item__code"),
            Column("annotator", _("Annotator"), lambda c: c.annotator.code, sort="annotator__code"),
            Column("at", _("When"), lambda c: c.created_at.isoformat(), sort="created_at"),
            Column("text", _("Comment"), lambda c: comment_services.opened([c])[0]["text"]),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    shown = comment_services.opened(list(listing.page))
    return render(
        request, "labeling/campaign/comments.html", frame(campaign, "campaigns:comments", listing=listing, shown=shown)
    )


def _codes(campaign: Campaign) -> list[tuple[str, str]]:
    codes = Comment.objects.filter(campaign=campaign).values_list("annotator__code", flat=True).distinct()
    return [(code, code) for code in sorted(codes)]
