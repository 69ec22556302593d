"""Addresses of studies."""

from django.urls import path

from labeling.views import guidelines, recordings, studies

app_name = "studies"
urlpatterns = [
    path("studies/", studies.studies, name="list"),
    path("studies/new/", studies.new, name="new"),
    path("studies/<uuid:study_id>/", studies.overview, name="overview"),
    path("studies/<uuid:study_id>/recordings/", studies.recordings, name="recordings"),
    path("studies/<uuid:study_id>/recordings/new/", recordings.new, name="new_recording"),
    path("studies/<uuid:study_id>/recordings/<uuid:recording_id>/", recordings.recording, name="recording"),
    path(
        "studies/<uuid:study_id>/recordings/<uuid:recording_id>/tracks/<uuid:track_id>/file/",
        recordings.send_file,
        name="send_file",
    ),
    path("studies/<uuid:study_id>/recordings/<uuid:recording_id>/warnings/", recordings.warn, name="warn"),
    path("studies/<uuid:study_id>/support/", studies.support, name="support"),
    path("studies/<uuid:study_id>/guidelines/", guidelines.guidelines, name="guidelines"),
    path("studies/<uuid:study_id>/guidelines/new/", guidelines.new, name="new_guideline"),
    path("studies/<uuid:study_id>/schemes/", studies.schemes, name="schemes"),
]
