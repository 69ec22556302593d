# ruff: noqa: S608 - names of tables come from here, there are no values
"""The guards of consent: what people were told, what they said and on which grounds never changes afterwards.

A notice is free until it is published; a consent event loses its evidence while the person's erasure runs, and nothing
else; a basis in force gets an end, which can only come nearer.
"""

from django.db import migrations

from core.db.guards import Rule, Words, install

NOTICE, TEXT, EVENT, BASIS = "consent_notice", "consent_noticetext", "consent_consentevent", "consent_basis"
NOTICE_COLUMNS = ("id", "created_at", "study_id", "number", "published_at", "valid_days", "choices")
# Everything but the evidence, which can name somebody.
EVENT_COLUMNS = (
    "id", "created_at", "study_id", "participant_id", "kind", "purpose", "modality", "recipient_class", "notice_text_id",
    "method", "effective_at", "valid_until", "actor_id",
)  # fmt: skip
BASIS_COLUMNS = (
    "id", "created_at", "study_id", "people_role", "purpose", "kind", "evidence", "agreement_id", "seats", "redistribution",
    "begins_at",
)  # fmt: skip


def published(notice: str) -> str:
    return f"(SELECT n.published_at FROM {NOTICE} n WHERE n.id = {notice}) IS NOT NULL"


def rules(words: Words) -> list[Rule]:
    blanked = f"(NEW.evidence = '{{}}' AND {words.erasing('OLD.participant_id')})"
    later = "(NEW.ends_at IS NULL OR NEW.ends_at > OLD.ends_at)"
    return [
        Rule("notice_kept", "UPDATE", NOTICE, f"OLD.published_at IS NOT NULL AND {words.differs(*NOTICE_COLUMNS)}",
             "a published notice does not change"),
        Rule("notice_stays", "DELETE", NOTICE, "OLD.published_at IS NOT NULL", "a published notice stays"),
        Rule("notice_text_draft", "INSERT", TEXT, published("NEW.notice_id"), "texts are added to a draft alone"),
        Rule("notice_text_kept", "UPDATE", TEXT, f"{published('OLD.notice_id')} OR {published('NEW.notice_id')}",
             "the text of a published notice does not change"),
        Rule("notice_text_stays", "DELETE", TEXT, published("OLD.notice_id"), "the text of a published notice stays"),
        Rule("consent_event_kept", "UPDATE", EVENT, f"{words.differs(*EVENT_COLUMNS)} OR ({words.differs('evidence')} AND NOT {blanked})",
             "a consent event does not change"),
        Rule("consent_event_stays", "DELETE", EVENT, "TRUE", "a consent event stays"),
        Rule("basis_kept", "UPDATE", BASIS, f"{words.differs(*BASIS_COLUMNS)} OR (OLD.ends_at IS NOT NULL AND {later})",
             "a basis does not change, it ends"),
        Rule("basis_stays", "DELETE", BASIS, "TRUE", "a basis stays"),
    ]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_studies_people_consent_assets")]

    operations = [migrations.RunPython(install(rules))]
