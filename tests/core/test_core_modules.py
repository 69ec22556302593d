"""Modules that a page is about to use are fetched at once, with what they import."""

import re
from pathlib import Path

import pytest
from django.template import Context, TemplateSyntaxError, engines

STATIC = Path(__file__).resolve().parents[2] / "static"


def links(*elements: str) -> list[str]:
    words = " ".join(f'"{name}"' for name in elements)
    page = engines["django"].from_string(f"{{% preload {words} %}}").template.render(Context({"CSP_NONCE": "n0nce"}))
    assert page.count('rel="modulepreload"') == page.count('nonce="n0nce"') > 0
    return re.findall(r'href="/static/([^"]+)"', page)


def imported(path: str) -> set[str]:
    names = re.findall(r'from "#app/([^"]+)"', (STATIC / path).read_text())
    return {f"js/{name}" for name in names}


@pytest.mark.parametrize("element", ["answer-form", "media-player", "trace-pad", "session-guard"])
def test_whatever_a_linked_module_imports_is_linked_too_and_once(element):
    found = links(element)
    assert found[0] == f"js/elements/{element}.js"
    assert len(found) == len(set(found))
    assert imported(found[0])
    assert set().union(*(imported(path) for path in found)) <= set(found)


def test_what_two_elements_share_is_linked_once():
    both = links("answer-form", "media-player")
    assert len(both) == len(set(both))
    assert set(both) == {*links("answer-form"), *links("media-player")}


def test_an_element_that_does_not_exist_is_told():
    with pytest.raises(TemplateSyntaxError, match="no-such-element"):
        links("no-such-element")
