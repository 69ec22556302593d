"""Django's database backends with one addition: something may be written as the last statement of a transaction."""
