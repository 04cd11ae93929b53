from django.apps import AppConfig


class TemplatesConfig(AppConfig):
    name = "server.templates"
    label = "templates"
