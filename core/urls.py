"""The bottom's own pages: health, jobs, the first administrator, tokens, preferences."""

from django.urls import path

from core import health, views, views_people

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("welcome/", views.welcome, name="welcome"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<uuid:token_id>/revoke/", views.revoke_token, name="token_revoke"),
    path("account/theme/", views.theme, name="theme"),
    path("account/language/", views.language, name="set_language"),
    path("people/", views_people.people, name="people"),
    path("people/<uuid:user_id>/link/", views_people.link_again, name="people_link"),
    path("people/<uuid:user_id>/set/", views_people.change, name="people_set"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel_job, name="job_cancel"),
]
