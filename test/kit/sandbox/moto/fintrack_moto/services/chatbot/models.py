"""Slack channel configurations of AWS Chatbot: global, one set per account."""

from __future__ import annotations

from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.core.exceptions import ServiceException
from moto.utilities.utils import PARTITION_NAMES

# What a channel may do where no guardrail is given ("Guardrail policies" in the
# administrator guide).
DEFAULT_GUARDRAIL = "arn:aws:iam::aws:policy/AdministratorAccess"

TEAM_NAME = "emulated workspace"


class ConfigurationNotFound(ServiceException):
    code = "ResourceNotFoundException"


class ConfigurationExists(ServiceException):
    code = "ConflictException"


class SlackChannelConfiguration(BaseModel):
    """One channel; attributes are named as the API's members are."""

    def __init__(self, arn: str, given: dict[str, Any]):
        self.chat_configuration_arn = arn
        self.slack_team_name = TEAM_NAME
        self.slack_team_id: str = given["SlackTeamId"]
        self.configuration_name: str = given["ConfigurationName"]
        self.slack_channel_id: str = ""
        self.slack_channel_name: str | None = None
        self.iam_role_arn: str = ""
        self.sns_topic_arns: list[str] = []
        self.logging_level = "NONE"
        self.guardrail_policy_arns = [DEFAULT_GUARDRAIL]
        self.user_authorization_required = False
        self.state = "ENABLED"
        self.tags: list[dict[str, str]] = given.get("Tags") or []
        self.update(given)

    def update(self, given: dict[str, Any]) -> None:
        for member, attribute in (
            ("SlackChannelId", "slack_channel_id"),
            ("SlackChannelName", "slack_channel_name"),
            ("SnsTopicArns", "sns_topic_arns"),
            ("IamRoleArn", "iam_role_arn"),
            ("LoggingLevel", "logging_level"),
            ("GuardrailPolicyArns", "guardrail_policy_arns"),
            ("UserAuthorizationRequired", "user_authorization_required"),
        ):
            if given.get(member) is not None:
                setattr(self, attribute, given[member])

    def tag(self, tags: list[dict[str, str]]) -> None:
        self.untag([tag["TagKey"] for tag in tags])
        self.tags = self.tags + tags

    def untag(self, keys: list[str]) -> None:
        self.tags = [tag for tag in self.tags if tag["TagKey"] not in keys]


class ChatbotBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str):
        super().__init__(region_name, account_id)
        self.channels: dict[str, SlackChannelConfiguration] = {}

    def create(self, given: dict[str, Any]) -> SlackChannelConfiguration:
        name = given["ConfigurationName"]
        owner = f"arn:{self.partition}:chatbot::{self.account_id}"
        arn = f"{owner}:chat-configuration/slack-channel/{name}"
        if arn in self.channels:
            raise ConfigurationExists(f"Configuration {name} already exists")
        self.channels[arn] = SlackChannelConfiguration(arn, given)
        return self.channels[arn]

    def get(self, arn: str) -> SlackChannelConfiguration:
        if arn not in self.channels:
            raise ConfigurationNotFound(f"Configuration {arn} was not found")
        return self.channels[arn]

    def describe(self, arn: str | None) -> list[SlackChannelConfiguration]:
        return [found for found in self.channels.values() if arn in (None, found.chat_configuration_arn)]

    def delete(self, arn: str) -> None:
        del self.channels[self.get(arn).chat_configuration_arn]


chatbot_backends = BackendDict(
    ChatbotBackend, "chatbot", use_boto3_regions=False, additional_regions=PARTITION_NAMES
)
