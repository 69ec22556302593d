"""Addresses that answer in a demo only."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [path("demo/mails/", views.mailbox, name="mails")]
