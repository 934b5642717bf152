"""Fixtures: those of the interop tests, and a browser."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

INTEROP = Path(__file__).resolve().parents[1] / "Interop"


def _interop_fixtures():
    sys.path.insert(0, str(INTEROP))
    spec = importlib.util.spec_from_file_location("interop_fixtures", INTEROP / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


globals().update(_interop_fixtures())

from browser import Browser  # noqa: E402 (needs the path that was added above)


@pytest.fixture(scope="session")
def chromium():
    """The browser: XET_CHROMIUM, or what is called chromium here."""
    path = os.environ.get("XET_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.fail("no chromium: run scripts/setup.sh ui, or set XET_CHROMIUM", pytrace=False)
    return path


@pytest.fixture(scope="session")
def browser(chromium, tmp_path_factory):
    browser = Browser(chromium, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.stop()


@pytest.fixture
def open_page(browser):
    """Opens pages in tabs of their own; none may have reported an error, unless `allow_errors` is set on it."""
    tabs = []

    def open(url, **options):
        tab = browser.open(url, **options)
        tabs.append(tab)
        return tab

    yield open
    for tab in tabs:
        errors = tab.errors()
        tab.close()
        assert tab.allow_errors or not errors, errors


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """The folder for pictures: XET_SCREENSHOTS keeps them."""
    folder = os.environ.get("XET_SCREENSHOTS")
    path = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path
