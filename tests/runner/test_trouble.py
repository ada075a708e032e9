"""Failures name the service and its group, in the words of each place."""

import pytest

from glassware.runner.trouble import Trouble


ALONE = Trouble(reason="it broke")
OF_BACK = Trouble(reason="it broke", service="back", group="web")
OF_ALL = Trouble(reason="its worker ended", group="web")


@pytest.mark.parametrize(
    ("trouble", "front", "back", "serves_on", "starts_not"),
    [
        (
            ALONE,
            "it broke",
            "it broke",
            "it broke; the old code serves on",
            "does not start: it broke",
        ),
        (
            OF_BACK,
            "`back`, of the same group: it broke",
            "it broke",
            "it broke; the old code of the group `web` serves on",
            "the group `web` does not start: it broke",
        ),
        (
            OF_ALL,
            "its worker ended",
            "its worker ended",
            "its worker ended; the old code of the group `web` serves on",
            "the group `web` does not start: its worker ended",
        ),
    ],
)
def test_words(trouble, front, back, serves_on, starts_not):
    """For `ps`, for the terminal, for the page."""
    assert (trouble.of("front"), trouble.of("back")) == (front, back)
    assert (trouble.serves_on(), trouble.does_not_start()) == (serves_on, starts_not)
