"""Every test in this folder needs Chromium."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.browser.chromium import browser, complaints, open_page
from tests.browser.shop import Shop, running_shop

__all__ = ["browser", "complaints", "open_page"]

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One running product for all journeys, each with a hook of its own."""
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
