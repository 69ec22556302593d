from django.apps import AppConfig


class KeyringConfig(AppConfig):
    name = "consent.keyring"
    label = "keyring"
