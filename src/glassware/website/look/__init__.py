"""One look: the layout's `templates`, `static` files, `error_pages`, and its own app."""
