"""What no consent can allow: inferring emotions of workers and pupils, and labels about them (AI Act, Art. 5(1)(f)).

A small decision table: declared context of the study × role of a person × purpose. The prohibition follows the person,
not the study: in a shop's call the agent is an employee and the customer is not. Two strengths:

- PROHIBITED: material in which the person can be seen or heard may not be used so at all. A model that listens to a
  mono call also listens to the agent; only a track that is split off and confirmed free of cross-talk takes them out.
- NOT_ABOUT: the person may appear, but nothing that is made may be about them (they are no target).

A context or purpose that is not in the table is prohibited.
"""

from __future__ import annotations

from enum import Enum
from functools import cache

from consent.purposes import Context, PeopleRole, Purpose


class Verdict(Enum):
    ALLOWED = "allowed"
    NOT_ABOUT = "not_about"
    PROHIBITED = "prohibited"


# Purposes by which something about a person's emotions comes into being or is handed on.
_ABOUT_EMOTION = frozenset(
    {Purpose.HUMAN_ANNOTATION, Purpose.TRAIN_MODELS, Purpose.SHARE_CONTROLLED, Purpose.PUBLISH_OPEN, Purpose.SHOW_EXCERPTS}
)  # fmt: skip

# Who is a worker or pupil, by context. Customers and patients never are. In a call from a shop or a game's hotline the
# agent is one, wherever the call is studied as a service; research in a laboratory or in the field, and clinical and
# safety work, are outside the prohibition and keep to consent.
SUBORDINATE: dict[str, frozenset[str]] = {
    Context.LAB_RESEARCH: frozenset(),
    Context.FIELD_RESEARCH: frozenset(),
    Context.CLINICAL: frozenset(),
    Context.SAFETY_CRITICAL: frozenset(),
    Context.WORKPLACE: frozenset(set(PeopleRole) - {PeopleRole.CUSTOMER, PeopleRole.PATIENT}),
    Context.EDUCATION: frozenset(set(PeopleRole) - {PeopleRole.CUSTOMER, PeopleRole.PATIENT}),
    Context.CONSUMER: frozenset({PeopleRole.AGENT}),
    Context.ENTERTAINMENT: frozenset({PeopleRole.AGENT}),
}


def verdict(context: str, role: str, purpose: str) -> Verdict:
    """One cell of the table. Unknown codes are prohibited.

    >>> verdict("workplace", "agent", "model_inference")
    <Verdict.PROHIBITED: 'prohibited'>
    >>> verdict("consumer", "customer", "model_inference")
    <Verdict.ALLOWED: 'allowed'>
    """
    if context not in SUBORDINATE or role not in PeopleRole.values or purpose not in Purpose.values:
        return Verdict.PROHIBITED
    if role not in SUBORDINATE[context]:
        return Verdict.ALLOWED
    if purpose == Purpose.MODEL_INFERENCE:
        return Verdict.PROHIBITED
    return Verdict.NOT_ABOUT if purpose in _ABOUT_EMOTION else Verdict.ALLOWED


@cache
def cells(purpose: str, *verdicts: Verdict) -> dict[str, list[str]]:
    """For one purpose: context -> the roles whose cell holds one of `verdicts`; contexts without such roles are left out."""
    found = {
        context: sorted(str(role) for role in PeopleRole.values if verdict(context, role, purpose) in verdicts)
        for context in Context.values
    }
    return {context: roles for context, roles in found.items() if roles}
