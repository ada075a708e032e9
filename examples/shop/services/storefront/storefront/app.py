"""The pages."""

from flask import Flask, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import gather
from storefront import drawing, neighbours, wording


RELATED = 4

app = Flask(__name__, static_folder=None)
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
drawing.init_app(app)
wording.init_app(app)


@app.get("/")
def home() -> ResponseReturnValue:
    """Show the sill and the categories."""
    featured, categories = gather(
        lambda: neighbours.search(featured=1)["items"], neighbours.categories
    )
    return render_template("home.html", featured=featured, categories=categories)


@app.get("/popular")
def popular() -> ResponseReturnValue:
    """Show what others took home: a fragment, which needs cart and catalog."""
    products = neighbours.products(neighbours.popular()[:4])
    return render_template("popular.html", products=products)


@app.get("/shop")
def browse() -> ResponseReturnValue:
    """Search the range, page by page."""
    filters = {
        key: request.args[key].strip()
        for key in ("q", "category", "colour", "order")
        if request.args.get(key, "").strip()
    }
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= 1000 or "\0" in "".join(filters.values()):
        abort(404)
    if filters.get("order") not in {None, "name", "price", "-price"}:
        del filters["order"]
    found, categories, colours = gather(
        lambda: neighbours.search(**filters, page=page),
        neighbours.categories,
        neighbours.colours,
    )
    if page > found["pages"]:
        abort(404)
    return render_template(
        "browse.html",
        found=found,
        filters=filters,
        categories=categories,
        colours=colours,
    )


@app.get("/product/<slug>")
def product(slug: str) -> ResponseReturnValue:
    """Show one product."""
    found = neighbours.product(slug)
    colour = found["colour"]["slug"]
    others = neighbours.search(colour=colour, size=2 * RELATED)["items"]
    related = [item for item in others if item["name"] != found["name"]]
    return render_template("product.html", product=found, related=related[:RELATED])


@app.get("/picture/<slug>.svg")
def picture(slug: str) -> ResponseReturnValue:
    """Draw a product, for the pages of neighbours."""
    drawn = drawing.draw(neighbours.product(slug)["picture"], is_alone=True)
    response = Response(drawn, mimetype="image/svg+xml")
    response.cache_control.public, response.cache_control.max_age = True, 3600
    return response


@app.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """Tell search engines of everything that there is."""
    pages = range(1, neighbours.search(size=100)["pages"] + 1)
    found = gather(*(lambda n=n: neighbours.search(size=100, page=n) for n in pages))
    urls = [url_for("home", _external=True), url_for("browse", _external=True)]
    urls += [
        url_for("product", slug=item["slug"], _external=True)
        for page in found
        for item in page["items"]
    ]
    return Response(
        render_template("sitemap.xml", urls=urls), mimetype="application/xml"
    )
