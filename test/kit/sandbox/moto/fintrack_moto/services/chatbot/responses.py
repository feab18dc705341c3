"""The calls of AWS Chatbot for Slack channels and their tags."""

from __future__ import annotations

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from .models import ChatbotBackend, SlackChannelConfiguration, chatbot_backends


class ChatbotResponse(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name="chatbot")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> ChatbotBackend:
        return chatbot_backends[self.current_account][self.partition]

    def _channel(self) -> SlackChannelConfiguration:
        return self.backend.get(self._get_param("ChatConfigurationArn"))

    def create_slack_channel_configuration(self) -> ActionResult:
        return ActionResult({"ChannelConfiguration": self.backend.create(self._get_params())})

    def describe_slack_channel_configurations(self) -> ActionResult:
        found = self.backend.describe(self._get_param("ChatConfigurationArn"))
        return ActionResult({"SlackChannelConfigurations": found})

    def update_slack_channel_configuration(self) -> ActionResult:
        channel = self._channel()
        channel.update(self._get_params())
        return ActionResult({"ChannelConfiguration": channel})

    def delete_slack_channel_configuration(self) -> ActionResult:
        self.backend.delete(self._channel().chat_configuration_arn)
        return EmptyResult()

    def tag_resource(self) -> ActionResult:
        self.backend.get(self._get_param("ResourceARN")).tag(self._get_param("Tags"))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        self.backend.get(self._get_param("ResourceARN")).untag(self._get_param("TagKeys"))
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"Tags": self.backend.get(self._get_param("ResourceARN")).tags})
