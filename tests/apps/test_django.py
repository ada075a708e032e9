"""A Django project is a service like any other."""

import re
from urllib.parse import urlencode, urlsplit

import pytest


PROJECT = {
    "services/office/service.toml": """
        route = "/admin-site"

        [databases]
        main = "postgresql"

        [environment]
        DB_NAME = "{databases.main.name}"
        DB_USER = "{databases.main.user}"
        DB_PASSWORD = "{databases.main.password}"
        DB_HOST = "{databases.main.host}"
        DB_PORT = "{databases.main.port}"
        """,
    "services/office/manage.py": """
        import os
        import sys

        if __name__ == "__main__":
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office_project.settings")
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
        """,
    "services/office/office_project/__init__.py": "",
    "services/office/office_project/wsgi.py": """
        import os

        from django.core.wsgi import get_wsgi_application

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office_project.settings")
        application = get_wsgi_application()
        """,
    "services/office/office_project/settings.py": """
        import os

        SECRET_KEY = os.environ["SECRET_KEY"]
        DEBUG = True
        ALLOWED_HOSTS = ["localhost"]
        ROOT_URLCONF = "office_project.urls"
        STATIC_URL = "static/"
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        INSTALLED_APPS = [
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "notes",
        ]
        MIDDLEWARE = [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ]
        TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ]
        DATABASES = {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                **{
                    key: os.environ[f"DB_{key}"]
                    for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")
                },
            }
        }
        """,
    "services/office/office_project/urls.py": """
        from django.contrib import admin
        from django.http import JsonResponse
        from django.urls import path

        from notes.models import Note


        def notes(request):
            note = Note.objects.create(text="tea")
            found = list(Note.objects.values_list("text", flat=True))
            return JsonResponse(
                {"notes": found, "url": request.build_absolute_uri()}
            )


        urlpatterns = [path("admin/", admin.site.urls), path("notes/", notes)]
        """,
    "services/office/notes/__init__.py": "",
    "services/office/notes/models.py": """
        from django.db import models


        class Note(models.Model):
            text = models.TextField()
        """,
    "services/office/notes/admin.py": """
        from django.contrib import admin

        from .models import Note

        admin.site.register(Note)
        """,
    "services/office/notes/migrations/__init__.py": "",
    "services/office/notes/migrations/0001_initial.py": """
        from django.db import migrations, models


        class Migration(migrations.Migration):
            operations = [
                migrations.CreateModel(
                    "Note",
                    [
                        ("id", models.BigAutoField(primary_key=True)),
                        ("text", models.TextField()),
                    ],
                )
            ]
        """,
}


@pytest.fixture(scope="module")
def site(running):
    """A project with an application of its own, on PostgreSQL."""
    return running(PROJECT)


def test_it_is_migrated_before_traffic_and_uses_its_own_database(site):
    """Its manifest names its database under the variables it reads."""
    seen = site.get("/admin-site/notes/").json()

    assert seen["notes"][-1] == "tea"
    assert seen["url"] == f"{site.url}/admin-site/notes/"


def test_its_admin_lives_below_the_prefix(site):
    """The redirect to its login, the page, and the files that the page names."""
    turned_away = site.get("/admin-site/admin/")
    login = site.get(turned_away.headers["Location"])
    style = re.search(r'href="([^"]+base\.css)"', login.text)

    assert urlsplit(turned_away.headers["Location"]).path == "/admin-site/admin/login/"
    assert 'name="username"' in login.text
    assert style[1].startswith("/admin-site/static/admin/")
    assert "--primary" in site.get(style[1]).text


def test_somebody_made_by_its_own_command_logs_in(site):
    """`glassware run` gives its commands the database; cookies and CSRF hold."""
    made = site.run(
        *("run", "office", "--", "env", "DJANGO_SUPERUSER_PASSWORD=long enough"),
        *("python", "manage.py", "createsuperuser", "--noinput"),
        *("--username", "ada", "--email", "ada@shop.example"),
    )
    assert made.returncode == 0, made.stderr
    path = "/admin-site/admin/login/?next=/admin-site/admin/"
    form = site.get(path)
    cookie = form.headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]

    answer = site.get(
        path,
        "POST",
        body=urlencode(
            {"username": "ada", "password": "long enough", "csrfmiddlewaretoken": token}
        ),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
            "Origin": site.url,
            "Referer": site.url + path,
        },
    )
    session = next(c for c in answer.headers.get_all("Set-Cookie") if "_session=" in c)
    inside = site.get("/admin-site/admin/", headers={"Cookie": session.split(";")[0]})

    assert answer.status == 302
    assert "Path=/admin-site;" in session
    assert "Log out" in inside.text
    assert 'href="/admin-site/admin/notes/note/"' in inside.text
