"""The bottom's own pages: health, jobs, first administrator, tokens."""

from django.urls import path

from core import views

urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
]
