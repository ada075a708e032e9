"""B, as FastAPI."""

import os

from fastapi import FastAPI


app = FastAPI()


@app.get("/products/{number}")
async def product(number: int):
    """Return a product."""
    return {"id": number, "name": "Teapot", "price": 1900, "stock": 12}


@app.get("/pid")
async def pid():
    """Say which process this is."""
    return {"pid": os.getpid()}
