"""A cache of fragments, a neighbour that is asked, and a clock that is told."""

from collections.abc import Callable, Mapping

from glassware.errors import CallError, Unavailable
from glassware.website.cache import FragmentAnswer, FragmentCache, FragmentRequest


class Kitchen:
    """Asks a cache for fragments; counts what the neighbour was asked.

    Attributes:
        now: What the clock of the cache says.
        answers: What the neighbour is going to answer; an error is raised.
        asked: The headers of each question.
        waiting: What is to be done in the background.
    """

    def __init__(self, **options: int) -> None:
        self.now = 1000.0
        self.answers: list[FragmentAnswer | CallError] = []
        self.asked: list[Mapping[str, str]] = []
        self.waiting: list[Callable[[], object]] = []
        self.cache = FragmentCache(clock=lambda: self.now, **options)

    def get(self, target: str = "/mini", **request) -> FragmentAnswer:
        """Return a fragment."""
        headers = {
            name.replace("_", "-"): request.pop(name)
            for name in tuple(request)
            if name[0].isupper()
        }
        wanted = FragmentRequest(
            **{"service": "cart", "target": target, "headers": headers} | request
        )
        return self.cache.fetch(wanted, self._ask, self.waiting.append)

    def work(self) -> None:
        """Do what waits."""
        while self.waiting:
            self.waiting.pop()()

    def _ask(self, more: Mapping[str, str]) -> FragmentAnswer:
        self.asked.append(more)
        answer = self.answers.pop(0)
        if isinstance(answer, CallError):
            raise answer
        return answer


def answer(body: str, control: str = "", status: int = 200, **fields) -> FragmentAnswer:
    """An answer of the neighbour."""
    pairs = [("Cache-Control", control)] if control else []
    pairs += [(name.replace("_", "-"), value) for name, value in fields.items()]
    return FragmentAnswer(status=status, fields=tuple(pairs), body=body.encode())


def lost() -> CallError:
    """What is raised where a neighbour cannot be reached."""
    return Unavailable("`cart` could not be reached")
