"""Addresses of campaigns, for those who run them."""

from django.urls import path

from labeling.views import campaigns, guidelines, practice, rules

app_name = "campaigns"
urlpatterns = [
    path("studies/<uuid:study_id>/campaigns/", campaigns.campaigns, name="list"),
    path("studies/<uuid:study_id>/campaigns/new/", rules.new, name="new"),
    path("campaigns/<uuid:campaign_id>/rules/", rules.rules, name="rules"),
    path("campaigns/<uuid:campaign_id>/rules/items/", rules.add_items, name="add_items"),
    path("campaigns/<uuid:campaign_id>/rules/annotators/", rules.add_annotators, name="add_annotators"),
    path("campaigns/<uuid:campaign_id>/rules/annotators/remove/", rules.remove_annotator, name="remove_annotator"),
    path("campaigns/<uuid:campaign_id>/rules/predictions/", rules.predictions, name="predictions"),
    path("campaigns/<uuid:campaign_id>/rules/care/", rules.care, name="care"),
    path("campaigns/<uuid:campaign_id>/guideline/", guidelines.guideline, name="guideline"),
    path("campaigns/<uuid:campaign_id>/guideline/again/", guidelines.ask_again, name="ask_again"),
    path("campaigns/<uuid:campaign_id>/comments/", guidelines.comments, name="comments"),
    path("campaigns/<uuid:campaign_id>/rules/state/", rules.state, name="state"),
    path("campaigns/<uuid:campaign_id>/", campaigns.overview, name="overview"),
    path("campaigns/<uuid:campaign_id>/items/", campaigns.items, name="items"),
    path("campaigns/<uuid:campaign_id>/annotators/", campaigns.annotators, name="annotators"),
    path("campaigns/<uuid:campaign_id>/people/", campaigns.people, name="people"),
    path("campaigns/<uuid:campaign_id>/people/take/", campaigns.take_role, name="take_role"),
    path("campaigns/<uuid:campaign_id>/practice/", practice.results, name="practice"),
    path("campaigns/<uuid:campaign_id>/agreement/", campaigns.agreement, name="agreement"),
    path("campaigns/<uuid:campaign_id>/agreement/measure/", campaigns.measure_agreement, name="measure_agreement"),
    path("campaigns/<uuid:campaign_id>/gold/", campaigns.gold, name="gold"),
    path("campaigns/<uuid:campaign_id>/gold/make/", campaigns.make_gold, name="make_gold"),
]
