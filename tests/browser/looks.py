"""A page looked at by a machine: axe, what it says about itself, overflow; and photographed for people to look at.

CONCORD_SCREENSHOTS names a folder for the pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands; `name` is what its picture is called."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(150)
    path, found = page.evaluate("location.pathname"), []
    over = page.evaluate(OVERFLOW)
    if over > 0:
        found.append(f"{path} ({name}): {over} px wider than the window")
    for one in Axe().run(page, options=RULES).response["violations"]:
        nodes = "; ".join(node["html"][:160] for node in one["nodes"][:3])
        found.append(f"{path} ({name}): {one['id']}, {one['help']}: {nodes}")
    if folder := os.environ.get("CONCORD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name.replace(':', '-')}.png"), full_page=True)
    return found
