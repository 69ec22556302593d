"""The tables of labeling, by activity."""

from labeling.models.answers import Annotation, Answer, Segment, Trace, TraceChunk
from labeling.models.campaigns import Annotator, Assignment, Campaign, CampaignItem, CampaignRole, QueuePlace
from labeling.models.care import Comment, GuidelineAcknowledgement, Shortcuts
from labeling.models.handed_down import Lane, Quality, QueueRank, Suggestion
from labeling.models.practice import Practice
from labeling.models.recordings import Alignment, Appearance, Exhibit, Item, ItemTarget, Recording, Track, Warned
from labeling.models.results import AgreementReport, GoldLabel, GoldStandard
from labeling.models.schemes import Guideline, GuidelineVersion, Label, Question, Scheme, SchemeMigration, SchemeVersion

__all__ = [
    "AgreementReport", "Alignment", "Annotation", "Annotator", "Answer", "Appearance", "Assignment", "Campaign", "CampaignItem",
    "CampaignRole", "Comment", "Exhibit", "GoldLabel", "GoldStandard", "Guideline", "GuidelineAcknowledgement", "GuidelineVersion",
    "Item", "ItemTarget", "Label", "Lane", "Practice", "Quality", "Question", "QueuePlace", "QueueRank", "Recording", "Scheme",
    "SchemeMigration", "SchemeVersion", "Segment", "Shortcuts", "Suggestion", "Trace", "TraceChunk", "Track", "Warned",
]  # fmt: skip
