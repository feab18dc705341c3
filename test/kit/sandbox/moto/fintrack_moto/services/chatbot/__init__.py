from .models import chatbot_backends  # noqa: F401
