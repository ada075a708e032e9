"""Make the tables."""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make category, colour and product."""
    op.create_table(
        "category",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("blurb", sa.Text, nullable=False),
    )
    op.create_table(
        "colour",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("glass", sa.String(7), nullable=False),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(80), nullable=False, unique=True),
        _reference("category"),
        _reference("colour"),
        sa.Column("name", sa.String(80), nullable=False, index=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("price", sa.Integer, nullable=False, index=True),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("featured", sa.Boolean, nullable=False),
        sa.Column("drawing", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("product", "colour", "category"):
        op.drop_table(table)


def _reference(table: str) -> sa.Column[int]:
    return sa.Column(
        f"{table}_id",
        sa.Integer,
        sa.ForeignKey(f"{table}.id"),
        nullable=False,
        index=True,
    )
