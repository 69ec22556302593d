"""The top of the house: settings, addresses, the web and worker applications."""

from config.celery import app as celery

__all__ = ["celery"]
