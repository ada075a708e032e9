"""B, as Flask."""

import os
import time
from pathlib import Path

from flask import Flask

from . import client


app = Flask(__name__)
HANGS = Path(os.environ.get("HANGS", "/nowhere"))


@app.get("/products/<int:number>")
def product(number):
    """Return a product."""
    return {"id": number, "name": "Teapot", "price": 1900, "stock": 12}


@app.get("/pid")
def pid():
    """Say which process this is."""
    return {"pid": os.getpid()}


@app.get("/hang")
def hang():
    """Hang for as long as a file is there."""
    while HANGS.exists():
        time.sleep(0.02)
    return {}


@app.get("/chain")
def chain():
    """Need C."""
    return {}, client.ask("reviews", "/fail")
