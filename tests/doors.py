"""The table of doors: who is answered how at every address. `test_doors.py` walks it.

A row says who is answered how; everybody signed in whom it does not name gets 404 (or what `others` says), and the
anonymous are sent to sign in (pages) or get 401 (the API).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cast import ANONYMOUS

STAFF = "mia rhea dana"
SIGN_IN = 302


@dataclass(frozen=True)
class Door:
    """One method of one address. `to` maps a status to names; `data` is what is sent."""

    route: str
    method: str
    to: Mapping[int, str]
    others: int = 404
    anonymous: int = SIGN_IN
    data: Mapping[str, Any] = field(default_factory=dict)

    def expected(self, who: str) -> int:
        if who == ANONYMOUS:
            return self.anonymous
        return next((status for status, names in self.to.items() if who in names.split()), self.others)


def page(route: str, get: Mapping[int, str], **more: Any) -> Door:
    return Door(route, "GET", get, **more)


def act(route: str, post: Mapping[int, str], **more: Any) -> Door:
    return Door(route, "POST", post, **more)


def api(routes: str, method: str, to: Mapping[int, str], **more: Any) -> tuple[Door, ...]:
    """Addresses of the API with the same answers; bodies are JSON."""
    return tuple(Door(f"api:{route}", method, to, anonymous=401, **more) for route in routes.split())


def own(route: str, method: str = "GET", status: int = 200, **more: Any) -> Door:
    """For everybody who is signed in."""
    return Door(route, method, {}, others=status, **more)


def public(route: str, status: int = 200, method: str = "GET", **more: Any) -> Door:
    """The same for everybody, signed in or not."""
    return Door(route, method, {}, others=status, anonymous=status, **more)


NO_LABELER = {403: STAFF}  # they see the campaign; its items are handed to annotators only
CORE = (
    own("home", status=302),
    public("healthz"),
    public("readyz", 503),  # no broker runs here; core tests it with one
    public("metrics"),  # from this machine; see test_core_pages for others
    public("welcome", 404),  # there only until somebody has an account
    public("welcome", 404, "POST"),
    own("tokens"),
    own("tokens", "POST", 422, data={"name": ""}),
    act("token_revoke", {302: "ana"}),
    own("theme", "POST", 204, data={"theme": "dark"}),
    public("set_language", 302, "POST", data={"language": "de"}),
    page("people", {200: "mia"}),
    act("people", {422: "mia"}, data={"email": "nobody"}),
    act("people_link", {200: "mia"}),
    act("people_set", {422: "mia"}),
    own("demo:mails", status=404),  # this is no demo; see tests/demo
    page("job", {200: STAFF}),
    act("job_cancel", {200: STAFF}),
)
LABELING = (
    own("labeling:home"),
    page("labeling:current", {302: "ana ben", **NO_LABELER}),
    own("labeling:stop", status=303),
    act("labeling:stop", {303: "ana ben", **NO_LABELER}),
    page("labeling:item", {200: "ana", **NO_LABELER}),
    act("labeling:submit", {422: "ana", **NO_LABELER}),
    act("labeling:trace_chunk", {422: "ana", **NO_LABELER}),
    act("labeling:trace_finish", {422: "ana", **NO_LABELER}),
    page("labeling:practice", {200: "ana ben", **NO_LABELER}),
    page("labeling:practice_test", {200: "ana ben", **NO_LABELER}),
    act("labeling:practice_test", {400: "ana ben", **NO_LABELER}),
    act("labeling:skip", {303: "ana", **NO_LABELER}),
    act("labeling:flag", {303: "ana", **NO_LABELER}),
    act("labeling:heartbeat", {200: "ana", **NO_LABELER}),
    own("labeling:shortcuts", "POST", 422),
    page("labeling:guideline", {404: "ana ben", **NO_LABELER}),  # the campaign has none; see test_flow for one that has
    act("labeling:guideline", {404: "ana ben", **NO_LABELER}),
    act("labeling:ahead", {422: "ana ben", **NO_LABELER}),
    act("labeling:release", {204: "ana ben", **NO_LABELER}),
    page("labeling:flagged", {200: "ana ben", **NO_LABELER}),
    page("labeling:rail", {200: "ana", **NO_LABELER}),
    act("labeling:comment", {422: "ana", **NO_LABELER}),
    page("labeling:media", {200: "mia rhea ana ben"}),  # ana and ben labeled it; a privacy officer needs no media
)
STUDIES = (
    own("studies:list"),
    page("studies:new", {200: "mia"}, others=403),
    act("studies:new", {422: "mia"}, others=403, data={"name": ""}),
    page("studies:overview", {200: STAFF}),
    page("studies:recordings", {200: STAFF}),
    page("studies:new_recording", {200: "mia rhea", 403: "dana"}),
    act("studies:new_recording", {422: "mia rhea", 403: "dana"}, data={"code": ""}),
    page("studies:recording", {200: STAFF}),
    act("studies:send_file", {422: "mia rhea", 403: "dana"}),
    page("studies:schemes", {200: STAFF}),
    page("studies:scheme_file", {200: STAFF}),
    page("studies:new_scheme", {200: "mia rhea", 403: "dana"}),
    act("studies:new_scheme", {422: "mia rhea", 403: "dana"}),
    page("studies:edit_scheme", {302: "mia rhea", 403: "dana"}),
    act("studies:edit_scheme", {302: "mia rhea", 403: "dana"}),
    act("studies:begin_scheme_version", {302: "mia rhea", 403: "dana"}),
    page("studies:people", {200: STAFF}),
    act("studies:people", {422: "mia", 403: "rhea dana"}),
    act("studies:take_role", {403: "rhea dana"}),  # 404 for whom may: nobody was named
    page("campaigns:people", {200: "mia rhea", 403: "dana"}),
    act("campaigns:people", {422: "mia rhea", 403: "dana"}),
    act("campaigns:take_role", {403: "dana"}),
    page("datasets:people", {200: STAFF}),
    act("datasets:people", {422: "mia", 403: "rhea dana"}),
    act("datasets:take_role", {403: "rhea dana"}),
    page("inference:people", {200: STAFF}),
    act("inference:people", {422: "mia", 403: "rhea dana"}),
    act("inference:take_role", {403: "rhea dana"}),
    page("campaigns:list", {200: "mia rhea", 403: "dana"}),
    page("campaigns:new", {200: "mia rhea", 403: "dana"}),
    act("campaigns:new", {422: "mia rhea", 403: "dana"}, data={"name": ""}),
    page("campaigns:rules", {200: "mia rhea", 403: "dana"}),
    act("campaigns:add_items", {422: "mia rhea", 403: "dana"}, data={"kind": "poem"}),
    act("campaigns:add_annotators", {422: "mia rhea", 403: "dana"}),
    act("campaigns:remove_annotator", {403: "dana"}),  # 404 for whom may: nobody was named
    act("campaigns:predictions", {422: "mia rhea", 403: "dana"}),
    page("campaigns:comments", {200: "mia rhea", 403: "dana"}),
    page("campaigns:guideline", {200: "mia rhea", 403: "dana"}),
    act("campaigns:guideline", {302: "mia rhea", 403: "dana"}),
    act("campaigns:ask_again", {302: "mia rhea", 403: "dana"}),
    act("campaigns:care", {422: "mia rhea", 403: "dana"}),
    page("studies:guidelines", {200: STAFF}),
    page("studies:new_guideline", {200: "mia rhea", 403: "dana"}),
    act("studies:new_guideline", {422: "mia rhea", 403: "dana"}),
    act("studies:support", {302: "mia", 403: "rhea dana"}),
    act("studies:warn", {302: "mia rhea", 403: "dana"}),
    act("campaigns:state", {422: "mia rhea", 403: "dana"}),
    page("campaigns:overview", {200: STAFF}),
    page("campaigns:items", {200: STAFF}),
    page("campaigns:annotators", {200: STAFF}),
    page("campaigns:practice", {200: STAFF}),
    act("campaigns:practice", {422: "mia rhea", 403: "dana"}),
    page("campaigns:agreement", {200: "mia rhea", 403: "dana"}),
    act("campaigns:measure_agreement", {302: "mia rhea", 403: "dana"}),
    page("campaigns:gold", {200: "mia rhea", 403: "dana"}),
    act("campaigns:make_gold", {422: "mia rhea", 403: "dana"}),
    page("datasets:list", {200: STAFF}),
    act("datasets:list", {422: "mia rhea", 403: "dana"}, data={"name": ""}),
    act("datasets:voices", {302: "mia rhea", 403: "dana"}),
    page("datasets:dataset", {200: STAFF}),
    act("datasets:publish", {422: "mia rhea", 403: "dana"}),
    page("datasets:version", {200: STAFF}),
    act("datasets:package", {302: "mia rhea", 403: "dana"}),
    page("datasets:download", {200: "mia rhea", 403: "dana"}),
    page("inference:models", {200: "mia rhea", 403: "dana"}),
    act("inference:register", {422: "mia rhea", 403: "dana"}),
    act("inference:prelabel", {422: "mia rhea", 403: "dana"}),
    act("inference:evaluate", {422: "mia rhea", 403: "dana"}),
    act("inference:train", {422: "mia rhea", 403: "dana"}),
    page("inference:run", {200: "mia rhea", 403: "dana"}),
)
PEOPLE = {403: "rhea"}  # who works with labels does not see who the participants are
PRIVACY = (
    *(
        public(f"consent:mine{name}") for name in ("", "_stop", "_erase", "_question", "_notice")
    ),  # the link is the right
    *(
        public(f"consent:mine_{name}", 302, "POST")
        for name in ("choose", "agree", "pause", "resume", "stop", "erase", "code", "copy", "waive")
    ),
    public("consent:mine_code", 302),
    public("consent:mine_download", 404),  # nothing was prepared for this person
    public("consent:mine_question", 422, "POST", data={"words": ""}),
    *(
        page(f"consent:{name}", {200: "mia dana", **PEOPLE})
        for name in (
            "participants",
            "participant",
            "bases",
            "basis_new",
            "notices",
            "notice_new",
            "notice",
            "notice_edit",
            "requests",
            "request_new",
            "request",
            "audit",
        )
    ),
    page(
        "consent:participant_new", {200: "mia rhea", 403: "dana"}
    ),  # whoever brings recordings in registers the people
    act("consent:participant_new", {422: "mia rhea", 403: "dana"}, data={"kind": ""}),
    act("consent:participant_act", {302: "mia dana", **PEOPLE}),
    act("consent:participant_link", {200: "mia dana", **PEOPLE}),
    act("consent:basis_new", {422: "mia dana", **PEOPLE}, data={"kind": ""}),
    act("consent:basis_end", {302: "mia dana", **PEOPLE}),
    act("consent:notice_new", {422: "mia dana", **PEOPLE}, data={"title": ""}),
    act("consent:notice_edit", {422: "mia dana", **PEOPLE}, data={"title": ""}),
    act("consent:notice_publish", {302: "mia dana", **PEOPLE}),
    act("consent:request_new", {422: "mia dana", **PEOPLE}, data={"kind": ""}),
    act("consent:request_move", {409: "mia dana", **PEOPLE}),
    act("consent:request_extend", {422: "mia dana", **PEOPLE}),
    act("consent:request_package", {302: "mia dana", **PEOPLE}),
    page("consent:request_download", {404: "mia dana", **PEOPLE}),  # not made yet
    act(
        "consent:request_erase", {409: "dana", 403: "mia rhea"}
    ),  # this request asks for access, and owners do not erase
    act("consent:request_waive", {409: "dana", 403: "mia rhea"}),  # nothing waits
    act("consent:audit_verify", {200: "mia dana", **PEOPLE}),
)
API = (
    public("schema"),
    # Lists show what is one's own; see test_lists_hold_nothing_of_another_study.
    *api(
        (
            "tokens-list jobs-list audit-events-list controllers-list studies-list bases-list recipients-list "
            "assets-list participants-list notices-list consent-events-list permissions-list requests-list "
            "recordings-list tracks-list appearances-list exhibits-list alignments-list items-list lanes-list "
            "qualities-list schemes-list scheme-versions-list questions-list guidelines-list guideline-versions-list campaigns-list campaign-items-list annotators-list assignments-list traces-list agreement-reports-list gold-standards-list gold-labels-list suggestions-list datasets-list dataset-versions-list models-list model-versions-list runs-list predictions-list "
            "persons-list queue-ranks-list segments-list scheme-migrations-list"
        ),
        "GET",
        {},
        others=200,
    ),
    *api(
        (
            "tokens-list bases-list participants-list notices-list consent-events-list requests-list schemes-list "
            "campaigns-list annotators-list agreement-reports-list gold-standards-list datasets-list dataset-versions-list models-list runs-list "
            "recipients-list exhibits-list alignments-list items-list guidelines-list scheme-migrations-list scheme-migrations-preview"
        ),
        "POST",
        {},
        others=422,
    ),
    *api(
        (
            "labeling_api:next labeling_api:annotations labeling_api:trace_chunks labeling_api:trace_finish "
            "recordings-bulk"
        ),
        "POST",
        {},
        others=422,
    ),
    *api("labeling_api:assignment", "GET", {403: "mia rhea dana", 200: "ana"}),
    *api("labeling_api:heartbeat", "POST", {403: "mia rhea dana", 200: "ana"}),
    *api("labeling_api:skip", "POST", {403: "mia rhea dana", 204: "ana"}),
    *api("labeling_api:annotations me", "GET", {}, others=200),
    *api("labeling_api:annotation", "GET", {200: "mia rhea ana", 403: "dana"}),
    *api("tokens-detail", "GET", {200: "ana"}),
    *api("tokens-detail", "DELETE", {204: "ana"}),
    *api(
        (
            "jobs-detail controllers-detail studies-detail bases-detail assets-detail notices-detail recordings-detail tracks-detail alignments-detail items-detail schemes-detail scheme-versions-detail questions-detail campaigns-detail campaigns-progress annotators-detail gold-standards-detail gold-labels-detail datasets-detail dataset-versions-detail dataset-versions-verify models-detail model-versions-detail runs-detail predictions-detail"
        ),
        "GET",
        {200: "mia rhea dana"},
    ),
    *api("studies-members datasets-members models-members", "GET", {200: STAFF}),
    *api("campaigns-members", "GET", {200: "mia rhea", 403: "dana"}),
    *api("studies-members datasets-members models-members", "POST", {422: "mia", 403: "rhea dana"}),
    *api("campaigns-members", "POST", {422: "mia rhea", 403: "dana"}),
    *api("studies-take-role datasets-take-role models-take-role", "DELETE", {403: "rhea dana"}),  # ana has none here
    *api("campaigns-take-role", "DELETE", {422: "mia rhea", 403: "dana"}),
    *api("jobs-cancel", "POST", {200: "mia rhea dana"}),
    *api("controllers-list studies-list", "POST", {422: "mia"}, others=403),
    *api(
        (
            "recipients-detail exhibits-detail lanes-detail qualities-detail guidelines-detail guideline-versions-detail campaign-items-detail traces-detail traces-samples suggestions-detail "
            "persons-detail queue-ranks-detail segments-detail scheme-migrations-detail"
        ),
        "GET",
        {},
    ),
    *api(
        "participants-detail consent-events-detail requests-detail appearances-detail",
        "GET",
        {200: "mia dana", 403: "rhea"},
    ),
    *api(
        "participants-pause participants-resume participants-stop participants-withdraw",
        "POST",
        {422: "mia dana", 403: "rhea"},
    ),
    *api("notices-publish", "POST", {409: "mia dana", 403: "rhea"}),
    *api("guidelines-add-version scheme-migrations-resume", "POST", {}),
    *api("exhibits-original", "PUT", {}),
    *api("studies-detail", "PATCH", {428: "mia", 403: "rhea dana"}),
    *api("scheme-versions-detail", "PATCH", {422: "mia rhea", 403: "dana"}),
    *api("campaigns-detail", "PATCH", {428: "mia rhea", 403: "dana"}),
    *api("permissions-detail", "GET", {200: "mia dana"}),
    *api("requests-move", "POST", {428: "mia dana", 403: "rhea"}),
    *api("recordings-read dataset-versions-package", "POST", {202: "mia rhea", 403: "dana"}),
    *api("tracks-original", "PUT", {422: "mia rhea", 403: "dana"}),
    *api(
        "campaigns-annotators campaigns-items campaigns-rank",
        "POST",
        {422: "mia rhea", 403: "dana"},
    ),
    *api(
        "scheme-versions-freeze campaigns-close campaigns-open campaigns-pause", "POST", {200: "mia rhea", 403: "dana"}
    ),
    *api("scheme-versions-next", "POST", {201: "mia rhea", 403: "dana"}),
    *api("agreement-reports-detail", "GET", {200: "mia rhea", 403: "dana"}),
)
# Signing in. Pages of allauth that change a way to sign in ask for the password again first: 302.
SIGNING_IN = (
    page("account_login", {}, others=302, anonymous=200),
    act("account_login", {}, others=302, anonymous=200),
    own("account_logout"),
    act("account_logout", {}, others=302),
    public("account_inactive"),
    page("account_signup", {}, others=302, anonymous=200),
    act("account_signup", {}, others=302, anonymous=200),
    own("account_reauthenticate"),
    own("account_reauthenticate", "POST"),
    own("account_email"),
    own("account_email", "POST", 302),
    public("account_email_verification_sent"),
    own("account_change_password"),
    own("account_change_password", "POST"),
    own("account_set_password", status=302),
    own("account_set_password", "POST", 302),
    public("account_reset_password"),
    public("account_reset_password", method="POST"),
    public("account_confirm_login_code", 302),
    public("account_confirm_login_code", 302, "POST"),
    public("account_confirm_email"),
    public("account_confirm_email", 404, "POST"),
    public("account_reset_password_from_key_done"),
    public("account_reset_password_from_key"),
    public("account_reset_password_from_key", method="POST"),
    public("account_reset_password_done"),
    own("mfa_index"),
    public("mfa_authenticate", 302),
    public("mfa_authenticate", 302, "POST"),
    own("mfa_reauthenticate", status=302),
    own("mfa_reauthenticate", "POST", 302),
    own("mfa_activate_totp", status=302),
    own("mfa_activate_totp", "POST", 302),
    own("mfa_deactivate_totp", status=404),
    own("mfa_deactivate_totp", "POST", 404),
    own("mfa_view_recovery_codes", status=404),
    own("mfa_generate_recovery_codes", status=302),
    own("mfa_generate_recovery_codes", "POST", 302),
    own("mfa_download_recovery_codes", status=404),
    own("mfa_download_recovery_codes", "POST", 404),
    own("mfa_list_webauthn"),
    own("mfa_add_webauthn", status=302),
    own("mfa_add_webauthn", "POST", 302),
    own("mfa_reauthenticate_webauthn", status=302),
    own("mfa_reauthenticate_webauthn", "POST", 302),
    public("mfa_remove_webauthn", 302),
    public("mfa_remove_webauthn", 302, "POST"),
    public("mfa_edit_webauthn", 302),
    public("mfa_edit_webauthn", 302, "POST"),
    public("mfa_login_webauthn", 302),
    public("mfa_login_webauthn", 302, "POST"),
    public("socialaccount_login_cancelled"),
    own("socialaccount_login_error", status=401),
    public("socialaccount_signup", 302),
    public("socialaccount_signup", 302, "POST"),
    own("socialaccount_connections"),
    own("socialaccount_connections", "POST"),
    public("openid_connect_login", 404),
    public("openid_connect_login", 404, "POST"),
    public("openid_connect_callback", 404),
    public("openid_connect_callback", 404, "POST"),
)
TABLE = (*CORE, *LABELING, *STUDIES, *PRIVACY, *API, *SIGNING_IN)
