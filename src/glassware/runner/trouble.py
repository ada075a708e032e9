"""Why something does not serve, in words that name the service and its group."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with a unit.

    Attributes:
        reason: One line.
        detail: More lines, such as a traceback.
        service: The member of a group that is to blame; empty: nobody knows.
        group: The group; empty: the unit is none.
    """

    reason: str
    detail: str = ""
    service: str = ""
    group: str = ""

    def of(self, member: str) -> str:
        """Return the reason as it is one for a member."""
        if not self.group or self.service in {"", member}:
            return self.reason
        return f"`{self.service}`, of the same group: {self.reason}"

    def serves_on(self) -> str:
        """Say that there was old code, and that it is still there."""
        whose = f" of the group `{self.group}`" if self.group else ""
        return f"{self.reason}; the old code{whose} serves on"

    def does_not_start(self) -> str:
        """Say that there is nothing that serves."""
        if not self.group:
            return f"does not start: {self.reason}"
        return f"the group `{self.group}` does not start: {self.reason}"
