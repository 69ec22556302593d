"""Found by Django under the name core.db.sqlite3."""
