"""Found by Django under the name core.db.postgresql."""
