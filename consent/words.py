"""How stored codes that are no enumeration of a model are said to people. Templates ask `{{ code|worded:"consent.channel" }}`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CHANNEL = {
    "link": _("link"), "letter": _("letter"), "email": _("e-mail"), "phone": _("phone"), "in_person": _("in person"),
}  # fmt: skip

# How an answer about consent came, or how an erasure was confirmed.
METHOD = {
    **CHANNEL, "session": _("signed in"), "paper": _("on paper"), "import": _("import"), "demonstration": _("demonstration"),
    "officer": _("through the privacy officer"), "code": _("code"),
}  # fmt: skip

# Why an erasure begins before its cooling-off is over.
WAIVER = {
    "not_waiting": _("the person does not want to wait"), "harm": _("waiting would harm the person"),
    "ordered": _("an authority or a court has ordered it"),
}  # fmt: skip

# Why a request went where it is: grounds of a refusal, reasons of an extension, what showed the identity.
REASON = {
    "identity_not_shown": _("identity not shown"), "manifestly_unfounded": _("manifestly unfounded"), "excessive": _("excessive"),
    "research_exemption": _("research exemption"), "rights_of_others": _("rights of others"), "legal_claims": _("legal claims"),
    "complexity": _("extended: it is complex"), "number": _("extended: there are many"), "own_link": _("came by their own link"),
    "waived_not_waiting": _("cooling-off waived: the person does not want to wait"),
    "waived_harm": _("cooling-off waived: waiting would harm the person"),
    "waived_ordered": _("cooling-off waived: an authority or a court has ordered it"),
}  # fmt: skip

OUTCOME = {
    "done": _("done"), "denied": _("denied"), "seen": _("seen"), "refused": _("refused"), "failed": _("failed"),
}  # fmt: skip

# The counts of a certificate of erasure, whichever holding reports them.
ERASED = {
    "files": _("stored files"), "bytes": _("bytes"), "permissions": _("permissions"), "links": _("links"),
    "request_words": _("words of requests"), "identities": _("name and contact"), "answers": _("answers"),
    "segments": _("segments"), "chunks": _("parts of continuous ratings"), "traces": _("continuous ratings"),
    "gold_labels": _("gold labels"), "suggestions": _("predictions shown to annotators"), "annotations": _("annotations"),
    "assignments": _("assignments"), "items": _("items"), "recordings": _("recordings"),
    "sealed": _("recordings sealed, as others appear in them"), "rows": _("rows in dataset versions"), "packages": _("packages"),
    "predictions": _("predictions"),
}  # fmt: skip
