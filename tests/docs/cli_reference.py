"""The reference page of the commands, made from the commands themselves."""

from collections.abc import Iterator

import click

from glassware.cli import cli


_INTRODUCTION = """\
# Commands

<!-- Made from the commands by `tests/docs/test_docs_cli.py`. -->

Each command works from any folder inside the site, and `--help` says what is
written here. What a script reads goes to stdout, everything else to stderr.
`python -m glassware` is the same as `glassware`.

| exit code | meaning |
|--:|---|
| 0 | it is done |
| 1 | it failed, or the answer is no: see the command |
| 2 | it was asked for something that cannot be: a manifest, an argument, a folder |
| 3 | the site runs, or does not run, or a port is taken |
| 4 | a database, a migration or the gateway failed |
| 5 | an application cannot be loaded, or `check` found something |

[Errors](errors.md) lists what each of them stands for. For completion in the
shell: `eval "$(_GLASSWARE_COMPLETE=bash_source glassware)"`, or `zsh_source`,
or `fish_source`.
"""


def cli_reference() -> str:
    """Return the page `docs/reference/cli.md`."""
    root = click.Context(cli, info_name="glassware")
    return "\n".join([_INTRODUCTION, *_commands(cli, root)])


def _commands(group: click.Group, above: click.Context) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        context = click.Context(
            command, info_name=name, parent=above, **command.context_settings
        )
        if isinstance(command, click.Group):
            yield from _commands(command, context)
        else:
            yield from _command(command, context)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    words = command.collect_usage_pieces(context)
    usage = " ".join([context.command_path, *words])
    yield f"## `{context.command_path}`\n"
    yield f"```shell\n{usage}\n```\n"
    yield f"{_unwrapped(command.help or '')}\n"
    options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
    rows = [o.get_help_record(context) for o in options if o.name != "help"]
    if rows:
        yield "| option | |"
        yield "|---|---|"
        yield from (f"| `{row[0]}` | {row[1]} |" for row in rows if row)
        yield ""
    if command.epilog:
        yield f"{command.epilog.replace('Example: ', 'Example: `').split('     ')[0]}`\n"


def _unwrapped(text: str) -> str:
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(" ".join(p.split()) for p in paragraphs)
