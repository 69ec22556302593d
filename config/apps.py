"""The top of the house, as an app: makes every app's background work known, in web processes and workers alike."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        autodiscover_modules("tasks")
