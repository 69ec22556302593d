"""Whom annotators can turn to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_history_is_guarded"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="support",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
