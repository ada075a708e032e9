"""`glassware graph`."""

import click

from glassware.graph import as_mermaid, as_svg, as_text, cycles

from . import output
from .site import here


@click.command(epilog="Example: glassware graph --svg > site.svg")
@click.option("--mermaid", "form", flag_value="mermaid", help="As a Mermaid diagram.")
@click.option("--svg", "form", flag_value="svg", help="As a picture.")
def command(form: str | None) -> None:
    """Show which service calls which, and who has which database."""
    site = here().load()
    forms = {"mermaid": as_mermaid, "svg": as_svg, None: as_text}
    click.echo(forms[form](site))
    for cycle in cycles(site):
        output.err().print(f"a cycle of calls: {' → '.join(cycle)}", style="yellow")
