"""Addresses of consent: the participant's own page, and the privacy officer's pages of a study."""

from django.urls import path

from consent.views import audit, bases, mine, notices, participants, requests

app_name = "consent"
STUDY = "studies/<uuid:study_id>/"
ONE = f"{STUDY}participants/<uuid:participant_id>/"
REQUEST = f"{STUDY}requests/<uuid:request_id>/"
NOTICE = f"{STUDY}notices/<uuid:notice_id>/"

urlpatterns = [
    path("p/<str:token>/", mine.page, name="mine"),
    path("p/<str:token>/choices/", mine.choose, name="mine_choose"),
    path("p/<str:token>/agree/", mine.agree, name="mine_agree"),
    path("p/<str:token>/pause/", mine.pause, name="mine_pause"),
    path("p/<str:token>/resume/", mine.resume, name="mine_resume"),
    path("p/<str:token>/stop/", mine.stop, name="mine_stop"),
    path("p/<str:token>/erase/", mine.erase, name="mine_erase"),
    path("p/<str:token>/erase/code/", mine.code, name="mine_code"),
    path("p/<str:token>/erase/now/", mine.waive, name="mine_waive"),
    path("p/<str:token>/copy/", mine.copy, name="mine_copy"),
    path("p/<str:token>/copy/<uuid:request_id>/", mine.download, name="mine_download"),
    path("p/<str:token>/question/", mine.question, name="mine_question"),
    path("p/<str:token>/notice/<uuid:text_id>/", mine.notice, name="mine_notice"),
    path(f"{STUDY}participants/", participants.listed, name="participants"),
    path(f"{STUDY}participants/new/", participants.new, name="participant_new"),
    path(ONE, participants.detail, name="participant"),
    path(f"{ONE}act/", participants.act, name="participant_act"),
    path(f"{ONE}link/", participants.link, name="participant_link"),
    path(f"{STUDY}bases/", bases.listed, name="bases"),
    path(f"{STUDY}bases/new/", bases.new, name="basis_new"),
    path(f"{STUDY}bases/<uuid:basis_id>/end/", bases.end, name="basis_end"),
    path(f"{STUDY}notices/", notices.listed, name="notices"),
    path(f"{STUDY}notices/new/", notices.new, name="notice_new"),
    path(NOTICE, notices.detail, name="notice"),
    path(f"{NOTICE}edit/", notices.edit, name="notice_edit"),
    path(f"{NOTICE}publish/", notices.publish, name="notice_publish"),
    path(f"{STUDY}requests/", requests.listed, name="requests"),
    path(f"{STUDY}requests/new/", requests.new, name="request_new"),
    path(REQUEST, requests.detail, name="request"),
    path(f"{REQUEST}move/", requests.move, name="request_move"),
    path(f"{REQUEST}extend/", requests.extend, name="request_extend"),
    path(f"{REQUEST}package/", requests.package, name="request_package"),
    path(f"{REQUEST}package/file/", requests.download, name="request_download"),
    path(f"{REQUEST}erase/", requests.erase, name="request_erase"),
    path(f"{REQUEST}erase/now/", requests.waive, name="request_waive"),
    path(f"{STUDY}audit/", audit.listed, name="audit"),
    path(f"{STUDY}audit/verify/", audit.verify, name="audit_verify"),
]
