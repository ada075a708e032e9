"""Where every service of a site is public, what it answers to, and links to it.

`listing` is the file that the supervisor writes and services read; `rules` makes
addresses out of the rules of URLs, whichever framework wrote them; `links` knows
where an endpoint is public, and what is wrong where it is not.
"""

from .links import Book as Book
from .links import Standing as Standing
from .links import book_of as book_of
from .listing import FILE as FILE
from .listing import Directory as Directory
from .listing import Entry as Entry
from .listing import Place as Place
from .listing import Rule as Rule
from .listing import directory_at as directory_at
from .listing import read_directory as read_directory
from .listing import write_directory as write_directory
from .rules import Pattern as Pattern
