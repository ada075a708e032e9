"""What runs inside each worker process: load an application, serve it, stop well.

This room is light on purpose. It also runs inside a service's own virtual
environment, where nothing but granian and the service's requirements is
installed: it imports the standard library, `glassware.errors`, and, only where
an application needs them, granian, Flask and Werkzeug.

    job ──▶ process ──▶ load ──▶ endpoints
                  └──▶ serve ──▶ granian_private | granian_public | threaded
                                      └──▶ wsgi | asgi ──▶ address

The supervisor speaks with it through processes and pipes alone; `job` has the
whole protocol.
"""
