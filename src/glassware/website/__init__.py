"""What makes many services one website, inside each of them.

A worker gives it to every Flask application that it loads, so a service need not
name it; one that runs without a worker says `Website(app)` itself. Each file here
is one thing that a service gets, and has a function `init_app`.

It is as light as the service wing: it runs in the environments of services.
"""
