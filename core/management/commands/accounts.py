"""Accounts from the command line: list, invite, a new link, let in, keep out. The same services as the pages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from core.models import User
from core.services import accounts


class Command(BaseCommand):
    help = "List accounts; invite people; open or close an account."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="All accounts.")
        invite = acts.add_parser(
            "invite", help="Make an account and print the link by which its person sets a password."
        )
        invite.add_argument("email")
        invite.add_argument("--name", default="")
        invite.add_argument("--operator", action="store_true")
        for act, about in (("link", "Print a new link."), ("open", "Let in."), ("close", "Keep out.")):
            acts.add_parser(act, help=about).add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except Refused as refused:
            raise CommandError(str(refused.message)) from refused

    def _list(self, options: dict) -> None:
        for user in User.objects.order_by("email"):
            marks = [mark for mark, on in (("operator", user.is_operator), ("closed", not user.is_active)) if on]
            self.stdout.write("\t".join([user.email, user.name, ",".join(marks)]))

    def _invite(self, options: dict) -> None:
        self.stdout.write(accounts.invite(options["email"], options["name"], None, operator=options["operator"])[1])

    def _link(self, options: dict) -> None:
        self.stdout.write(accounts.link(self._user(options)))

    def _open(self, options: dict) -> None:
        accounts.set_active(self._user(options), True, None)

    def _close(self, options: dict) -> None:
        accounts.set_active(self._user(options), False, None)

    def _user(self, options: dict) -> User:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['email']}.")
        return user
