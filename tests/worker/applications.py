"""One small application for each framework; its `fail` is in `raises.py`."""

FLASK = """
from flask import Blueprint, Flask, got_request_exception
from raises import fail
app = Flask(__name__)
part = Blueprint("part", __name__, url_prefix="/part")
heard = []

@app.get("/fail/<name>")
def view(name):
    fail(name)

@part.get("/fail/<name>")
def in_part(name):
    fail(name)

@app.get("/heard")
def tell():
    return heard

@app.after_request
def after(response):
    response.headers["X-After"] = "ran"
    return response

def hear(sender, exception, **more):
    heard.append(type(exception).__name__)

got_request_exception.connect(hear, app)
# own handlers
app.register_blueprint(part)
"""
QUART = """
from quart import Quart, got_request_exception
from raises import fail
app = Quart(__name__)
heard = []

@app.get("/fail/<name>")
async def view(name):
    fail(name)

@app.get("/heard")
async def tell():
    return heard

@app.after_request
async def after(response):
    response.headers["X-After"] = "ran"
    return response

async def hear(sender, exception, **more):
    heard.append(type(exception).__name__)

got_request_exception.connect(hear, app)
# own handlers
"""
DJANGO = """
import sys
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpResponse, JsonResponse
from django.urls import path
from raises import fail
heard = []

def hear(sender, **more):
    heard.append(type(sys.exc_info()[1]).__name__)

got_request_exception.connect(hear)
settings.configure(SECRET_KEY = "of a test, and long enough", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG=False)
urlpatterns = [
    path("fail/<name>", lambda request, name: fail(name)),
    path("heard", lambda request: JsonResponse(heard, safe=False)),
]
# own handlers
"""
DJANGO_WSGI = (
    DJANGO
    + "from django.core.wsgi import get_wsgi_application as made\napplication = made()\n"
)
DJANGO_ASGI = (
    DJANGO
    + "from django.core.asgi import get_asgi_application as made\napplication = made()\n"
)
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from raises import fail

def view(request):
    fail(request.path_params["name"])

app = Starlette(routes=[Route("/fail/{name}", view)])
# own handlers
"""
WSGI = """
from raises import fail

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "10")])
    if environ["PATH_INFO"].startswith("/broken"):
        return broken()
    fail(environ["PATH_INFO"].rpartition("/")[2])

def broken():
    yield b"begun"
    fail("Unavailable")
"""
ASGI = """
from raises import fail

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    if scope["path"] == "/websocket":
        fail("CallError")
    fail(scope["path"].rpartition("/")[2])
"""
APPLICATIONS = {
    "flask": FLASK,
    "quart": QUART,
    "django": DJANGO_WSGI,
    "django-async": DJANGO_ASGI,
    "starlette": STARLETTE,
    "wsgi": WSGI,
    "asgi": ASGI,
}
