"""Which capture a refund is of, and which attempts are asked about although they count as ended.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, which what is stored already has neither of, and say why a canceled payment is canceled.

    A charge that its provider closed by itself made the payment CANCELED until now, and makes it FAILED or EXPIRED from
    now on. What was told to callers stays as it was told: it counts as canceled by the caller.
    """
    op.add_column("operations", sa.Column("capture_operation_id", WORD, server_default=sa.text("''"), nullable=False))
    op.add_column("attempts", sa.Column("is_watched", WHOLE, server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE payments SET cancel_cause = 'CALLER' "
        "WHERE charge = 'CANCELED' AND state = 'CANCELED' AND cancel_cause = ''"
    )
