"""What the pages say about the inside is what the inside says about itself."""

import tomllib

from docs.generated import assert_part_kept
from docs.pages import ROOT
from glassware.runner.lifecycle import TABLE, Action


EXPLANATION = ROOT / "docs/explanation"


def test_the_table_of_a_service_s_life():
    """Every pair of the table has its line."""
    lines = [
        "| phase | what happens | next phase | what is done |",
        "|---|---|---|---|",
    ]
    for (phase, event), (following, action) in TABLE.items():
        done = "" if action is Action.NOTHING else action.value
        lines.append(f"| {phase} | {event.value} | {following} | {done} |")

    assert_part_kept(EXPLANATION / "lifecycle.md", "table", "\n".join(lines))


def test_the_picture_of_a_service_s_life():
    """Every change of phase is an arrow; a stop, which any phase can meet, is left out."""
    arrows = {}
    for (phase, event), (following, _) in TABLE.items():
        if phase is not following and event.name != "ASKED_TO_STOP":
            arrows.setdefault((phase, following), []).append(event.name.lower())
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> waiting"]
    for (phase, following), events in arrows.items():
        words = ", ".join(event.replace("_", " ") for event in events)
        lines.append(f"    {phase} --> {following}: {words}")
    lines += ["    stopped --> [*]", "```"]

    assert_part_kept(EXPLANATION / "lifecycle.md", "picture", "\n".join(lines))


def test_the_floors_are_those_that_are_checked():
    """The table of the floors is the contract's."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["id"] == "floors")["layers"]
    lines = ["| floor | rooms |", "|---|---|"]
    for number, layer in enumerate(layers):
        rooms = " ".join(f"`{room.strip()}`" for room in layer.split("|"))
        lines.append(f"| {len(layers) - number} | {rooms} |")

    assert_part_kept(EXPLANATION / "architecture.md", "floors", "\n".join(lines))


def test_the_floors_are_in_the_picture():
    """Every room of the package has its place in the drawing."""
    picture = (EXPLANATION / "architecture.svg").read_text()
    package = ROOT / "src/glassware"
    rooms = {p.parent.name for p in package.glob("*/__init__.py")} | {
        p.stem for p in package.glob("*.py") if not p.stem.startswith("__")
    }

    assert {room for room in rooms if f">{room}<" not in picture} == set()


def test_every_dependency_has_a_reason():
    """The record of the packages names each that is installed for users."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["postgresql"],
        *project["optional-dependencies"]["redis"],
    ]
    record = (EXPLANATION / "decisions/dependencies.md").read_text()
    names = [w.partition("[")[0].partition(">")[0].partition("=")[0] for w in wanted]

    assert [name for name in names if f"`{name}`" not in record] == []
