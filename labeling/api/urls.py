"""Addresses of labeling under /api/v1/."""

from django.urls import path

from labeling.api import annotations, results

app_name = "labeling_api"
urlpatterns = [
    path("assignments/next", annotations.Next.as_view(), name="next"),
    path("assignments/<uuid:assignment_id>", annotations.OneAssignment.as_view(), name="assignment"),
    path("assignments/<uuid:assignment_id>/heartbeat", annotations.Heartbeat.as_view(), name="heartbeat"),
    path("assignments/<uuid:assignment_id>/skip", annotations.Skip.as_view(), name="skip"),
    path("annotations", results.AnnotationList.as_view(), name="annotations"),
    path("annotations/<uuid:annotation_id>", annotations.OneAnnotation.as_view(), name="annotation"),
    path("traces/chunks", annotations.TraceChunks.as_view(), name="trace_chunks"),
    path("traces/finish", annotations.TraceFinish.as_view(), name="trace_finish"),
]
