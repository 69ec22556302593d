"""The guard on new tracks cost a sixth of the speed at which recordings are registered: SQLite keeps a journal for every
statement that a trigger may end. What registers tracks refuses an exhibit's file itself; the guards on a track that is
changed and on exhibits stay."""

from django.db import migrations


def take_off(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER track_is_no_exhibit ON labeling_track")
        schema_editor.execute("DROP FUNCTION track_is_no_exhibit()")
    else:
        schema_editor.execute("DROP TRIGGER track_is_no_exhibit")


class Migration(migrations.Migration):
    dependencies = [("labeling", "0004_tiers_are_asked")]

    operations = [migrations.RunPython(take_off)]
