"""Addresses of models and runs."""

from django.urls import path

from inference import views

app_name = "inference"
urlpatterns = [
    path("studies/<uuid:study_id>/models/", views.models, name="models"),
    path("studies/<uuid:study_id>/models/register/", views.register, name="register"),
    path("studies/<uuid:study_id>/models/prelabel/", views.start_prelabel, name="prelabel"),
    path("studies/<uuid:study_id>/models/evaluate/", views.start_evaluate, name="evaluate"),
    path("studies/<uuid:study_id>/models/train/", views.start_train, name="train"),
    path("models/<uuid:model_id>/people/", views.people, name="people"),
    path("models/<uuid:model_id>/people/take/", views.take_role, name="take_role"),
    path("runs/<uuid:run_id>/", views.run, name="run"),
]
