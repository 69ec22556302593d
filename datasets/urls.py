"""Addresses of datasets."""

from django.urls import path

from datasets import views

app_name = "datasets"
urlpatterns = [
    path("studies/<uuid:study_id>/datasets/", views.datasets, name="list"),
    path("studies/<uuid:study_id>/voices/", views.measure_voices, name="voices"),
    path("datasets/<uuid:dataset_id>/", views.dataset, name="dataset"),
    path("datasets/<uuid:dataset_id>/publish/", views.publish_version, name="publish"),
    path("datasets/<uuid:dataset_id>/people/", views.people, name="people"),
    path("datasets/<uuid:dataset_id>/people/take/", views.take_role, name="take_role"),
    path("versions/<uuid:version_id>/", views.version, name="version"),
    path("versions/<uuid:version_id>/package/", views.prepare_package, name="package"),
    path("versions/<uuid:version_id>/package/<uuid:asset_id>/", views.download, name="download"),
]
