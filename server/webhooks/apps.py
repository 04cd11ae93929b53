from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "server.webhooks"
    label = "webhooks"
