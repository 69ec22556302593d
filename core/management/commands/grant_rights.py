"""PostgreSQL: gives the running application's role what it needs on the tables, and no more. Run as their owner."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections, transaction
from psycopg import sql

READ_WRITE = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
)
AUDIT = (
    "REVOKE ALL ON audit.event, audit_event FROM {role}",  # default privileges may have given too much
    "GRANT SELECT ON audit_event TO {role}",
    "GRANT USAGE ON SCHEMA audit TO {role}",
    "GRANT EXECUTE ON FUNCTION audit.head(), audit.append(text[]) TO {role}",
)


class Command(BaseCommand):
    help = "Give ROLE the rights of the running application."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")
        parser.add_argument("--database", default="default", choices=list(connections))

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        connection = connections[alias]
        if connection.vendor != "postgresql":
            return
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_schema()")
            owner, schema = cursor.fetchone()
            if owner == options["role"]:
                return
            names = {"schema": sql.Identifier(schema), "role": sql.Identifier(options["role"])}
            for statement in READ_WRITE + (AUDIT if alias == "default" else ()):
                cursor.execute(sql.SQL(statement).format(**names))
