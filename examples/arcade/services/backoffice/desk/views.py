"""What the pages ask for."""

from django.http import HttpRequest, JsonResponse

from desk.models import HiddenName, News


SHOWN = 3


def told(request: HttpRequest) -> JsonResponse:
    """Return the news, and the names that are not shown."""
    news = News.objects.filter(shown=True)[:SHOWN]
    return JsonResponse(
        {
            "news": [
                {"title": item.title, "text": item.text, "day": item.at.date()}
                for item in news
            ],
            "hidden": list(HiddenName.objects.values_list("name", flat=True)),
        }
    )
