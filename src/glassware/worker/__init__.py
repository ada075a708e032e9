"""What runs inside each worker process: load an application, serve it, stop well.

This room is light on purpose. It also runs inside a service's own virtual
environment, where nothing but granian, PyJWT and the service's requirements is
installed: it imports the standard library, the floors of glassware below it, and,
only where an application needs them, granian, Flask and Werkzeug.

The way of a process:

    __main__ | zygote ──▶ process ──▶ load ──▶ serve ──▶ drain
                    └───▶ group ──▶ group_load ──┘

The way of a request:

    granian_private ────────────────────┐
    group_calls: from the same process ─┴▶ wsgi ───────┐
    threaded | granian_public ───────────▶ middleware ─┼▶ admission ──▶ application
    granian_private | granian_public ────▶ asgi ───────┘

============  ================================================================
start         `__main__`, `zygote`, `preload`, `fork`, `bytecode`, `system`
supervisor    `job`: the whole protocol, through processes and pipes alone;
              `report`
application   `process`, `load`, `convention`, `find`, `endpoints`, `sessions`,
              `django_project`
server        `serve`, `listen`, `granian_private`, `granian_public`,
              `threaded`, `lifespan`, `drain`
request       `wsgi`, `reply`, `body`, `middleware`, `asgi`, `asgi_answers`,
              `address`, `uncaught`, `lost`, `frameworks`, `health`,
              `credentials`
admission     `admission`, `slots`, `refusals`, `renewal`
group         `group`, `group_load`, `group_modules`, `group_output`,
              `group_threads`, `group_calls`
development   `development`, `telling`, `telling_wsgi`, `telling_asgi`,
              `failure`, `hearing`, `remarks`
============  ================================================================
"""
