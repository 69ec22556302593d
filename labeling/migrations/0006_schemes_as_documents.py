# ruff: noqa: S608 - names of tables come from here, there are no values
"""A scheme version is a document; questions and labels are its index. Answers say more than a label or a number: several
labels with intensity and side, primary and secondary ones, a confidence, cannot tell, a skip with its reason.

Versions that are there get the document that asks what they asked. Old segments lie on the one tier that their question had.
"""

import re

import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from core.db.guards import Rule, Words, install, lift, put_back

VERSION = "labeling_schemeversion"
SOURCE = "entered with the scheme"
EMOTIONS = {"joy", "interest", "surprise", "anger", "disgust", "contempt", "fear", "sadness", "calm", "neutral"}
GIVES = {"choice": "label", "scale": "number", "trace": "trace"}


def rules(words: Words) -> list[Rule]:
    return [
        Rule("scheme_form_kept", "UPDATE", VERSION, f"OLD.frozen_at IS NOT NULL AND {words.differs('form')}",
             "a scheme version in use does not change"),
    ]  # fmt: skip


def fill(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    version_, segment = apps.get_model("labeling", "SchemeVersion"), apps.get_model("labeling", "Segment")
    for version in version_.objects.select_related("scheme"):
        questions = list(version.questions.order_by("position", "id"))
        version_.objects.filter(pk=version.pk).update(
            form=document(version, [(one, list(one.labels.order_by("position", "id"))) for one in questions])
        )
        for one in questions:
            type(one).objects.filter(pk=one.pk).update(gives=GIVES.get(one.kind, "nothing"))
            if one.kind == "segments":
                one.labels.update(tier=one.key)
                segment.objects.filter(question=one).update(tier=one.key)
    places(segment)


def places(segment):
    """Segments of an answer stood in the order of time."""
    annotation, at = None, 0
    rows = segment.objects.order_by("annotation_id", "start_us", "end_us", "id").values_list("pk", "annotation_id")
    for pk, of in rows.iterator(chunk_size=5000):
        annotation, at = of, at + 1 if of == annotation else 0
        if at:
            segment.objects.filter(pk=pk).update(position=at)


def document(version, asked):
    """The form of a version: questions with their labels, as they stood in their tables."""
    questions = [question(one, labels) for one, labels in asked]
    told = {
        "format": "affect.scheme", "format_version": 1, "id": str(version.scheme_id), "number": version.number,
        "name": {}, "languages": [], "questions": questions,
    }  # fmt: skip
    texts = list(words(questions))
    held = set.intersection(*(set(one) for one in texts)) if texts else {"en"}
    every = {language for one in texts for language in one}
    languages = sorted(held or {min(every)}, key=lambda one: (one != "en", one))
    for one in texts:
        for language in languages:
            one.setdefault(language, next(iter(one.values())))
    told |= {"languages": languages, "name": dict.fromkeys(languages, version.scheme.name)}
    if len(languages) > 1:
        told["translations"] = [
            {"language": one, "source": SOURCE, "status": "unvalidated translation"} for one in languages[1:]
        ]
    return told


def words(value):
    """Every text by language in a document."""
    if isinstance(value, list):
        for one in value:
            yield from words(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name in ("name", "prompt", "hint", "text", "low", "high"):
                yield one
            else:
                yield from words(one)


def question(one, labels):
    told = {"kind": one.kind, "id": one.key, "prompt": texts_of(one.prompt, one.key)}
    if not one.required:
        told["required"] = False
    if one.hint:
        told["hint"] = texts_of(one.hint, one.key)
    if one.kind in ("choice", "scale", "trace") and one.level:
        told["level"] = one.level
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", one.dimension):
        told["dimension"] = one.dimension
    if is_uri(one.uri):
        told["uri"] = one.uri
    if one.kind == "choice":
        told["labels"] = labels_of(labels)
    elif one.kind == "segments":
        name = dict(told["prompt"])
        told["tiers"] = [{"id": one.key, "name": name, "labels": labels_of(labels), "overlap": True}]
    elif one.kind == "scale":
        told |= scale(one)
    elif one.kind == "trace":
        told["axes"] = [axis(one)]
    return told


def labels_of(labels):
    told, names = [], set()
    for one in labels:
        name = texts_of(one.name, one.code)
        name = {
            language: f"{text} ({one.code})" if (language, text) in names else text for language, text in name.items()
        }
        names |= set(name.items())
        label = {"id": one.code, "name": name}
        if is_uri(one.uri):
            label["uri"] = one.uri
        if one.emotion in EMOTIONS:
            label["emotion"] = one.emotion
        told.append(label)
    return told


def scale(one):
    range_ = {"minimum": one.minimum, "maximum": one.maximum}
    steps = (one.maximum - one.minimum) / one.step if one.step else 0.5
    if abs(steps - round(steps)) < 1e-6:
        range_["step"] = one.step
    anchors = [
        {"value": anchor["value"], "text": texts_of(anchor["text"], str(anchor["value"]))}
        for anchor in one.anchors
        if one.minimum <= anchor["value"] <= one.maximum
    ]
    if anchors:
        range_["anchors"] = anchors
    drawn = (
        one.dimension in ("valence", "arousal", "dominance") and range_.get("step") == 1 and round(steps) in (4, 6, 8)
    )
    return {"look": "manikin" if drawn else "likert" if "step" in range_ else "slider", "range": range_}


def axis(one):
    least, most = -1.0 if one.minimum is None else one.minimum, 1.0 if one.maximum is None else one.maximum
    anchors = sorted(one.anchors, key=lambda anchor: anchor["value"])
    ends = [anchors[0]["text"], anchors[-1]["text"]] if len(anchors) > 1 else [{}, {}]
    told = {
        "name": texts_of({}, one.dimension or one.key), "low": texts_of(ends[0], f"{least:g}"), "high": texts_of(ends[1], f"{most:g}"),
        "minimum": least, "maximum": most,
    }  # fmt: skip
    for language in {**told["low"], **told["high"]}:
        told["name"].setdefault(language, one.dimension or one.key)
    return told


def texts_of(texts, instead):
    return {language: text for language, text in texts.items() if text} or {"en": instead}


def is_uri(text):
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+", text or "") is not None


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_history_is_guarded"),
        ("core", "0002_audit_log"),
        ("labeling", "0005_tracks_are_registered_fast"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SchemeMigration",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("plan", models.JSONField(default=dict)),
                ("preview", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("summary", models.JSONField(default=dict)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="answer",
            name="answer_label_once",
        ),
        migrations.RemoveConstraint(
            model_name="label",
            name="label_code_once",
        ),
        migrations.AddField(
            model_name="answer",
            name="confidence",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="grade",
            field=models.CharField(blank=True, max_length=1),
        ),
        migrations.AddField(
            model_name="answer",
            name="intensity",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="position",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="answer",
            name="reason",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="answer",
            name="role",
            field=models.CharField(
                blank=True, choices=[("primary", "Primary"), ("secondary", "Secondary")], max_length=10
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="side",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="answer",
            name="state",
            field=models.CharField(
                choices=[("answered", "Answered"), ("cannot_tell", "Cannot tell"), ("skipped", "Skipped")],
                default="answered",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="label",
            name="tier",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="question",
            name="gives",
            field=models.CharField(
                choices=[
                    ("label", "One label"),
                    ("labels", "A set of labels"),
                    ("number", "A number"),
                    ("truth", "Yes or no"),
                    ("trace", "A trace"),
                    ("nothing", "Nothing that is measured"),
                ],
                default="nothing",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="schemeversion",
            name="form",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="segment",
            name="apex_us",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="segment",
            name="grade",
            field=models.CharField(blank=True, max_length=1),
        ),
        migrations.AddField(
            model_name="segment",
            name="intensity",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="segment",
            name="position",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="segment",
            name="tier",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="annotation",
            name="source",
            field=models.CharField(
                choices=[
                    ("workspace", "Workspace"),
                    ("api", "Api"),
                    ("import", "Import"),
                    ("simulation", "Simulation"),
                    ("migration", "Migration"),
                ],
                default="workspace",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="code",
            field=models.CharField(db_index=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="question",
            name="dimension",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name="question",
            name="key",
            field=models.CharField(db_index=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="question",
            name="kind",
            field=models.CharField(
                choices=[
                    ("choice", "Choice"),
                    ("primary_secondary", "Primary and secondary"),
                    ("scale", "Scale"),
                    ("grid", "Grid"),
                    ("wheel", "Wheel"),
                    ("text", "Text"),
                    ("yes_no", "Yes or no"),
                    ("comparison", "Comparison"),
                    ("action_units", "Action units"),
                    ("segments", "Segments"),
                    ("trace", "Trace"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(
                fields=("annotation", "question", "position"), name="answer_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.UniqueConstraint(fields=("question", "tier", "code"), name="label_code_once"),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="scheme_migrations", to="labeling.campaign"
            ),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="job",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="core.job"
            ),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="new",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.schemeversion"
            ),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="old",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.schemeversion"
            ),
        ),
        migrations.AddField(
            model_name="schememigration",
            name="study",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"),
        ),
        migrations.RunPython(lift),
        migrations.RunPython(fill),
        migrations.RunPython(put_back),
        migrations.RunPython(install(rules)),
    ]
