"""How the admin lists them."""

from django.contrib import admin

from desk.models import HiddenName, News


@admin.register(News)
class NewsAdmin(admin.ModelAdmin):
    """News, with a tick for each that is shown."""

    list_display = ("title", "shown", "at")
    list_editable = ("shown",)


@admin.register(HiddenName)
class HiddenNameAdmin(admin.ModelAdmin):
    """Hidden names, and why."""

    list_display = ("name", "reason", "at")
    search_fields = ("name",)
