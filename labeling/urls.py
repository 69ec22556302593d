"""Addresses of those who label, and of the media they perceive."""

from django.urls import path

from labeling.views import flow, home, media, practice, reading, workspace

app_name = "labeling"
urlpatterns = [
    path("label/", home.home, name="home"),
    path("label/<uuid:campaign_id>/", workspace.current, name="current"),
    path("label/keys/", flow.shortcuts, name="shortcuts"),
    path("label/<uuid:campaign_id>/guideline/", reading.guideline, name="guideline"),
    path("label/<uuid:campaign_id>/ahead/", flow.ahead, name="ahead"),
    path("label/<uuid:campaign_id>/release/", flow.release, name="release"),
    path("label/<uuid:campaign_id>/flagged/", flow.flagged, name="flagged"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/rail/", flow.rail, name="rail"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/comment/", flow.comment, name="comment"),
    path("label/<uuid:campaign_id>/stop/", workspace.stop, name="stop"),
    path("label/<uuid:campaign_id>/practice/", practice.index, name="practice"),
    path("label/<uuid:campaign_id>/practice/<slug:kind>/", practice.test, name="practice_test"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/", workspace.item, name="item"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/submit/", workspace.submit, name="submit"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/trace/", workspace.trace_chunk, name="trace_chunk"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/trace/finish/", workspace.trace_finish, name="trace_finish"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/skip/", workspace.skip, name="skip"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/flag/", workspace.flag, name="flag"),
    path("label/<uuid:campaign_id>/<uuid:assignment_id>/heartbeat/", workspace.heartbeat, name="heartbeat"),
    path("media/track/<uuid:track_id>/<slug:what>", media.media, name="media"),
]
