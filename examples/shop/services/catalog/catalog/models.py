"""The tables."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all tables share: their metadata."""


class Category(Base):
    """A part of the range, such as vases."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    blurb: Mapped[str] = mapped_column(Text)


class Colour(Base):
    """A colour of glass; `glass` is how it looks, as `#rrggbb`."""

    __tablename__ = "colour"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    glass: Mapped[str] = mapped_column(String(7))


class Product(Base):
    """One design in one colour: the thing that is sold.

    `price` is in cents, `height` and `width` are in millimetres; `drawing`
    holds what it takes to draw its outline.
    """

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    colour_id: Mapped[int] = mapped_column(ForeignKey("colour.id"), index=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    description: Mapped[str] = mapped_column(Text)
    price: Mapped[int] = mapped_column(index=True)
    stock: Mapped[int]
    height: Mapped[int]
    width: Mapped[int]
    featured: Mapped[bool]
    drawing: Mapped[dict[str, Any]] = mapped_column(JSON)

    category: Mapped[Category] = relationship()
    colour: Mapped[Colour] = relationship()
