"""Read gates in their order from one index, and find conferences by words and facets without reading them all.

On SQLite there is no such index of words: it is for one machine, and reads. A word that is too long for the index is
forgotten; the next store cuts it.

Revision: 0006, after 0005. Made 2026-11-26.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_deadline_safe_at", "deadline")
    op.create_index("ix_deadline_safe_at_latest", "deadline", ["safe_at", "latest"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE conference SET search_text = '' WHERE search_text ~ '[^ ]{255}'")
        op.execute("UPDATE conference SET facets = '', search_text = '' WHERE facets ~ '[^|]{255}'")
        for name, column, between in (("words", "search_text", " "), ("facets", "facets", "|")):
            tokens = f"array_to_tsvector(array_remove(string_to_array({column}, '{between}'), ''))"
            op.execute(f"CREATE INDEX ix_conference_{name} ON conference USING gin ({tokens})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_conference_facets", "conference")
        op.drop_index("ix_conference_words", "conference")
    op.drop_index("ix_deadline_safe_at_latest", "deadline")
    op.create_index("ix_deadline_safe_at", "deadline", ["safe_at"])
