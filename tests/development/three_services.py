"""A site of three services, each calling the next, with every way to fail."""

PRICES = """
    import random

    from flask import Flask, jsonify

    app = Flask(__name__)
    PRICES = {1: 4.5, 2: 7.9}


    @app.get("/of/<int:product>")
    def price(product):
        if product not in PRICES:
            app.logger.warning("product %s is not in the list", product)
        return {"price": PRICES[product]}


    @app.get("/noisy")
    def noisy():
        for line in range(50):
            app.logger.warning("%s", random.randbytes(140).hex())
        last = None
        for cause in range(10):
            try:
                raise LookupError(random.randbytes(2000).hex()) from last
            except LookupError as error:
                last = error
        raise last


    @app.get("/all")
    def everything():
        return jsonify(PRICES)
    """
CATALOG = """
    from flask import Flask
    from glassware import services

    app = Flask(__name__)


    @app.get("/products/<int:product>")
    def show(product):
        found = services.prices.get(f"/of/{product}").raise_for_status().json()
        return {"name": "tea", **found}


    @app.get("/passed-on/<int:product>")
    def passed_on(product):
        found = services.prices.get(f"/of/{product}")
        return found.content, found.status_code, list(found.fields)


    @app.get("/noisy")
    def noisy():
        return services.prices.get("/noisy").raise_for_status().text


    @app.get("/every")
    def every():
        known = services.prices.get("/all").json()
        for number in known:
            services.prices.get(f"/of/{number}")
        return {"number": len(known)}
    """
STOREFRONT = """
    from flask import Flask
    from glassware import CallError, services

    app = Flask(__name__)


    @app.get("/")
    def index():
        return "home"


    @app.get("/product/<int:product>")
    def show(product):
        found = services.catalog.get(f"/products/{product}").raise_for_status()
        return found.json()


    @app.get("/unheeded/<int:product>")
    def unheeded(product):
        found = {}
        answer = services.catalog.get(f"/products/{product}")
        if answer.ok:
            found = answer.json()
        return found["name"]


    @app.get("/as-json/<int:product>")
    def as_json(product):
        return services.catalog.get(f"/products/{product}").json()["name"]


    @app.get("/passed-on/<int:product>")
    def passed_on(product):
        services.catalog.get(f"/passed-on/{product}").raise_for_status()
        return "fine"


    @app.get("/handled/<int:product>")
    def handled(product):
        try:
            return show(product)
        except CallError as error:
            return f"sorry: {type(error.__cause__).__name__}"


    @app.get("/list/<int:number>")
    def listed(number):
        for product in range(number):
            services.catalog.get(f"/products/{product % 2 + 1}")
        return "a list"


    @app.get("/noisy")
    def noisy():
        return services.catalog.get("/noisy").raise_for_status().text


    @app.get("/every")
    def every():
        return services.catalog.get("/every").json()
    """
FILES = {
    "services/prices/app.py": PRICES,
    "services/catalog/app.py": CATALOG,
    "services/catalog/service.toml": 'calls = ["prices"]\n',
    "services/storefront/app.py": STOREFRONT,
    "services/storefront/service.toml": 'calls = ["catalog"]\nroute = "/"\n',
}
GROUPED = {"site.toml": '[groups]\nweb = ["storefront", "catalog", "prices"]\n'}
DEBUGGED = {"services/storefront/.env": "FLASK_DEBUG=1\n"}
