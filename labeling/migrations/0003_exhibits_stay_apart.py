# ruff: noqa: S608 - names of tables come from here, there are no values
"""An exhibit is entered before its file; and no file is an exhibit's and a track's, so that none becomes an item."""

import django.db.models.deletion
from django.db import migrations, models

from core.db.guards import Rule, Words, install

EXHIBIT, TRACK = "labeling_exhibit", "labeling_track"


def rules(_words: Words) -> list[Rule]:
    exhibited = f"NEW.original_id IS NOT NULL AND EXISTS (SELECT 1 FROM {EXHIBIT} x WHERE x.asset_id = NEW.original_id)"
    about_people = (
        "NEW.asset_id IS NOT NULL AND (EXISTS (SELECT 1 FROM consent_assetsubject s WHERE s.asset_id = NEW.asset_id) "
        f"OR EXISTS (SELECT 1 FROM {TRACK} t WHERE t.original_id = NEW.asset_id))"
    )
    return [
        Rule("track_is_no_exhibit", "INSERT", TRACK, exhibited, "an exhibit is no track of a recording"),
        Rule("track_becomes_no_exhibit", "UPDATE", TRACK, exhibited, "an exhibit is no track of a recording"),
        Rule("exhibit_shows_nobody", "INSERT", EXHIBIT, about_people, "nobody appears in an exhibit"),
        Rule("exhibit_stays_empty", "UPDATE", EXHIBIT, about_people, "nobody appears in an exhibit"),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_history_is_guarded"),
        ("labeling", "0002_history_is_guarded"),
    ]

    operations = [
        migrations.AlterField(
            "exhibit", "asset",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.asset"
            ),
        ),
        migrations.RunPython(install(rules)),
    ]  # fmt: skip
