"""A, as FastAPI with one httpx.AsyncClient."""

import asyncio
import os
import time
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI


client = httpx.AsyncClient(base_url=os.environ["CATALOG_URL"], timeout=10)


@asynccontextmanager
async def lifespan(app):
    """Close the client in the end."""
    async with client:
        yield


app = FastAPI(lifespan=lifespan)


async def product(number):
    """Return a product."""
    return (await client.get(f"/products/{number}")).json()


@app.get("/page")
async def page():
    """Ten calls, one after the other."""
    began = time.perf_counter()
    products = [await product(number) for number in range(10)]
    return {"products": products, "seconds": time.perf_counter() - began}


@app.get("/together")
async def together():
    """Ten calls at once."""
    began = time.perf_counter()
    products = await asyncio.gather(*(product(number) for number in range(10)))
    return {"products": products, "seconds": time.perf_counter() - began}


@app.get("/calls/{count}")
async def calls(count: int):
    """Nanoseconds of each of `count` calls, and who took part."""
    times = []
    for number in range(count):
        began = time.perf_counter_ns()
        await product(number)
        times.append(time.perf_counter_ns() - began)
    callee = (await client.get("/pid")).json()["pid"]
    return {"times": times, "pids": [os.getpid(), callee]}
