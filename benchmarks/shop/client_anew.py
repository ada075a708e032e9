"""B over HTTP by `requests`, a new session for each call."""

import os
from concurrent.futures import ThreadPoolExecutor

import requests


CATALOG = os.environ["CATALOG_URL"]
pool = ThreadPoolExecutor(10)


def product(number):
    """Return a product."""
    return requests.get(f"{CATALOG}/products/{number}", timeout=10).json()


def products(numbers):
    """Return several products."""
    return list(pool.map(product, numbers))


def pid():
    """Say which process answers."""
    return requests.get(f"{CATALOG}/pid", timeout=10).json()["pid"]
