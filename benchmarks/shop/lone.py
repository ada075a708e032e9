"""A service alone, as Flask: views of known length that leave a trace in a file."""

import os
import time

from flask import Flask, request


app = Flask(__name__)
NOTES = os.environ["NOTES"]
VERSION = 1


@app.get("/view")
def view():
    """Take 30 ms."""
    time.sleep(0.03)
    return {"pid": os.getpid(), "version": VERSION}


@app.post("/note")
def note():
    """Take 30 ms, and note in their midst what was carried out."""
    time.sleep(0.015)
    write(request.args["id"])
    time.sleep(0.015)
    return {"pid": os.getpid(), "version": VERSION}


@app.get("/slow")
def slow():
    """Note when the view starts, and take half a second."""
    write(f"{request.args['id']} {time.monotonic()}")
    time.sleep(0.5)
    return {}


@app.get("/fast")
def fast():
    """Take no time."""
    return {"pid": os.getpid()}


def write(line):
    """Append a line: whole, whoever else writes, and kept if the process dies."""
    file = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)
