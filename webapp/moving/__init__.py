"""A desk moves from SQLite to PostgreSQL: everything that it holds, exactly, or nothing."""
