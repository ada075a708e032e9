"""C, as Flask: broken, and it counts who asks."""

import itertools

from flask import Flask


app = Flask(__name__)
asked = itertools.count()


@app.get("/fail")
def fail():
    """Fail."""
    next(asked)
    return {}, 503


@app.get("/count")
def count():
    """How often it was asked; this request counts as one, so none is lost."""
    return {"count": next(asked)}
