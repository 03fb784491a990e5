"""The project as an app: it has no models, it registers the checks of the installation."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "wuhu_youth"
    verbose_name = "芜湖市重点青少年服务平台"

    def ready(self) -> None:
        from wuhu_youth import checks  # noqa: F401 - importing registers them
