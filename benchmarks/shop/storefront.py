"""A, as Flask: pages that need B, and one that needs nobody."""

import os
import time

from flask import Flask

from . import client


app = Flask(__name__)


@app.get("/page")
def page():
    """Ten calls, one after the other."""
    began = time.perf_counter()
    products = [client.product(number) for number in range(10)]
    return {"products": products, "seconds": time.perf_counter() - began}


@app.get("/together")
def together():
    """Ten calls at once."""
    began = time.perf_counter()
    products = client.products(range(10))
    return {"products": products, "seconds": time.perf_counter() - began}


@app.get("/calls/<int:count>")
def calls(count):
    """Nanoseconds of each of `count` calls, and who took part."""
    times = []
    for number in range(count):
        began = time.perf_counter_ns()
        client.product(number)
        times.append(time.perf_counter_ns() - began)
    return {"times": times, "pids": [os.getpid(), client.pid()]}


@app.get("/quiet")
def quiet():
    """Need nobody."""
    return {"products": []}


@app.get("/dependent")
def dependent():
    """Need B's page, which hangs while a file is there."""
    return {}, client.ask("catalog", "/hang")


@app.get("/chain")
def chain():
    """Need C, by way of B."""
    return {}, client.ask("catalog", "/chain")
