"""`glassware fault`."""

import re
from typing import Any

import click

from glassware.errors import UsageError
from glassware.injection import read_fault

from . import output
from .site import Here, complete, here, json_option


UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class Seconds(click.ParamType[float]):
    """A time such as `2s`, `500ms` or `1.5`."""

    name = "time"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the time in seconds."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", value)
        if match is None:
            self.fail(f"`{value}` is no time; write `2s`, `500ms` or `1.5`")
        return float(match[1]) * UNITS[match[2] or "s"]


class Frequency(click.ParamType[float]):
    """How often: `30%` of the calls, or every third one as `1/3`."""

    name = "share"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return it as `InjectedFault.flaky` has it."""
        match = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)%|1/([1-9]\d*)", value)
        if match is None:
            self.fail(f"`{value}` is no share; write `30%`, or `1/3` for every third")
        return float(match[2]) if match[2] else float(match[1]) / 100


@click.command(
    epilog="Example: glassware fault storefront catalog --slow 2s     for each call"
)
@click.argument("caller", required=False, shell_complete=complete)
@click.argument("callee", required=False, shell_complete=complete)
@click.option("--slow", type=Seconds(), help="Hold each call up for so long.")
@click.option("--down", is_flag=True, help="Let nobody be there.")
@click.option(
    "--status",
    type=click.IntRange(200, 599),
    metavar="CODE",
    help="Answer with this status; the callee is not asked.",
)
@click.option(
    "--flaky",
    type=Frequency(),
    help="Only `30%` of the calls, or every third (`1/3`). Alone: with status 503.",
)
@click.option("--clear", is_flag=True, help="End the fault, or all of them.")
@json_option
def command(
    caller: str | None,
    callee: str | None,
    clear: bool,
    as_json: bool,
    **kinds: Any,
) -> None:
    """Break the calls from CALLER to CALLEE on purpose, or list what is broken.

    Either may be `*`: all services. It is the caller's client that breaks them,
    so only calls made with `glassware.services` are met, in a site that runs
    for its authors. A fault ends with `--clear` or with the site.
    """
    site = here()
    kinds = {name: value for name, value in kinds.items() if value}
    if clear and kinds:
        raise UsageError("`--clear` ends faults, and takes no kind of fault")
    if clear:
        edge = None if caller is None else _edge(caller, callee)
        now = site.ask("inject", clear=edge)
    elif caller is not None:
        now = _set(site, _edge(caller, callee), kinds)
    elif kinds:
        raise UsageError("a fault is on the calls of a service", hint=_EXAMPLE)
    else:
        now = site.ask("inject")
    _show(now, as_json=as_json)


_EXAMPLE = "glassware fault storefront catalog --slow 2s"


def _edge(caller: str, callee: str | None) -> tuple[str, str]:
    if callee is None:
        raise UsageError(f"whom does `{caller}` call?", hint=_EXAMPLE)
    return caller, callee


def _set(site: Here, edge: tuple[str, str], kinds: dict[str, Any]) -> dict[str, Any]:
    caller, callee = edge
    if not kinds:
        raise UsageError(
            f"what is wrong with the calls from `{caller}` to `{callee}`?",
            hint="`--slow`, `--down`, `--status` or `--flaky`",
        )
    return site.ask("inject", set={"caller": caller, "callee": callee, **kinds})


def _show(now: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.show_json(now)
        return
    for fault in now["faults"]:
        click.echo(str(read_fault(fault)))
    for name in now["fakes"]:
        click.echo(f"* -> {name}: answered by a fake")
    if not now["faults"] and not now["fakes"]:
        click.echo("nothing is injected", err=True)
