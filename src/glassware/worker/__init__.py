"""What runs inside each worker process: load an application, serve it, stop well.

This room is light on purpose. It also runs inside a service's own virtual
environment, where nothing but granian, PyJWT and the service's requirements is
installed: it imports the standard library, the ground floor of glassware, and,
only where an application needs them, granian, Flask and Werkzeug.

    job ──▶ process ──▶ load ──▶ endpoints
                  └──▶ serve ──▶ granian_private | granian_public | threaded
                                      └──▶ wsgi | middleware | asgi
                                             └──▶ admission ──▶ slots, refusals

The supervisor speaks with it through processes and pipes alone; `job` has the
whole protocol.
"""
