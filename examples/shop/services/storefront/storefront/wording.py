"""How templates put lengths, and pages of a list."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Teach the templates."""
    app.add_template_filter(centimetres)
    app.add_template_global(page_numbers)


def centimetres(millimetres: int) -> str:
    """Write a length: `24 cm`."""
    return f"{millimetres / 10:g}\N{NO-BREAK SPACE}cm"


def page_numbers(page: int, pages: int) -> list[int | None]:
    """Return the pages to link to; `None` stands for a gap."""
    shown = sorted({1, page - 1, page, page + 1, pages} & set(range(1, pages + 1)))
    numbers: list[int | None] = []
    for number in shown:
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            # A gap of one page is filled by that page.
            numbers.append(number - 1 if number - numbers[-1] == 2 else None)
        numbers.append(number)
    return numbers
