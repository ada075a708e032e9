"""What is kept with a visitor's browser.

A service's `own` session, the `shared` one, `flashes` that survive a redirect into
another service, and tokens of forms that lead to another one (`csrf`).
"""
