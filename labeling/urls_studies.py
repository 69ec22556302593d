"""Addresses of studies."""

from django.urls import path

from labeling.views import guidelines, recordings, scheme_editor, schemes, studies

app_name = "studies"
urlpatterns = [
    path("studies/", studies.studies, name="list"),
    path("studies/new/", studies.new, name="new"),
    path("studies/<uuid:study_id>/", studies.overview, name="overview"),
    path("studies/<uuid:study_id>/people/", studies.people, name="people"),
    path("studies/<uuid:study_id>/people/take/", studies.take_role, name="take_role"),
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
    path("studies/<uuid:study_id>/schemes/", schemes.schemes, name="schemes"),
    path("studies/<uuid:study_id>/schemes/new/", scheme_editor.new, name="new_scheme"),
    path("studies/<uuid:study_id>/schemes/<uuid:scheme_version_id>/edit/", scheme_editor.edit, name="edit_scheme"),
    path(
        "studies/<uuid:study_id>/schemes/<uuid:scheme_version_id>/next/",
        scheme_editor.begin_version,
        name="begin_scheme_version",
    ),
    path("studies/<uuid:study_id>/schemes/<uuid:scheme_version_id>/file/", schemes.scheme_file, name="scheme_file"),
]
