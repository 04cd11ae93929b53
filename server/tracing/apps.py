from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "server.tracing"
    label = "tracing"
