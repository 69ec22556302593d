"""Addresses of campaigns, for those who run them."""

from django.urls import path

from labeling.views import campaigns

app_name = "campaigns"
urlpatterns = [
    path("studies/<uuid:study_id>/campaigns/", campaigns.campaigns, name="list"),
    path("campaigns/<uuid:campaign_id>/", campaigns.overview, name="overview"),
    path("campaigns/<uuid:campaign_id>/items/", campaigns.items, name="items"),
    path("campaigns/<uuid:campaign_id>/annotators/", campaigns.annotators, name="annotators"),
    path("campaigns/<uuid:campaign_id>/agreement/", campaigns.agreement, name="agreement"),
    path("campaigns/<uuid:campaign_id>/agreement/measure/", campaigns.measure_agreement, name="measure_agreement"),
    path("campaigns/<uuid:campaign_id>/gold/", campaigns.gold, name="gold"),
    path("campaigns/<uuid:campaign_id>/gold/make/", campaigns.make_gold, name="make_gold"),
]
