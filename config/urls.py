"""Every address of the installation."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import home

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("core.urls")),
    path("", include("labeling.urls")),
    path("", include("consent.urls")),
    path("api/v1/", include("config.api")),
    path("accounts/", include("allauth.urls")),
    path("", include("labeling.urls_studies")),
    path("", include("labeling.urls_campaigns")),
    path("", include("datasets.urls")),
    path("", include("inference.urls")),
    path("", include("demo.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
]

handler400 = "core.problems.bad_request"
handler403 = "core.problems.forbidden"
handler404 = "core.problems.not_found"
handler500 = "core.problems.server_error"
