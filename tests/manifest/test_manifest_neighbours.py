"""What is said of a neighbour is about one that is called."""

import pytest

from sites_on_disk import lines, service, write


A = "services/a/service.toml"


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (
            'calls = ["b"]\n[neighbours.b]\ntimeout = 2',
            [],
        ),
        (
            "[neighbours.b]\ntimeout = 2",
            [
                (
                    f"{A}:1: neighbours.b: `b` is not among the `calls` of `a` | "
                    'add "b" to `calls`'
                )
            ],
        ),
        (
            'calls = ["b"]\n[neighbours.bb]\nretries = 0',
            [
                (
                    f"{A}:2: neighbours.bb: `bb` is no service of this site | "
                    "did you mean `b`?"
                )
            ],
        ),
        (
            'calls = ["b"]\n[environment]\nB = "{services.b.url}"',
            [],
        ),
        (
            '[environment]\nB = "{services.b.url}"',
            [
                (
                    f"{A}:2: environment.B: `{{services.b.url}}`: `b` is not among the "
                    '`calls` of `a` | add "b" to `calls`'
                )
            ],
        ),
        (
            '[environment]\nA = "{services.a.url}"',
            [],
        ),
        (
            'calls = "b"\n[environment]\nB = "{services.b.url}"\n[neighbours.b]',
            [f"{A}:1: calls: must be a list, not text | write a list"],
        ),
    ],
)
def test_neighbours(tmp_path, manifest, expected):
    """Named in `calls`, or it would be refused there anyway."""
    files = {**service("a", manifest), **service("b")}

    assert lines(write(tmp_path, files)) == expected
