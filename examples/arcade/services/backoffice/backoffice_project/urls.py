"""The admin, and what the pages of the arcade ask for."""

from desk import views
from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView


admin.site.site_header = admin.site.site_title = "Mothlight, back office"
admin.site.site_url = "/"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("news", views.news, name="news"),
    path("hidden", views.hidden, name="hidden"),
]
