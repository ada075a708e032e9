"""The command `glassware`: one file for each command.

This room is the only place that prints, exits, and wires the others together.
"""

import os
import sys
from importlib import import_module

import click

from glassware.errors import GlasswareError

from . import output


COMMANDS = {
    "call": "Call a path of a service and show the answer.",
    "check": "Look for faults: manifests, applications, declared calls.",
    "database": "List the databases of services, or open one.",
    "doctor": "Say what is missing on this machine, and how to get it.",
    "down": "Stop the site.",
    "fault": "Break calls between services on purpose.",
    "graph": "Show which service calls which.",
    "install": "Fetch and install what the site needs and does not have.",
    "logs": "Show what services and databases wrote.",
    "new": "Write a new site or a new service.",
    "ps": "List services and databases.",
    "restart": "Start services anew.",
    "routes": "List every URL of every service.",
    "run": "Run a command in a service's environment.",
    "test": "Run the tests of services.",
    "up": "Run the site.",
    "visitors": "Show how visitors sign in, or end their sign-ins.",
}


class Commands(click.Group):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f".{cmd_name}", __name__).command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of that name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(output.unknown("command", args[0], COMMANDS), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Example: glassware new site shop && cd shop && glassware up",
)
@click.version_option(package_name="glassware")
def cli() -> None:
    """Build one website out of many small Flask services."""


def main() -> None:
    """Run the command line and exit."""
    if sys.platform == "win32":
        click.echo(
            "error: glassware runs on Linux and macOS, not on Windows\n\n"
            "hint: use the Windows Subsystem for Linux",
            err=True,
        )
        sys.exit(2)
    _have_streams()
    try:
        cli.main(prog_name="glassware", standalone_mode=True)
    except GlasswareError as error:
        output.show_error(error)
        sys.exit(error.exit_code)


def _have_streams() -> None:
    """Put nothing where a stream is closed, or the next file would be that stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
