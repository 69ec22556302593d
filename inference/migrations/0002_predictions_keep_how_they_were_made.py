from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0001_models_runs_predictions"),
    ]

    operations = [
        migrations.AddField(
            model_name="prediction",
            name="coverage",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="prediction",
            name="interval_high",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="prediction",
            name="interval_low",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="prediction",
            name="notes",
            field=models.JSONField(default=list),
        ),
    ]
