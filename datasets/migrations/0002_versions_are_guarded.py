# ruff: noqa: S608 - names of tables come from here, there are no values
"""Packages of versions, and the guards: what is published can be recalled and blanked by an erasure, and nothing else.

The same rules for both databases. SQLite has no roles, so there the triggers guard against accident; on PostgreSQL the
runtime role cannot take them off.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import core.ids

VERSION, ROW = "datasets_datasetversion", "datasets_versionrow"
SUBJECT, FILE = "datasets_versionsubject", "datasets_versionfile"
CLOSED = "('published', 'deprecated', 'recalled')"
# job is left out: its row may be tidied away, and the database then empties the reference.
FROZEN = (
    "id", "created_at", "dataset_id", "number", "previous_id", "gold_standard_id", "campaign_id", "profile", "recipient_class",
    "purpose", "seed", "split", "schema", "changes", "root", "rows", "codec", "published_by_id", "published_at",
)  # fmt: skip
ROW_FROZEN = ("id", "created_at", "version_id", "kind", "export_id", "split", "leaf")


def differs(columns, distinct):
    return " OR ".join(f'NEW."{name}" {distinct} OLD."{name}"' for name in columns)


def rules(distinct):
    """(name, event, table, condition under which it is refused, sentence)."""
    steps = (
        "(OLD.state = NEW.state OR NEW.state = 'recalled' OR (OLD.state = 'published' AND NEW.state = 'deprecated'))"
    )
    blanked = (
        "(NEW.content = OLD.content OR length(NEW.content) = 0) AND (NEW.salt = OLD.salt OR length(NEW.salt) = 0) "
        f"AND (NEW.item_id IS NULL OR NOT NEW.item_id {distinct} OLD.item_id) "
        "AND (NEW.removed = OLD.removed OR NEW.removed IN ('erased', 'recalled')) "
        "AND (NEW.removed <> '' OR (length(NEW.content) > 0 AND length(NEW.salt) > 0))"
    )
    of_row = f"(SELECT v.state FROM {VERSION} v WHERE v.id = NEW.version_id)"
    of_subject = f"(SELECT v.state FROM {VERSION} v JOIN {ROW} r ON r.version_id = v.id WHERE r.id = NEW.row_id)"
    still_there = f"(SELECT r.removed FROM {ROW} r WHERE r.id = OLD.row_id)"
    return (
        ("version_kept", "UPDATE", VERSION, f"OLD.state IN {CLOSED} AND ({differs(FROZEN, distinct)} OR NOT {steps})",
         "a published version does not change"),
        ("version_stays", "DELETE", VERSION, f"OLD.state IN {CLOSED}", "a published version stays"),
        ("version_row_draft", "INSERT", ROW, f"{of_row} {distinct} 'draft'", "rows are added to a draft alone"),
        ("version_row_kept", "UPDATE", ROW, f"{differs(ROW_FROZEN, distinct)} OR NOT ({blanked})", "a row of a version can only be blanked"),
        ("version_row_stays", "DELETE", ROW, "TRUE", "a row of a version stays"),
        ("version_subject_draft", "INSERT", SUBJECT, f"{of_subject} {distinct} 'draft'", "subjects are added to a draft alone"),
        ("version_subject_kept", "UPDATE", SUBJECT, "TRUE", "the subject of a row does not change"),
        ("version_subject_stays", "DELETE", SUBJECT, f"{still_there} = ''", "the subject of a row stays until the row is blank"),
        ("version_file_draft", "INSERT", FILE, f"{of_row} {distinct} 'draft'", "files are added to a draft alone"),
        ("version_file_kept", "UPDATE", FILE, "TRUE", "a file of a version does not change"),
        ("version_file_stays", "DELETE", FILE, "TRUE", "a file of a version stays"),
    )  # fmt: skip


def sqlite():
    for name, event, table, refused, why in rules("IS NOT"):
        yield f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{why}'); END"


def postgres():
    yield """CREATE FUNCTION version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$"""
    for name, event, table, refused, why in rules("IS DISTINCT FROM"):
        # A condition of WHEN cannot look into other tables; those that do get a function of their own.
        if "SELECT" not in refused:
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({refused}) "
                f"EXECUTE FUNCTION version_refuse('{why}')"
            )
            continue
        kept = "OLD" if event == "DELETE" else "NEW"
        yield f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                  BEGIN
                    IF {refused} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'restrict_violation'; END IF;
                    RETURN {kept};
                  END $$"""
        yield f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


def guard(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for statement in postgres() if schema_editor.connection.vendor == "postgresql" else sqlite():
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0001_studies_people_consent_assets"),
        ("datasets", "0001_datasets_and_versions"),
    ]

    operations = [
        migrations.AlterField("datasetversion", "codec", models.CharField(blank=True, max_length=120)),
        migrations.CreateModel(
            name="VersionPackage",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("codec", models.CharField(max_length=120)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="version_packages", to="consent.asset"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packages",
                        to="datasets.datasetversion",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        # There is no way back: a guard that can be taken off by a command is none.
        migrations.RunPython(guard),
    ]
