"""B over HTTP by `requests`, one kept session."""

import os
from concurrent.futures import ThreadPoolExecutor

import requests


CATALOG = os.environ["CATALOG_URL"]
REVIEWS = os.environ.get("REVIEWS_URL", "")
TIMEOUT = float(os.environ.get("TIMEOUT", "10"))
pool = ThreadPoolExecutor(10)
session = requests.Session()
if os.environ.get("RETRIES"):
    # As it is written everywhere; without its pauses, which change no count.
    retry = requests.packages.urllib3.Retry(
        total=int(os.environ["RETRIES"]), status_forcelist=[500, 502, 503, 504]
    )
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))


def product(number):
    """Return a product."""
    return session.get(f"{CATALOG}/products/{number}", timeout=TIMEOUT).json()


def products(numbers):
    """Return several products."""
    return list(pool.map(product, numbers))


def pid():
    """Say which process answers."""
    return session.get(f"{CATALOG}/pid", timeout=TIMEOUT).json()["pid"]


def ask(neighbour, path):
    """Return the status of a page."""
    base = CATALOG if neighbour == "catalog" else REVIEWS
    return session.get(f"{base}{path}", timeout=TIMEOUT).status_code
