"""What workers are told: a service, or the services of a group."""

from pathlib import Path

from glassware.model import Service
from glassware.plan import ServicePlan
from glassware.runner.jobs import job_of, job_of_group, without_secrets
from glassware.runner.workers import Order


def order(name, **environment):
    """What a worker is told about a service with these variables."""
    return Order(
        plan=ServicePlan(
            service=Service(name=name, folder=Path("/site") / name), launch="fork"
        ),
        generation=1,
        number=1,
        socket=Path(f"/run/{name}.sock"),
        environment=environment,
    )


def test_what_all_members_agree_on_is_the_process_s():
    """Every other variable is that of one member, and the job has each once."""
    job = job_of_group(
        "web",
        [
            order("one", TZ="UTC", SECRET_KEY="1", GREETING="hi"),
            order("two", TZ="UTC", SECRET_KEY="2"),
        ],
    )

    assert job["group"] == "web"
    assert job["environment"] == {"TZ": "UTC"}
    assert [member["service"] for member in job["members"]] == ["one", "two"]
    assert [member["environment"] for member in job["members"]] == [
        {"SECRET_KEY": "1", "GREETING": "hi"},
        {"SECRET_KEY": "2"},
    ]


def test_a_private_key_is_its_service_s_also_where_it_is_the_only_member():
    """The process's own variables can be read by whatever it starts."""
    job = job_of_group("web", [order("one", GLASSWARE_KEY="private", TZ="UTC")])

    assert job["environment"] == {"TZ": "UTC"}
    assert job["members"][0]["environment"] == {"GLASSWARE_KEY": "private"}


def test_a_member_is_told_what_it_would_be_told_alone():
    """Besides the variables that the group has."""
    alone = job_of(order("one", TZ="UTC"))
    (member,) = job_of_group("web", [order("one", TZ="UTC")])["members"]

    assert {**member, "environment": {"TZ": "UTC"}} == alone


def test_an_interpreter_starts_without_secrets():
    """They come with the job, where no list of processes shows them."""
    assert without_secrets({"PATH": "/bin", "SECRET_KEY": "x"}) == {"PATH": "/bin"}
