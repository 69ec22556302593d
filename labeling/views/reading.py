"""The guideline as its readers meet it: the text in their language, then its quiz; read and answered before the first item."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, get_language_info
from django.views.decorators.http import require_http_methods

from core import access
from core.errors import Invalid
from labeling.models import Campaign, GuidelineVersion
from labeling.services import guidelines

_CAMPAIGN = access.Fetch("label", lambda: Campaign.objects.select_related("guideline_version__guideline", "study"))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def guideline(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Read it, answer its quiz, begin. A wrong answer is told where it stands, and the text is still there to be read."""
    campaign = _CAMPAIGN(request.user, campaign_id)
    version = campaign.guideline_version
    if version is None:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    language = guidelines.language_of(version, given.get("language") or get_language() or "en")
    if request.method != "POST":
        return _page(request, campaign, version, language)
    said = [_index(request.POST.get(f"quiz-{at}")) for at in range(len(version.quiz))]
    try:
        made = guidelines.acknowledge(
            actor=request.user, campaign=campaign, version=version, language=language, said=said
        )
    except Invalid as invalid:
        return _page(request, campaign, version, language, said=said, problem=invalid.message, status=422)
    if made.passed:
        return redirect("labeling:current", campaign.pk)
    return _page(request, campaign, version, language, said=said, judged=True, status=422)


def _page(
    request: HttpRequest, campaign: Campaign, version: GuidelineVersion, language: str, *, said: list[int | None] | None = None,
    problem: str = "", judged: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    said = said or [None] * len(version.quiz)
    context: dict[str, Any] = {
        "campaign": campaign, "version": version, "language": language, "problem": problem,
        "parts": version.text[language], "read": guidelines.has_read(request.user, campaign),
        "languages": [{"code": one, "name": _name(one), "here": one == language} for one in version.text],
        "quiz": [
            {
                "name": f"quiz-{at}", "prompt": one["prompt"].get(language, ""), "wrong": judged and said[at] != one["right"],
                "options": [
                    {"value": index, "text": option.get(language, ""), "chosen": said[at] == index}
                    for index, option in enumerate(one["options"])
                ],
            }
            for at, one in enumerate(version.quiz)
        ],
        "wrong": judged,
    }  # fmt: skip
    return render(request, "labeling/guideline.html", context, status=status)


def _index(sent: str | None) -> int | None:
    return int(sent) if sent is not None and sent.isascii() and sent.isdigit() and len(sent) < 3 else None


def _name(code: str) -> str:
    """A language in its own words; one that nobody here knows keeps its code."""
    try:
        return get_language_info(code)["name_local"]
    except KeyError:
        return code
