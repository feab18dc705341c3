from .models import accessanalyzer_backends  # noqa: F401
