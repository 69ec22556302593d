# ruff: noqa: S608 - names of tables come from here, there are no values
"""The guards of labeling: what was asked, what was answered and what was made of it is history.

A scheme version is free until it is frozen, a trace until it is packed, a gold standard until it is ready. Of an annotation
only its state and whether it is current change. What is about somebody goes while an erasure of that person runs: of a
target of the item, or of anybody who appears in the recording.
"""

from django.db import migrations

from core.db.guards import Rule, Words, install

VERSION, QUESTION, LABEL = "labeling_schemeversion", "labeling_question", "labeling_label"
GUIDELINE, ALIGNMENT = "labeling_guidelineversion", "labeling_alignment"
ANNOTATION, ANSWER, SEGMENT, TRACE = "labeling_annotation", "labeling_answer", "labeling_segment", "labeling_trace"
GOLD, GOLD_LABEL = "labeling_goldstandard", "labeling_goldlabel"

VERSION_COLUMNS = ("id", "created_at", "study_id", "scheme_id", "number", "frozen_at")
GUIDELINE_COLUMNS = ("id", "created_at", "study_id", "guideline_id", "number", "text")
ALIGNMENT_COLUMNS = (
    "id",
    "created_at",
    "study_id",
    "track_id",
    "number",
    "offset_us",
    "drift_ppb",
    "method",
    "made_by_id",
)
ANNOTATION_COLUMNS = (
    "id", "created_at", "item_id", "campaign_id", "annotator_id", "assignment_id", "scheme_version_id", "guideline_version_id",
    "repetition", "revision", "client_id", "fingerprint", "source", "perceived", "started_at", "duration_ms", "played_us",
)  # fmt: skip
TRACE_COLUMNS = (
    "id", "created_at", "assignment_id", "question_id", "track_id", "alignment_id", "client_id", "state", "start_us", "end_us",
    "samples", "largest_gap_us", "coverage", "format", "digest", "packed", "asset_id", "device",
)  # fmt: skip
# The row of its job may be tidied away, and the database then empties the reference.
GOLD_COLUMNS = ("id", "created_at", "campaign_id", "number", "state", "method", "inputs", "made_by_id", "summary")


def frozen(version: str) -> str:
    return f"(SELECT v.frozen_at FROM {VERSION} v WHERE v.id = {version}) IS NOT NULL"


def frozen_question(question: str) -> str:
    version = f"(SELECT q.scheme_version_id FROM {QUESTION} q WHERE q.id = {question})"
    return frozen(version)


def ready(gold: str) -> str:
    return f"(SELECT g.state FROM {GOLD} g WHERE g.id = {gold}) = 'ready'"


def about(item: str) -> str:
    """The people whom an item is about, or who appear in its recording."""
    return (
        f"SELECT t.participant_id FROM labeling_itemtarget t WHERE t.item_id = {item} UNION "
        "SELECT a.participant_id FROM labeling_appearance a JOIN labeling_item i ON i.recording_id = a.recording_id "
        f"WHERE i.id = {item}"
    )


def item_of(annotation: str) -> str:
    return f"(SELECT n.item_id FROM {ANNOTATION} n WHERE n.id = {annotation})"


