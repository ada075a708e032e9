"""Give an account a role: `python -m accounts.grant ada@example.org admin`."""

import sys

from accounts import store
from accounts.registration import normal


if __name__ == "__main__":
    email, role = sys.argv[1:]
    if not store.grant(normal(email), role):
        sys.exit(f"nobody has registered as {email}")
