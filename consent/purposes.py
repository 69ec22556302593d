"""The closed lists that consent is about: purposes, modalities, recipients, bases, roles of people. Stored as these codes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Exactly nine (decisions 10)."""

    COLLECT = "collect", _("Recording and keeping")
    HUMAN_ANNOTATION = "human_annotation", _("Labeling by trained people")
    MODEL_INFERENCE = "model_inference", _("Predictions by programs")
    TRAIN_MODELS = "train_models", _("Training models")
    SHARE_CONTROLLED = "share_controlled", _("Sharing with named partners")
    PUBLISH_OPEN = "publish_open", _("Publishing openly")
    SHOW_EXCERPTS = "show_excerpts", _("Showing clips in talks and papers")
    RECONTACT = "recontact", _("Being asked again")
    KEEP_AFTER_STUDY = "keep_after_study", _("Keeping after the study")


class Modality(models.TextChoices):
    VIDEO = "video", _("video")
    AUDIO = "audio", _("audio")
    TEXT = "text", _("text")
    SIGNAL = "signal", _("physiological signal")


class RecipientClass(models.TextChoices):
    CONTROLLER = "controller", _("the study's own team")
    PROCESSOR = "processor", _("processors under contract")
    PARTNER = "partner", _("named partners")
    PUBLIC = "public", _("anyone")


class BasisKind(models.TextChoices):
    """Lawful grounds (decisions 9)."""

    EXPLICIT_CONSENT = "explicit_consent", _("explicit consent")
    PUBLIC_INTEREST_RESEARCH = "public_interest_research", _("research in the public interest")
    LEGITIMATE_INTEREST = "legitimate_interest", _("legitimate interest, with objection")
    CONTRACT = "contract", _("contract")
    LICENSED_CORPUS = "licensed_corpus", _("licensed corpus")
    ACTED_OR_FICTIONAL = "acted_or_fictional", _("acted or fictional")
    PUBLIC_DOMAIN = "public_domain", _("public domain")


class PeopleRole(models.TextChoices):
    """The part a person has in a recording."""

    TARGET = "target", _("target")
    PARTNER = "partner", _("partner")
    AGENT = "agent", _("agent")
    CUSTOMER = "customer", _("customer")
    PATIENT = "patient", _("patient")
    INTERVIEWER = "interviewer", _("interviewer")
    BYSTANDER = "bystander", _("bystander")


class Context(models.TextChoices):
    """The declared context of use, which decides what is prohibited (AI Act, decisions 12)."""

    LAB_RESEARCH = "lab_research", _("laboratory research")
    FIELD_RESEARCH = "field_research", _("field research")
    CLINICAL = "clinical", _("clinical")
    SAFETY_CRITICAL = "safety_critical", _("safety-critical")
    WORKPLACE = "workplace", _("workplace")
    EDUCATION = "education", _("education")
    CONSUMER = "consumer", _("consumer")
    ENTERTAINMENT = "entertainment", _("entertainment")
