"""A, as Nameko: a page over HTTP, B over AMQP."""

import json
import os
import time

from nameko.rpc import RpcProxy
from nameko.web.handlers import http


class Storefront:
    """The same pages as those of the Flask service."""

    name = "storefront"
    catalog = RpcProxy("catalog")

    @http("GET", "/page")
    def page(self, request):
        """Ten calls, one after the other."""
        began = time.perf_counter()
        products = [self.catalog.product(number) for number in range(10)]
        return answer(products=products, seconds=time.perf_counter() - began)

    @http("GET", "/together")
    def together(self, request):
        """Ten calls at once."""
        began = time.perf_counter()
        under_way = [self.catalog.product.call_async(n) for n in range(10)]
        products = [each.result() for each in under_way]
        return answer(products=products, seconds=time.perf_counter() - began)

    @http("GET", "/calls/<int:count>")
    def calls(self, request, count):
        """Nanoseconds of each of `count` calls, and who took part."""
        times = []
        for number in range(count):
            began = time.perf_counter_ns()
            self.catalog.product(number)
            times.append(time.perf_counter_ns() - began)
        return answer(times=times, pids=[os.getpid(), self.catalog.pid()])


def answer(**content):
    """Return a response."""
    return 200, {"Content-Type": "application/json"}, json.dumps(content)
