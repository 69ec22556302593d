"""The bottom's own pages."""

from django.http import HttpRequest, HttpResponse


def welcome(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
