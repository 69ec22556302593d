"""`manage.py demo_accounts`: who can sign in to the demo, and the participant's own link."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand

from consent.models import Participant
from consent.services import links
from demo import people
from demo.load import SLUG


class Command(BaseCommand):
    help = "Prints the demo's accounts and a link to a participant's page."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"password of all of them: {people.PASSWORD}")
        for account in people.ACCOUNTS:
            self.stdout.write(f"{account.email:20} {account.name:16} {account.does}")
        pat = Participant.objects.filter(study__slug=SLUG, code="P-0001").first()
        if pat is not None:
            self.stdout.write(
                f"pat, a participant, needs no account: {settings.PUBLIC_URL}/p/{links.make_link(participant=pat, actor=None)[1]}/"
            )
