"""B, as Nameko."""

import os

from nameko.rpc import rpc


class Catalog:
    """Answers as the Flask service does."""

    name = "catalog"

    @rpc
    def product(self, number):
        """Return a product."""
        return {"id": number, "name": "Teapot", "price": 1900, "stock": 12}

    @rpc
    def pid(self):
        """Say which process this is."""
        return os.getpid()
