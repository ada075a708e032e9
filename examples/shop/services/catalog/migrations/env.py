"""Run the migrations, on the database that SQLALCHEMY_DATABASE_URI names."""

import os

from alembic import context
from sqlalchemy import create_engine, pool


def run() -> None:
    """Migrate inside one transaction."""
    engine = create_engine(
        os.environ["SQLALCHEMY_DATABASE_URI"], poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        context.configure(connection=connection, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run()
