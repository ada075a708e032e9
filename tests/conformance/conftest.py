"""The site in each of its forms, started once."""

from collections.abc import Iterator

import pytest

from conformance.running import Running, running


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """The site without groups, as a group, and as a group that is forced apart."""
    with running(tmp_path_factory.mktemp("conformance")) as forms:
        yield forms
