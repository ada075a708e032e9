"""What the pages ask for."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from desk.models import HiddenName, News


SHOWN = 3


def news(request: HttpRequest) -> HttpResponse:
    """Show the news, as a piece of the front page."""
    shown = News.objects.filter(shown=True)[:SHOWN]
    return render(request, "desk/news.html", {"news": shown})


def hidden(request: HttpRequest) -> JsonResponse:
    """Return the names that are not shown."""
    names = HiddenName.objects.values_list("name", flat=True)
    return JsonResponse({"hidden": list(names)})
