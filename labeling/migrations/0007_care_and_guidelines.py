# ruff: noqa: S608 - names of tables come from here, there are no values
"""What keeps annotators well and informed: sessions with breaks, warnings, keys of their own, comments, guidelines with a quiz
and who has read them; items ready ahead, and answers that are asked for again.

A comment and an acknowledgement are history; a comment about somebody goes while that person's erasure runs.
"""

import consent.fields
import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from core.db.guards import Rule, Words, install


COMMENT, ACKNOWLEDGEMENT = "labeling_comment", "labeling_guidelineacknowledgement"
ABOUT = (
    "SELECT t.participant_id FROM labeling_itemtarget t WHERE t.item_id = OLD.item_id UNION "
    "SELECT a.participant_id FROM labeling_appearance a JOIN labeling_item i ON i.recording_id = a.recording_id "
    "WHERE i.id = OLD.item_id"
)


def rules(words: Words) -> list[Rule]:
    return [
        Rule("comment_kept", "UPDATE", COMMENT, "TRUE", "a comment does not change"),
        Rule("comment_stays", "DELETE", COMMENT, f"NOT {words.erasing(ABOUT)}", "a comment stays"),
        Rule("acknowledgement_kept", "UPDATE", ACKNOWLEDGEMENT, "TRUE", "what was read does not change"),
        Rule("acknowledgement_stays", "DELETE", ACKNOWLEDGEMENT, "TRUE", "what was read stays"),
        Rule("guideline_quiz_kept", "UPDATE", "labeling_guidelineversion", words.differs("quiz"),
             "a guideline version does not change"),
    ]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0006_schemes_as_documents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="again_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="campaign",
            name="ahead",
            field=models.PositiveSmallIntegerField(db_default=3, default=3),
        ),
        migrations.AddField(
            model_name="campaign",
            name="break_minutes",
            field=models.PositiveSmallIntegerField(db_default=10, default=10),
        ),
        migrations.AddField(
            model_name="campaign",
            name="reading",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="campaign",
            name="session_minutes",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guidelineversion",
            name="quiz",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="recording",
            name="warnings",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.CreateModel(
            name="Shortcuts",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("codes", models.JSONField(default=dict)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shortcuts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("client_id", models.UUIDField()),
                ("text", consent.fields.SealedField(blank=True, default=b"")),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="labeling.annotator"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="labeling.campaign"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="labeling.item"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("annotator", "client_id"), name="comment_client_id_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="GuidelineAcknowledgement",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("language", models.CharField(max_length=12)),
                ("correct", models.PositiveSmallIntegerField(default=0)),
                ("asked", models.PositiveSmallIntegerField(default=0)),
                ("passed", models.BooleanField(default=False)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="labeling.annotator",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="labeling.guidelineversion",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["annotator", "version"], name="acknowledged_version")],
            },
        ),
        migrations.RunPython(install(rules)),
    ]
