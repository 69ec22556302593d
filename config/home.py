"""The first page after signing in: where the person's work is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from consent.models import Study
from core import access


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Whoever has a study goes to their studies; whoever only labels goes to their campaigns."""
    has_study = request.user.is_operator or access.visible(request.user, Study.objects.all()).exists()
    return redirect("studies:list" if has_study else "labeling:home")
