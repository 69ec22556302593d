"""The nouns of labeling and their addresses."""

from labeling.api import campaigns, recordings, results, scheme_migrations, schemes

NOUNS = {
    "recordings": recordings.Recordings,
    "tracks": recordings.Tracks,
    "appearances": recordings.Appearances,
    "exhibits": recordings.Exhibits,
    "alignments": recordings.Alignments,
    "items": recordings.Items,
    "lanes": recordings.Lanes,
    "qualities": recordings.Qualities,
    "schemes": schemes.Schemes,
    "scheme-versions": schemes.SchemeVersions,
    "scheme-migrations": scheme_migrations.SchemeMigrations,
    "questions": schemes.Questions,
    "guidelines": schemes.Guidelines,
    "guideline-versions": schemes.GuidelineVersions,
    "campaigns": campaigns.Campaigns,
    "campaign-items": campaigns.CampaignItems,
    "queue-ranks": campaigns.QueueRanks,
    "annotators": campaigns.Annotators,
    "assignments": campaigns.Assignments,
    "traces": results.Traces,
    "segments": results.Segments,
    "agreement-reports": results.AgreementReports,
    "gold-standards": results.GoldStandards,
    "gold-labels": results.GoldLabels,
    "suggestions": results.Suggestions,
}
