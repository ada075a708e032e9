"""B over gRPC."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import grpc
from catalog_pb2 import Nothing, Wanted
from catalog_pb2_grpc import CatalogStub


pool = ThreadPoolExecutor(10)


@cache
def catalog():
    """Return the stub: one channel, made after the server's fork."""
    return CatalogStub(grpc.insecure_channel(os.environ["CATALOG_TARGET"]))


def product(number):
    """Return a product."""
    found = catalog().Get(Wanted(id=number), timeout=10)
    return {
        "id": found.id,
        "name": found.name,
        "price": found.price,
        "stock": found.stock,
    }


def products(numbers):
    """Return several products."""
    return list(pool.map(product, numbers))


def pid():
    """Say which process answers."""
    return catalog().Pid(Nothing(), timeout=10).pid
