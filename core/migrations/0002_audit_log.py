"""The audit log's table, its guards, and on PostgreSQL the schema and the one function that may write to it."""

from django.db import migrations

COLUMNS = """
    seq bigint PRIMARY KEY,
    at varchar(27) NOT NULL,
    verb varchar(80) NOT NULL,
    outcome varchar(12) NOT NULL,
    actor_id varchar(36) NOT NULL,
    study_id varchar(36) NOT NULL,
    target_type varchar(60) NOT NULL,
    target_id varchar(36) NOT NULL,
    subject_ref varchar(64) NOT NULL,
    request_id varchar(36) NOT NULL,
    facts text NOT NULL,
    previous varchar(64) NOT NULL,
    digest varchar(64) NOT NULL
"""

INDEXES = [
    "CREATE INDEX audit_target ON {table} (target_id, seq)",
    "CREATE INDEX audit_study ON {table} (study_id, seq)",
    "CREATE INDEX audit_actor ON {table} (actor_id, seq)",
    "CREATE INDEX audit_subject ON {table} (subject_ref, seq)",
    "CREATE INDEX audit_verb ON {table} (verb, seq)",
]

SQLITE = [
    f"CREATE TABLE audit_event ({COLUMNS})",
    *[index.format(table="audit_event") for index in INDEXES],
    """CREATE TRIGGER audit_event_kept BEFORE UPDATE ON audit_event
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_event_chained BEFORE INSERT ON audit_event
       WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_event)
       BEGIN SELECT RAISE(ABORT, 'the audit log has no gaps'); END""",
]

# A schema of its own: what flushes the application's tables does not meet it, and rights are given on it as one.
# The runtime role reads the view in `public` and calls the two functions; they run with the owner's rights.
POSTGRES = [
    "CREATE SCHEMA audit",
    f"CREATE TABLE audit.event ({COLUMNS})",
    *[index.format(table="audit.event") for index in INDEXES],
    """CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    """CREATE TRIGGER event_kept BEFORE UPDATE OR DELETE ON audit.event
       FOR EACH ROW EXECUTE FUNCTION audit.refuse()""",
    """CREATE TRIGGER event_stays BEFORE TRUNCATE ON audit.event
       FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()""",
    # The lock is held until the transaction ends, so the next writer reads the row this one commits.
    """CREATE FUNCTION audit.head(OUT seq bigint, OUT digest varchar) LANGUAGE plpgsql SECURITY DEFINER
       SET search_path = pg_catalog AS $$
       BEGIN
         PERFORM pg_advisory_xact_lock(7021694832001);
         SELECT e.seq, e.digest INTO seq, digest FROM audit.event e ORDER BY e.seq DESC LIMIT 1;
         IF seq IS NULL THEN seq := 0; digest := repeat('0', 64); END IF;
       END $$""",
    """CREATE FUNCTION audit.append(lines text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
       SET search_path = pg_catalog AS $$
       DECLARE line text; e jsonb; last_seq bigint; last_digest varchar;
       BEGIN
         SELECT h.seq, h.digest INTO last_seq, last_digest FROM audit.head() h;
         FOREACH line IN ARRAY lines LOOP
           e := line::jsonb;
           IF (e->>'seq')::bigint <> last_seq + 1 OR e->>'previous' <> last_digest THEN
             RAISE EXCEPTION 'the audit log has no gaps';
           END IF;
           last_seq := last_seq + 1;
           last_digest := encode(sha256(convert_to(line, 'UTF8')), 'hex');
           INSERT INTO audit.event VALUES (
             last_seq, e->>'at', e->>'verb', e->>'outcome', e->>'actor_id', e->>'study_id', e->>'target_type',
             e->>'target_id', e->>'subject_ref', e->>'request_id', e->>'facts', e->>'previous', last_digest);
         END LOOP;
         RETURN last_seq;
       END $$""",
    "REVOKE ALL ON FUNCTION audit.append(text[]), audit.head() FROM PUBLIC",
    "CREATE VIEW audit_event AS SELECT * FROM audit.event",
    # Default privileges may have given the runtime role every right on new tables (docker/roles.sql): whoever got some
    # keeps the reading, and gets the two functions in place of the writing.
    """DO $$
       DECLARE one name;
       BEGIN
         FOR one IN SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
                    WHERE c.oid IN ('audit.event'::regclass, 'audit_event'::regclass) AND a.grantee <> c.relowner
         LOOP
           EXECUTE format('REVOKE ALL ON audit.event, audit_event FROM %I', one);
           EXECUTE format('GRANT SELECT ON audit_event TO %I', one);
           EXECUTE format('GRANT USAGE ON SCHEMA audit TO %I', one);
           EXECUTE format('GRANT EXECUTE ON FUNCTION audit.head(), audit.append(text[]) TO %I', one);
         END LOOP;
       END $$""",
]


def make(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_people_tokens_jobs")]

    # There is no way back: a log that can be unmade by a command is none.
    operations = [migrations.RunPython(make)]
