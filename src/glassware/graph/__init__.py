"""Who calls whom, and how to show it."""

from .edges import Edge as Edge
from .edges import callers_of as callers_of
from .edges import cycles as cycles
from .edges import edges as edges
from .edges import needed_by as needed_by
from .edges import start_order as start_order
from .files import is_code as is_code
from .files import is_template as is_template
from .references import Named as Named
from .references import Reference as Reference
from .references import references as references
from .svg import as_svg as as_svg
from .text import as_mermaid as as_mermaid
from .text import as_text as as_text
from .undeclared import UndeclaredCall as UndeclaredCall
from .undeclared import undeclared_calls as undeclared_calls
