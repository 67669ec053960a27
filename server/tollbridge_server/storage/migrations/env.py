"""Alembic's entry: runs the migrations on the connection that `migrate` opened, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, transactional_ddl=True)
context.run_migrations()
