"""No neighbour: one application, its functions."""

import os


def product(number):
    """Return a product."""
    return {"id": number, "name": "Teapot", "price": 1900, "stock": 12}


def products(numbers):
    """Return several products."""
    return [product(number) for number in numbers]


def pid():
    """Say which process answers."""
    return os.getpid()
