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


def events(site, case):
    """Return what the callees recorded, once they have recorded all of it."""
    if case.seen is not None:
        until(
            lambda: len(site.seen(case.name)) >= len(case.seen),
            f"the events of {case.name}: {site.seen(case.name)}",
        )
    found = same(site.seen(case.name))
    names = [event["event"] for event in found]
    if case.seen is None or case.seen.count("request") > 1:
        # A request may begin while the one before it ends.
        found.sort(key=partial(json.dumps, sort_keys=True))
        names.sort()
    if case.seen is not None:
        assert names == (
            sorted(case.seen) if case.seen.count("request") > 1 else case.seen
        )
    return found
