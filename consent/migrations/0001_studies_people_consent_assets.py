import consent.fields
import core.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0001_people_tokens_jobs"),
        ("core", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Controller",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=200)),
                ("address", models.TextField(blank=True)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("officer", models.CharField(blank=True, max_length=200)),
                ("officer_email", models.EmailField(blank=True, max_length=254)),
                ("authority", models.CharField(blank=True, max_length=200)),
                ("country", models.CharField(default="IE", max_length=2)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("id", models.UUIDField(default=core.ids.opaque, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("original", "Original"),
                            ("proxy", "Proxy"),
                            ("redacted", "Redacted"),
                            ("peaks", "Peaks"),
                            ("spectrogram", "Spectrogram"),
                            ("poster", "Poster"),
                            ("transcript", "Transcript"),
                            ("feature", "Feature"),
                            ("lane", "Lane"),
                            ("trace", "Trace"),
                            ("artefact", "Artefact"),
                            ("package", "Package"),
                            ("scan", "Scan"),
                        ],
                        max_length=12,
                    ),
                ),
                ("media_type", models.CharField(max_length=100)),
                ("plain_bytes", models.BigIntegerField(default=0)),
                ("store_key", models.CharField(max_length=200, unique=True)),
                ("format", models.CharField(default="chunked-1", max_length=20)),
                ("key_version", models.PositiveIntegerField(default=1)),
                ("digest", models.BinaryField(db_index=True, max_length=32, null=True)),
                ("file_name", consent.fields.SealedField(blank=True, default=b"")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("writing", "Writing"),
                            ("stored", "Stored"),
                            ("sealed", "Sealed"),
                            ("erased", "Erased"),
                        ],
                        default="writing",
                        max_length=8,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="consent.asset",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=200)),
                (
                    "instructions",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clients", to="consent.controller"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.UUIDField(default=core.ids.opaque, editable=False, primary_key=True, serialize=False)),
                ("name", consent.fields.SealedField(blank=True, default=b"")),
                ("contact", consent.fields.SealedField(blank=True, default=b"")),
                ("contact_hash", models.BinaryField(db_index=True, max_length=32, null=True)),
                ("language", models.CharField(blank=True, max_length=12)),
                ("born_on", consent.fields.SealedField(blank=True, default=b"")),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="persons", to="consent.controller"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("purpose", models.TextField(blank=True)),
                (
                    "context",
                    models.CharField(
                        choices=[
                            ("lab_research", "laboratory research"),
                            ("field_research", "field research"),
                            ("clinical", "clinical"),
                            ("safety_critical", "safety-critical"),
                            ("workplace", "workplace"),
                            ("education", "education"),
                            ("consumer", "consumer"),
                            ("entertainment", "entertainment"),
                        ],
                        max_length=20,
                    ),
                ),
                ("jurisdiction", models.CharField(default="IE", max_length=2)),
                ("subdivision", models.CharField(blank=True, max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("open", "Open"), ("closed", "Closed")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("fictional", models.BooleanField(default=False)),
                (
                    "cooling_off_days",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(7)]
                    ),
                ),
                ("offline_media", models.BooleanField(default=False)),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="studies",
                        to="consent.client",
                    ),
                ),
                (
                    "controller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="consent.controller"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "studies",
                "permissions": [
                    ("role_owner", "holds the role owner"),
                    ("role_curator", "holds the role curator"),
                    ("role_researcher", "holds the role researcher"),
                    ("role_privacy", "holds the role privacy"),
                    ("role_dpo", "holds the role dpo"),
                    ("role_auditor", "holds the role auditor"),
                    ("role_engineer", "holds the role engineer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("valid_days", models.PositiveIntegerField(default=1095)),
                ("choices", models.JSONField(default=list)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("study", "number"), name="notice_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", models.UUIDField(default=core.ids.opaque, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("real", "real"), ("acted", "acted"), ("fictional", "fictional")],
                        default="real",
                        max_length=10,
                    ),
                ),
                (
                    "people_role",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("erased", "Erased"),
                        ],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("state_since", models.DateTimeField(null=True)),
                ("external_id", consent.fields.SealedField(blank=True, default=b"")),
                ("language", models.CharField(blank=True, max_length=12)),
                ("group", models.CharField(blank=True, max_length=40)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participants",
                        to="consent.person",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="participants", to="consent.study"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["study", "state"], name="participant_study_state")],
                "constraints": [models.UniqueConstraint(fields=("study", "code"), name="participant_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Basis",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "people_role",
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
                        max_length=12,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("collect", "Recording and keeping"),
                            ("human_annotation", "Labeling by trained people"),
                            ("model_inference", "Predictions by programs"),
                            ("train_models", "Training models"),
                            ("share_controlled", "Sharing with named partners"),
                            ("publish_open", "Publishing openly"),
                            ("show_excerpts", "Showing clips in talks and papers"),
                            ("recontact", "Being asked again"),
                            ("keep_after_study", "Keeping after the study"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("explicit_consent", "explicit consent"),
                            ("public_interest_research", "research in the public interest"),
                            ("legitimate_interest", "legitimate interest, with objection"),
                            ("contract", "contract"),
                            ("licensed_corpus", "licensed corpus"),
                            ("acted_or_fictional", "acted or fictional"),
                            ("public_domain", "public domain"),
                        ],
                        max_length=28,
                    ),
                ),
                ("evidence", models.TextField(blank=True)),
                ("seats", models.PositiveIntegerField(blank=True, null=True)),
                ("redistribution", models.CharField(blank=True, max_length=80)),
                ("begins_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bases", to="consent.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bases",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at", None)),
                        fields=("study", "people_role", "purpose"),
                        name="basis_one_in_force",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeText",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("language", models.CharField(max_length=12)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.TextField()),
                ("sections", models.JSONField(default=list)),
                ("purposes", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="texts", to="consent.notice"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("notice", "language"), name="notice_language_once")],
            },
        ),
        migrations.CreateModel(
            name="ConsentEvent",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("given", "Given"),
                            ("refused", "Refused"),
                            ("renewed", "Renewed"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("invalidated", "Invalidated"),
                            ("terminated", "Terminated"),
                            ("paused", "Paused"),
                            ("resumed", "Resumed"),
                            ("erasure_asked", "Erasure Asked"),
                            ("erasure_confirmed", "Erasure Confirmed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("collect", "Recording and keeping"),
                            ("human_annotation", "Labeling by trained people"),
                            ("model_inference", "Predictions by programs"),
                            ("train_models", "Training models"),
                            ("share_controlled", "Sharing with named partners"),
                            ("publish_open", "Publishing openly"),
                            ("show_excerpts", "Showing clips in talks and papers"),
                            ("recontact", "Being asked again"),
                            ("keep_after_study", "Keeping after the study"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "modality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("video", "video"),
                            ("audio", "audio"),
                            ("text", "text"),
                            ("signal", "physiological signal"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "recipient_class",
                    models.CharField(
                        choices=[
                            ("controller", "the study's own team"),
                            ("processor", "processors under contract"),
                            ("partner", "named partners"),
                            ("public", "anyone"),
                        ],
                        default="controller",
                        max_length=12,
                    ),
                ),
                ("method", models.CharField(default="link", max_length=20)),
                ("effective_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                ("evidence", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice_text",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.noticetext",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_events",
                        to="consent.participant",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consent_events", to="consent.study"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["participant", "purpose"], name="consent_event_participant")],
            },
        ),
        migrations.CreateModel(
            name="AssetSubject",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="asset_subjects", to="consent.asset"
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
                "constraints": [models.UniqueConstraint(fields=("asset", "participant"), name="asset_subject_once")],
            },
        ),
        migrations.CreateModel(
            name="ParticipantLink",
            fields=[
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("id", models.UUIDField(default=core.ids.opaque, editable=False, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to="consent.participant"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "Access"),
                            ("portability", "Portability"),
                            ("rectification", "Rectification"),
                            ("erasure", "Erasure"),
                            ("restriction", "Restriction"),
                            ("objection", "Objection"),
                            ("withdrawal", "Withdrawal"),
                            ("complaint", "Complaint"),
                            ("information", "Information"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("acknowledged", "Acknowledged"),
                            ("identity_pending", "Identity Pending"),
                            ("verified", "Verified"),
                            ("collecting", "Collecting"),
                            ("approval", "Approval"),
                            ("delivering", "Delivering"),
                            ("fulfilled", "Fulfilled"),
                            ("refused", "Refused"),
                            ("retracted", "Retracted"),
                        ],
                        default="received",
                        max_length=18,
                    ),
                ),
                ("channel", models.CharField(default="link", max_length=20)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_on", models.DateField()),
                ("extended_at", models.DateTimeField(blank=True, null=True)),
                ("rule_version", models.CharField(max_length=40)),
                ("words", consent.fields.SealedField(blank=True, default=b"")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("revision", models.PositiveIntegerField(default=1)),
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
                    "package",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.asset",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="consent.participant",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="consent.person",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requests", to="consent.study"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("study", "number"), name="request_number_once")],
            },
        ),
        migrations.CreateModel(
            name="RequestStep",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("before", models.CharField(blank=True, max_length=18)),
                ("after", models.CharField(max_length=18)),
                ("reason", models.CharField(blank=True, max_length=40)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="consent.request"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=200)),
                ("recipient_class", models.CharField(max_length=12)),
                ("country", models.CharField(max_length=2)),
                ("transfer_tool", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipients", to="consent.study"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Permission",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("collect", "Recording and keeping"),
                            ("human_annotation", "Labeling by trained people"),
                            ("model_inference", "Predictions by programs"),
                            ("train_models", "Training models"),
                            ("share_controlled", "Sharing with named partners"),
                            ("publish_open", "Publishing openly"),
                            ("show_excerpts", "Showing clips in talks and papers"),
                            ("recontact", "Being asked again"),
                            ("keep_after_study", "Keeping after the study"),
                        ],
                        max_length=20,
                    ),
                ),
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
                (
                    "recipient_class",
                    models.CharField(
                        choices=[
                            ("controller", "the study's own team"),
                            ("processor", "processors under contract"),
                            ("partner", "named partners"),
                            ("public", "anyone"),
                        ],
                        max_length=12,
                    ),
                ),
                ("allowed_until", models.DateTimeField()),
                (
                    "basis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consent.basis"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.consentevent",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="permissions",
                        to="consent.participant",
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
                "indexes": [
                    models.Index(
                        fields=["participant", "purpose", "recipient_class", "modality", "allowed_until"],
                        name="permission_gate",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("participant", "purpose", "modality", "recipient_class"), name="permission_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("confirmed", "Confirmed"),
                            ("running", "Running"),
                            ("live_complete", "Live Complete"),
                            ("final", "Final"),
                            ("called_off", "Called Off"),
                        ],
                        default="scheduled",
                        max_length=14,
                    ),
                ),
                ("confirm_digest", models.BinaryField(max_length=32, null=True)),
                ("confirm_until", models.DateTimeField(null=True)),
                ("confirm_tries", models.PositiveSmallIntegerField(default=0)),
                ("confirmed_by", models.CharField(blank=True, max_length=20)),
                ("not_before", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("certificate", models.JSONField(default=dict)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
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
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="erasures", to="consent.participant"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="consent.request",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="erasures", to="consent.study"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StudyRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="consent.study")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="ErasureStep",
            fields=[
                ("id", models.UUIDField(default=core.ids.new, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("holding", models.CharField(max_length=60)),
                ("counts", models.JSONField(default=dict)),
                (
                    "erasure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="consent.erasure"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("erasure", "holding"), name="erasure_step_once")],
            },
        ),
        migrations.AddField(
            model_name="asset",
            name="subjects",
            field=models.ManyToManyField(
                related_name="assets", through="consent.AssetSubject", to="consent.participant"
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assets", to="consent.study"
            ),
        ),
    ]
