"""What a visitor may ask of the range, and the query that answers it."""

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager
from werkzeug.datastructures import MultiDict

from catalog.models import Category, Colour, Product


MAX_PAGE = 10_000
MAX_SIZE = 100
MAX_WORDS = 8

ORDERS = {
    "range": Product.id,
    "name": Product.name,
    "price": Product.price,
    "-price": Product.price.desc(),
}


class BadSearch(ValueError):
    """The address asks for what cannot be, such as page -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search: words, filters, order and page."""

    words: tuple[str, ...] = ()
    category: str = ""
    colour: str = ""
    slugs: tuple[str, ...] = ()
    featured: bool = False
    order: str = "range"
    page: int = 1
    size: int = 24

    @classmethod
    def parse(cls, args: MultiDict[str, str]) -> Self:
        """Read a search from a query string.

        Raises:
            BadSearch: A value is out of range.
        """
        order = args.get("order", "range")
        if order not in ORDERS:
            raise BadSearch(f"`order` must be one of {', '.join(ORDERS)}")
        if any("\0" in value for _, value in args.items(multi=True)):
            raise BadSearch("a value contains a NUL character")
        return cls(
            words=tuple(args.get("q", "").split()[:MAX_WORDS]),
            category=args.get("category", ""),
            colour=args.get("colour", ""),
            slugs=tuple(args.getlist("slug")[:MAX_SIZE]),
            featured=args.get("featured") == "1",
            order=order,
            page=_number(args, "page", 1, MAX_PAGE),
            size=_number(args, "size", 24, MAX_SIZE),
        )

    def run(self, session: Session) -> tuple[list[Product], int]:
        """Return the products of this page, and how many all pages have."""
        total = session.scalar(self._filter(select(func.count(Product.id)))) or 0
        page = (
            self._filter(select(Product))
            .options(contains_eager(Product.category), contains_eager(Product.colour))
            .order_by(ORDERS[self.order], Product.id)
            .limit(self.size)
            .offset((self.page - 1) * self.size)
        )
        return list(session.scalars(page)), total

    def _filter(self, query: Select[Any]) -> Select[Any]:
        query = query.select_from(Product).join(Product.category).join(Product.colour)
        for word in self.words:
            places = (Product.name, Product.description, Colour.name, Category.name)
            query = query.where(
                or_(*(place.icontains(word, autoescape=True) for place in places))
            )
        if self.category:
            query = query.where(Category.slug == self.category)
        if self.colour:
            query = query.where(Colour.slug == self.colour)
        if self.slugs:
            query = query.where(Product.slug.in_(self.slugs))
        if self.featured:
            query = query.where(Product.featured)
        return query


def _number(args: MultiDict[str, str], name: str, default: int, most: int) -> int:
    text = args.get(name, "")
    if not text:
        return default
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (digits and 1 <= int(text) <= most):
        raise BadSearch(f"`{name}` must be a number from 1 to {most}")
    return int(text)
