"""AWS Chatbot, which moto does not have."""

from __future__ import annotations

from .. import services
from ..registry import mend


@mend("chatbot", "Every call of AWS Chatbot: moto does not have the service at all.")
def chatbot_is_served() -> None:
    services.add_to_moto("chatbot", r"https?://chatbot\.(.+)\.amazonaws\.com")
