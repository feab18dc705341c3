"""Where AWS Chatbot answers."""

from .responses import ChatbotResponse

url_bases = [r"https?://chatbot\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/(?P<operation>[^/]+)$": ChatbotResponse.dispatch}
