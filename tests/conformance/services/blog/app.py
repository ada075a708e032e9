"""A callee written with Django, in one file."""

import json
import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


settings.configure(
    SECRET_KEY="of the conformance suite, and long enough",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    LOGGING_CONFIG=None,
)
RECORD = Path(os.environ["RECORD"])


def record(request, event, **facts):
    """Write down an event."""
    case = request.headers.get("X-Case", "")
    with RECORD.open("a") as file:
        file.write(json.dumps({"case": case, "event": event, **facts}) + "\n")


@csrf_exempt
def echo(request):
    """Answer with what arrived."""
    texts = {k: v for k, v in request.META.items() if isinstance(v, str)}
    record(request, "request", environ=texts)
    answer = JsonResponse(
        {
            "method": request.method,
            "args": dict(request.GET.lists()),
            "form": dict(request.POST.lists()),
            "cookies": request.COOKIES,
            "size": len(request.body),
            "url": request.build_absolute_uri(),
        }
    )
    answer.set_cookie("django", "yes")
    return answer


def stream(request):
    """Answer in parts, and record the end."""

    def parts():
        try:
            yield b"one "
            yield b"two"
        finally:
            record(request, "ended")

    return StreamingHttpResponse(parts(), content_type="text/plain")


def boom(request):
    """Fail."""
    raise LookupError("boom")


def home(request):
    """Answer with a word."""
    return HttpResponse("home")


urlpatterns = [
    path("", home),
    path("echo/", echo),
    path("stream/", stream),
    path("boom/", boom),
]
app = get_wsgi_application()
