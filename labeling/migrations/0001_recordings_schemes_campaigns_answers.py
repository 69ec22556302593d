import consent.fields
import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("consent", "0001_studies_people_consent_assets"),
        ("core", "0002_audit_log"),
        ("core", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Annotator",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("member", "Member"),
                            ("imported", "Imported"),
                            ("simulated", "Simulated"),
                            ("self", "Self"),
                            ("partner", "Partner"),
                        ],
                        default="member",
                        max_length=10,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="annotators", to="consent.study"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="annotators",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="annotator_code_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("user", None), _negated=True),
                        fields=("study", "user"),
                        name="annotator_user_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("licence", models.CharField(max_length=200)),
                ("source", models.CharField(max_length=200)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.asset"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exhibits", to="consent.study"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Guideline",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="guidelines", to="consent.study"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GuidelineVersion",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(default=1)),
                ("text", models.JSONField(default=dict)),
                (
                    "guideline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="labeling.guideline"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("guideline", "number"), name="guideline_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Recording",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.CharField(max_length=80)),
                ("session", models.CharField(blank=True, max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("sealed", "Sealed"),
                            ("erased", "Erased"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("duration_us", models.BigIntegerField(default=0)),
                ("external_id", consent.fields.SealedField(blank=True, default=b"")),
                ("source", models.CharField(blank=True, max_length=200)),
                ("licence", models.CharField(blank=True, max_length=200)),
                (
                    "study",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recordings",
                        to="consent.study",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["study", "state"], name="recording_study_state")],
                "constraints": [models.UniqueConstraint(fields=("study", "code"), name="recording_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[("whole", "Whole"), ("segment", "Segment"), ("utterance", "Utterance")],
                        default="whole",
                        max_length=10,
                    ),
                ),
                ("start_us", models.BigIntegerField(default=0)),
                ("end_us", models.BigIntegerField(default=0)),
                (
                    "study",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="consent.study",
                    ),
                ),
                (
                    "recording",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="labeling.recording"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="item_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("end_us__gte", models.F("start_us"))), name="item_ends_after_start"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemTarget",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="item_targets",
                        to="labeling.item",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.participant"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("item", "participant"), name="item_target_once")],
            },
        ),
        migrations.CreateModel(
            name="Scheme",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="schemes", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("study", "name"), name="scheme_name_once")],
            },
        ),
        migrations.CreateModel(
            name="SchemeVersion",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(default=1)),
                ("frozen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "scheme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="labeling.scheme"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("scheme", "number"), name="scheme_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("identity", models.UUIDField(default=core.ids.new)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("key", models.SlugField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("choice", "Choice"), ("scale", "Scale"), ("trace", "Trace"), ("text", "Text")],
                        max_length=8,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("nominal", "Nominal"),
                            ("ordinal", "Ordinal"),
                            ("interval", "Interval"),
                            ("ratio", "Ratio"),
                        ],
                        default="nominal",
                        max_length=8,
                    ),
                ),
                ("prompt", models.JSONField(default=dict)),
                ("hint", models.JSONField(default=dict)),
                ("required", models.BooleanField(default=True)),
                ("dimension", models.CharField(blank=True, max_length=40)),
                ("uri", models.CharField(blank=True, max_length=200)),
                ("minimum", models.FloatField(blank=True, null=True)),
                ("maximum", models.FloatField(blank=True, null=True)),
                ("step", models.FloatField(blank=True, null=True)),
                ("anchors", models.JSONField(default=list)),
                (
                    "scheme_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="labeling.schemeversion",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [models.UniqueConstraint(fields=("scheme_version", "key"), name="question_key_once")],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=120)),
                ("about", models.CharField(blank=True, max_length=400)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("open", "Open"), ("paused", "Paused"), ("closed", "Closed")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                (
                    "round",
                    models.CharField(
                        choices=[("pilot", "Pilot"), ("calibration", "Calibration"), ("main", "Main")],
                        default="main",
                        max_length=12,
                    ),
                ),
                ("overlap", models.PositiveSmallIntegerField(default=3)),
                ("lease_minutes", models.PositiveSmallIntegerField(default=30)),
                ("seed", models.PositiveIntegerField(default=1)),
                (
                    "predictions",
                    models.CharField(
                        choices=[("never", "Never"), ("after", "After"), ("suggestion", "Suggestion")],
                        default="never",
                        max_length=12,
                    ),
                ),
                ("perceived", models.JSONField(default=dict)),
                ("closes_on", models.DateField(blank=True, null=True)),
                ("size", models.PositiveIntegerField(default=0)),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="consent.study"
                    ),
                ),
                (
                    "guideline_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.guidelineversion",
                    ),
                ),
                (
                    "scheme_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="labeling.schemeversion",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("role_manager", "holds the role manager"),
                    ("role_annotator", "holds the role annotator"),
                    ("role_reviewer", "holds the role reviewer"),
                    ("role_adjudicator", "holds the role adjudicator"),
                    ("role_observer", "holds the role observer"),
                ],
                "constraints": [models.UniqueConstraint(fields=("study", "name"), name="campaign_name_once")],
            },
        ),
        migrations.CreateModel(
            name="AgreementReport",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("inputs", models.CharField(max_length=64)),
                ("seed", models.PositiveIntegerField(default=1)),
                ("measures", models.JSONField(default=list)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_reports",
                        to="labeling.campaign",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CampaignRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="labeling.campaign"),
                ),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="GoldStandard",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("making", "Making"), ("ready", "Ready"), ("failed", "Failed")],
                        default="making",
                        max_length=8,
                    ),
                ),
                ("method", models.JSONField(default=dict)),
                ("inputs", models.CharField(blank=True, max_length=64)),
                ("summary", models.JSONField(default=dict)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gold_standards",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="core.job",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "number"), name="gold_standard_number_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignItem",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("rank", models.BigIntegerField()),
                ("wanted", models.PositiveSmallIntegerField()),
                ("taken", models.PositiveSmallIntegerField(default=0)),
                ("answered", models.PositiveSmallIntegerField(default=0)),
                ("open", models.BooleanField(default=True)),
                ("returned", models.BooleanField(default=False)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaign_items",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="campaign_items", to="labeling.item"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("open", True)), fields=["campaign", "rank"], name="campaign_item_queue"
                    ),
                    models.Index(
                        condition=models.Q(("open", True), ("returned", True)),
                        fields=["campaign", "rank"],
                        name="campaign_item_returned",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "item"), name="campaign_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(("taken__lte", models.F("wanted"))), name="campaign_item_not_over_assigned"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("repetition", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("leased", "Leased"),
                            ("submitted", "Submitted"),
                            ("skipped", "Skipped"),
                            ("released", "Released"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="leased",
                        max_length=10,
                    ),
                ),
                ("lease_until", models.DateTimeField()),
                ("client_id", models.UUIDField(default=core.ids.opaque)),
                ("position", models.PositiveIntegerField(default=0)),
                ("skip_reason", models.CharField(blank=True, max_length=40)),
                ("flagged", models.BooleanField(default=False)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="labeling.annotator"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="labeling.campaign"
                    ),
                ),
                (
                    "campaign_item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="labeling.campaignitem",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="labeling.item"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["annotator", "campaign", "position"], name="assignment_annotator"),
                    models.Index(
                        condition=models.Q(("state", "leased")),
                        fields=["annotator", "campaign"],
                        name="assignment_held",
                    ),
                    models.Index(
                        condition=models.Q(("state", "leased")), fields=["lease_until"], name="assignment_leases"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "item", "annotator", "repetition"), name="assignment_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("repetition", models.PositiveSmallIntegerField(default=1)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("current", models.BooleanField(default=True)),
                ("client_id", models.UUIDField()),
                ("fingerprint", models.BinaryField(default=b"", max_length=32)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("workspace", "Workspace"),
                            ("api", "Api"),
                            ("import", "Import"),
                            ("simulation", "Simulation"),
                        ],
                        default="workspace",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("submitted", "Submitted"), ("returned", "Returned"), ("accepted", "Accepted")],
                        default="submitted",
                        max_length=10,
                    ),
                ),
                ("perceived", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("played_us", models.BigIntegerField(default=0)),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="labeling.annotation",
                    ),
                ),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="annotations", to="labeling.annotator"
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="annotations",
                        to="labeling.assignment",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="annotations", to="labeling.campaign"
                    ),
                ),
                (
                    "guideline_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.guidelineversion",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="annotations", to="labeling.item"
                    ),
                ),
                (
                    "scheme_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.schemeversion"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("current", True)),
                        fields=["campaign", "item"],
                        name="annotation_campaign_current",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)),
                        fields=("campaign", "item", "annotator", "repetition"),
                        name="annotation_one_current",
                    ),
                    models.UniqueConstraint(fields=("annotator", "client_id"), name="annotation_client_id_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("identity", models.UUIDField(default=core.ids.new)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("code", models.SlugField(max_length=60)),
                ("name", models.JSONField(default=dict)),
                ("uri", models.CharField(blank=True, max_length=200)),
                ("emotion", models.CharField(blank=True, max_length=12)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="labels", to="labeling.question"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [models.UniqueConstraint(fields=("question", "code"), name="label_code_once")],
            },
        ),
        migrations.CreateModel(
            name="GoldLabel",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.FloatField(blank=True, null=True)),
                ("spread", models.FloatField(blank=True, null=True)),
                ("votes", models.JSONField(default=dict)),
                ("n", models.PositiveSmallIntegerField(default=0)),
                ("flag", models.CharField(blank=True, max_length=20)),
                ("trace", models.BinaryField(blank=True, null=True)),
                ("trace_spread", models.BinaryField(blank=True, null=True)),
                (
                    "gold_standard",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="labels", to="labeling.goldstandard"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="gold_labels", to="labeling.item"
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.label",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.question"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("gold_standard", "item", "question"), name="gold_label_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.FloatField(blank=True, null=True)),
                ("x", models.FloatField(blank=True, null=True)),
                ("y", models.FloatField(blank=True, null=True)),
                ("text", consent.fields.SealedField(blank=True, default=b"")),
                (
                    "annotation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="labeling.annotation"
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.label",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.question"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("annotation", "question", "label"), name="answer_label_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="QueuePlace",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("rank", models.BigIntegerField(default=0)),
                ("handed_out", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="places", to="labeling.annotator"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="places", to="labeling.campaign"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("campaign", "annotator"), name="queue_place_once")],
            },
        ),
        migrations.CreateModel(
            name="QueueRank",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("rank", models.BigIntegerField()),
                ("source", models.CharField(max_length=80)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="queue_ranks", to="labeling.campaign"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.item"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("campaign", "item"), name="queue_rank_once")],
            },
        ),
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.FloatField(blank=True, null=True)),
                ("confidence", models.FloatField(blank=True, null=True)),
                ("model_name", models.CharField(max_length=120)),
                ("model_version", models.CharField(max_length=40)),
                ("prediction_id", models.UUIDField()),
                ("current", models.BooleanField(default=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suggestions", to="labeling.campaign"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suggestions", to="labeling.item"
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.label",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.question"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)),
                        fields=("campaign", "item", "question"),
                        name="suggestion_one_current",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Track",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "modality",
                    models.CharField(
                        choices=[
                            ("video", "video"),
                            ("audio", "audio"),
                            ("text", "text"),
                            ("signal", "physiological signal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("registered", "Registered"), ("ready", "Ready"), ("failed", "Failed")],
                        default="registered",
                        max_length=10,
                    ),
                ),
                ("failure", models.CharField(blank=True, max_length=40)),
                ("text", consent.fields.SealedField(blank=True, default=b"")),
                ("language", models.CharField(blank=True, max_length=12)),
                ("time_base_num", models.PositiveIntegerField(default=1)),
                ("time_base_den", models.PositiveIntegerField(default=1000000)),
                ("start_us", models.BigIntegerField(default=0)),
                ("duration_us", models.BigIntegerField(default=0)),
                ("rate_num", models.PositiveIntegerField(default=0)),
                ("rate_den", models.PositiveIntegerField(default=1)),
                ("variable_rate", models.BooleanField(default=False)),
                ("probe", models.JSONField(default=dict)),
                ("separable", models.BooleanField(default=False)),
                (
                    "original",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "peaks",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "proxy",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "recording",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tracks",
                        to="labeling.recording",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [models.UniqueConstraint(fields=("recording", "name"), name="track_name_once")],
            },
        ),
        migrations.CreateModel(
            name="Alignment",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(default=1)),
                ("offset_us", models.BigIntegerField(default=0)),
                ("drift_ppb", models.BigIntegerField(default=0)),
                ("method", models.CharField(default="container", max_length=40)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.study",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alignments",
                        to="labeling.track",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("track", "number"), name="alignment_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Trace",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("client_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[("recording", "Recording"), ("packed", "Packed"), ("abandoned", "Abandoned")],
                        default="recording",
                        max_length=10,
                    ),
                ),
                ("start_us", models.BigIntegerField(default=0)),
                ("end_us", models.BigIntegerField(default=0)),
                ("samples", models.PositiveIntegerField(default=0)),
                ("largest_gap_us", models.BigIntegerField(default=0)),
                ("coverage", models.FloatField(default=0)),
                ("format", models.CharField(blank=True, max_length=20)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("packed", models.BinaryField(blank=True, null=True)),
                ("device", models.JSONField(default=dict)),
                (
                    "alignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.alignment",
                    ),
                ),
                (
                    "annotation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="traces",
                        to="labeling.annotation",
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="traces",
                        to="labeling.assignment",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.question"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.track",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "question", "client_id"), name="trace_client_id_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TraceChunk",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("sequence", models.PositiveIntegerField()),
                ("packed", models.BinaryField()),
                ("end_us", models.BigIntegerField()),
                (
                    "trace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="labeling.trace"
                    ),
                ),
            ],
            options={
                "ordering": ["sequence"],
                "constraints": [models.UniqueConstraint(fields=("trace", "sequence"), name="trace_chunk_once")],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("start_us", models.BigIntegerField()),
                ("end_us", models.BigIntegerField()),
                ("number", models.FloatField(blank=True, null=True)),
                ("text", consent.fields.SealedField(blank=True, default=b"")),
                (
                    "alignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.alignment",
                    ),
                ),
                (
                    "annotation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="segments", to="labeling.annotation"
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.label",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.question"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.track",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_us__gte", models.F("start_us"))), name="segment_ends_after_start"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Quality",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("measure", models.CharField(max_length=40)),
                ("value", models.FloatField(blank=True, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("flag", models.CharField(blank=True, max_length=40)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="qualities", to="labeling.track"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Lane",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80)),
                ("unit", models.CharField(blank=True, max_length=40)),
                ("kind", models.CharField(default="signal", max_length=20)),
                ("minimum", models.FloatField(default=0)),
                ("maximum", models.FloatField(default=1)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.asset"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.study"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lanes", to="labeling.track"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Appearance",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("target", "target"),
                            ("partner", "partner"),
                            ("agent", "agent"),
                            ("customer", "customer"),
                            ("patient", "patient"),
                            ("interviewer", "interviewer"),
                            ("bystander", "bystander"),
                        ],
                        default="target",
                        max_length=12,
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appearances",
                        to="consent.participant",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.study",
                    ),
                ),
                (
                    "recording",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appearances",
                        to="labeling.recording",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appearances",
                        to="labeling.track",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["recording", "participant"], name="appearance_recording")],
                "constraints": [models.UniqueConstraint(fields=("track", "participant"), name="appearance_once")],
            },
        ),
        migrations.AddField(
            model_name="item",
            name="targets",
            field=models.ManyToManyField(related_name="items", through="labeling.ItemTarget", to="consent.participant"),
        ),
    ]
