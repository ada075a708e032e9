"""B, as a gRPC server."""

import os
from concurrent.futures import ThreadPoolExecutor

import grpc
from catalog_pb2 import Process, Product
from catalog_pb2_grpc import CatalogServicer, add_CatalogServicer_to_server


class Catalog(CatalogServicer):
    """Answers as the Flask service does."""

    def Get(self, wanted, context):  # noqa: N802 - as the contract spells it
        """Return a product."""
        return Product(id=wanted.id, name="Teapot", price=1900, stock=12)

    def Pid(self, nothing, context):  # noqa: N802 - likewise
        """Say which process this is."""
        return Process(pid=os.getpid())


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(4))
    add_CatalogServicer_to_server(Catalog(), server)
    server.add_insecure_port(os.environ["CATALOG_TARGET"])
    server.start()
    server.wait_for_termination()