def rules(words: Words) -> list[Rule]:
    of_item = words.erasing(about("OLD.item_id"))
    of_annotation = words.erasing(about(item_of("OLD.annotation_id")))
    in_track = words.erasing(
        "SELECT a.participant_id FROM labeling_appearance a JOIN labeling_track t ON t.recording_id = a.recording_id "
        "WHERE t.id = OLD.track_id"
    )
    lease = "(SELECT s.item_id FROM labeling_assignment s WHERE s.id = OLD.assignment_id)"
    of_trace = words.erasing(about(f"COALESCE({item_of('OLD.annotation_id')}, {lease})"))
    let_go = f"(NEW.supersedes_id IS NULL AND {of_item})"
    return [
        Rule("scheme_version_kept", "UPDATE", VERSION, f"OLD.frozen_at IS NOT NULL AND {words.differs(*VERSION_COLUMNS)}",
             "a scheme version in use does not change"),
        Rule("scheme_version_stays", "DELETE", VERSION, "OLD.frozen_at IS NOT NULL", "a scheme version in use stays"),
        Rule("question_open", "INSERT", QUESTION, frozen("NEW.scheme_version_id"), "a scheme version in use gets no questions"),
        Rule("question_kept", "UPDATE", QUESTION, f"{frozen('OLD.scheme_version_id')} OR {frozen('NEW.scheme_version_id')}",
             "a question in use does not change"),
        Rule("question_stays", "DELETE", QUESTION, frozen("OLD.scheme_version_id"), "a question in use stays"),
        Rule("label_open", "INSERT", LABEL, frozen_question("NEW.question_id"), "a question in use gets no labels"),
        Rule("label_kept", "UPDATE", LABEL, f"{frozen_question('OLD.question_id')} OR {frozen_question('NEW.question_id')}",
             "a label in use does not change"),
        Rule("label_stays", "DELETE", LABEL, frozen_question("OLD.question_id"), "a label in use stays"),
        Rule("guideline_version_kept", "UPDATE", GUIDELINE, words.differs(*GUIDELINE_COLUMNS), "a guideline version does not change"),
        Rule("guideline_version_stays", "DELETE", GUIDELINE, "TRUE", "a guideline version stays"),
        Rule("alignment_kept", "UPDATE", ALIGNMENT, words.differs(*ALIGNMENT_COLUMNS), "an alignment does not change"),
        Rule("alignment_stays", "DELETE", ALIGNMENT, f"NOT {in_track}", "an alignment stays"),
        Rule("annotation_kept", "UPDATE", ANNOTATION,
             f"{words.differs(*ANNOTATION_COLUMNS)} OR (NEW.current AND NOT OLD.current) OR ({words.differs('supersedes_id')} AND NOT {let_go})",
             "an annotation does not change, a new revision replaces it"),
        Rule("annotation_stays", "DELETE", ANNOTATION, f"NOT {of_item}", "an annotation stays"),
        Rule("answer_kept", "UPDATE", ANSWER, "TRUE", "an answer does not change"),
        Rule("answer_stays", "DELETE", ANSWER, f"NOT {of_annotation}", "an answer stays"),
        Rule("segment_kept", "UPDATE", SEGMENT, "TRUE", "a segment does not change"),
        Rule("segment_stays", "DELETE", SEGMENT, f"NOT {of_annotation}", "a segment stays"),
        Rule("trace_kept", "UPDATE", TRACE,
             f"OLD.state = 'packed' AND ({words.differs(*TRACE_COLUMNS)} OR (OLD.annotation_id IS NOT NULL AND {words.differs('annotation_id')}))",
             "a packed trace does not change"),
        Rule("trace_stays", "DELETE", TRACE, f"OLD.state = 'packed' AND NOT {of_trace}", "a packed trace stays"),
        Rule("gold_standard_kept", "UPDATE", GOLD, f"OLD.state = 'ready' AND {words.differs(*GOLD_COLUMNS)}",
             "a gold standard does not change, a new one is made"),
        Rule("gold_standard_stays", "DELETE", GOLD, "OLD.state = 'ready'", "a gold standard stays"),
        Rule("gold_label_open", "INSERT", GOLD_LABEL, ready("NEW.gold_standard_id"), "a gold standard that is ready gets no labels"),
        Rule("gold_label_kept", "UPDATE", GOLD_LABEL, "TRUE", "a gold label does not change"),
        Rule("gold_label_stays", "DELETE", GOLD_LABEL, f"NOT {of_item}", "a gold label stays"),
    ]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_history_is_guarded"),
        ("labeling", "0001_recordings_schemes_campaigns_answers"),
    ]

    operations = [migrations.RunPython(install(rules))]
