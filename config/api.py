"""Everything under /api/v1/: the nouns of every app, in one router."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from consent.api import account, people, studies
from datasets.api import nouns as datasets
from inference.api import nouns as inference
from labeling.api import routes as labeling

NOUNS = {**account.NOUNS, **studies.NOUNS, **people.NOUNS, **labeling.NOUNS, **datasets.NOUNS, **inference.NOUNS}


class Router(SimpleRouter):
    """Addresses without a slash at the end, ids as UUIDs, names like api:recordings-list."""

    include_root_view = False

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)


router = Router()
for name, noun in NOUNS.items():
    router.register(name, noun, basename=name)

app_name = "api"
# What annotators do comes first: its addresses are single ones beside those of the nouns.
urlpatterns = [path("", include("labeling.api.urls")), path("me", account.Me.as_view(), name="me"), *router.urls]
