"""A call means the same over the wire and within a process."""

import json
from functools import partial

import pytest

from conformance.cases import CASES
from conformance.matching import differences, misses, same
from waiting import until


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_means_the_same(case, forms):
    """What the caller gets and what the callee sees, in each form of the site."""
    told = {mode: site.run(case.name) for mode, site in forms.items()}
    for mode, said in told.items():
        missed = misses(said, case.told, mode)
        assert not missed, forms[mode].log()
    seen = {}
    for mode, site in forms.items():
        seen[mode] = events(site, case)
    first, *others = forms
    for other in others:
        assert not differences(told[other], told[first])
        assert not differences(seen[other], seen[first])


def test_each_form_is_what_it_is_called(forms):
    """One process for those of a group, and one for each in the other forms."""
    for name, form in forms.items():
        pids = {s["name"]: s["pids"] for s in form.site.snapshot()["services"]}
        assert len({pid for each in pids.values() for pid in each}) == (
            2 if name == "group" else len(pids)
        )


def events(site, case):
    """Return what the callees recorded, once they have recorded all of it."""
    until(
        lambda: len(site.seen(case.name)) >= len(case.seen),
        f"the events of {case.name}: {site.seen(case.name)}",
    )
    found = same(site.seen(case.name))
    names = [event["event"] for event in found]
    if case.seen.count("request") == 1:
        assert names == case.seen
    else:
        # A request may begin while the one before it ends.
        assert sorted(names) == sorted(case.seen)
        found.sort(key=partial(json.dumps, sort_keys=True))
    return found
