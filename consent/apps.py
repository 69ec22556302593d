"""Consent, as an app: its checks run when the application starts."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from consent import checks, tasks  # noqa: F401 - registers the system check and the kinds of jobs
