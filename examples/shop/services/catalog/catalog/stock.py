"""The page on which those who run the shop count what is there."""

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from catalog.models import Product
from glassware import requires


SHOWN = 30
MOST = 10_000

pages = Blueprint("stock", __name__, url_prefix="/stock")


@pages.before_request
@requires("admin")
def only_admins() -> None:
    """Turn everybody else away."""


@pages.get("")
def index() -> ResponseReturnValue:
    """Show what there is least of."""
    query = select(Product).options(joinedload(Product.colour))
    with _session() as session:
        found = session.scalars(query.order_by(Product.stock, Product.id).limit(SHOWN))
        return render_template("stock.html", products=found.all(), most=MOST)


@pages.post("/<slug>")
def count(slug: str) -> ResponseReturnValue:
    """Set how many pieces of a product there are."""
    stock = request.form.get("stock", -1, type=int)
    if not 0 <= stock <= MOST:
        abort(400)
    with _session() as session, session.begin():
        changed = update(Product).where(Product.slug == slug).values(stock=stock)
        session.execute(changed)
    flash(f"{stock} of {slug}, then.")
    return redirect(url_for(".index"), 303)


def _session() -> Session:
    return current_app.extensions["session"]()  # type: ignore[no-any-return]
