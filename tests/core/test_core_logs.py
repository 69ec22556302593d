"""What the log must not say."""

import logging
import logging.config

import pytest
from django.conf import settings
from django.http import HttpResponseServerError
from django.test import RequestFactory
from django.utils.log import log_response

SECRET = "P-0001:1vNcXy:Zk8Qm3_n-secret-of-a-person"


@pytest.fixture
def line():
    """The formatter that the installation's console uses."""
    made = settings.LOGGING["formatters"]["line"]
    return logging.config.DictConfigurator({"version": 1}).configure_formatter(dict(made))


@pytest.mark.parametrize(
    "path", [f"/p/{SECRET}/", f"/p/{SECRET}/erase/code/", f"/accounts/password/reset/key/{SECRET}/"]
)
def test_an_error_on_a_persons_page_is_logged_without_the_key_of_their_link(path, line, caplog):
    request = RequestFactory().get(path)
    try:
        raise RuntimeError(f"cannot draw {path}")
    except RuntimeError as wrong:
        told = (type(wrong), wrong, wrong.__traceback__)
    with caplog.at_level(logging.ERROR, "django.request"):
        log_response(
            "%s: %s",
            "Internal Server Error",
            path,
            response=HttpResponseServerError(),
            request=request,
            exception=told[1],
        )
    (record,) = caplog.records
    assert SECRET in record.getMessage()
    text = line.format(record)
    assert SECRET not in text
    assert "cannot draw" in text
    assert path.replace(SECRET, "…") in text
    assert "Internal Server Error" in text


def test_every_line_of_the_console_goes_through_it():
    assert {one["formatter"] for one in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "core.logs.WithoutKeys"
