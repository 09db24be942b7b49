"""Every test in this folder needs Chromium."""

import pathlib

import pytest

from tests.browser.chromium import browser, complaints, open_page

__all__ = ["browser", "complaints", "open_page"]

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
