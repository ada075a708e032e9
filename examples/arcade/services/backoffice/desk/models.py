"""The two kinds of notes."""

from django.db import models


class News(models.Model):
    """Something on the front page."""

    title = models.CharField(max_length=80)
    text = models.TextField(max_length=600, blank=True)
    shown = models.BooleanField(default=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The newest first."""

        ordering = ("-at",)
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.title


class HiddenName(models.Model):
    """A player whose name the lists do not show."""

    name = models.SlugField(max_length=16, unique=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By name."""

        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
