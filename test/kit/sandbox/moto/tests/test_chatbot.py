from __future__ import annotations

from .support import OTHER_REGION, MendTest, client, proves

ARN = "arn:aws:chatbot::123456789012:chat-configuration/slack-channel/alerts"


class ChatbotTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.chatbot = client("chatbot")

    def create(self) -> None:
        self.chatbot.create_slack_channel_configuration(
            ConfigurationName="alerts",
            SlackTeamId="T07EA123LEP",
            SlackChannelId="C07EZ1ABC23",
            IamRoleArn="arn:aws:iam::123456789012:role/chatbot",
            SnsTopicArns=["arn:aws:sns:us-east-1:123456789012:critical"],
            GuardrailPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            Tags=[{"TagKey": "team", "TagValue": "platform"}],
        )

    @proves("chatbot.chatbot_is_served")
    def test_a_channel_is_kept_as_it_was_made(self) -> None:
        self.create()
        found = self.chatbot.describe_slack_channel_configurations(ChatConfigurationArn=ARN)
        channel = found["SlackChannelConfigurations"][0]
        self.assertEqual(["arn:aws:iam::aws:policy/ReadOnlyAccess"], channel["GuardrailPolicyArns"])
        self.assertEqual("C07EZ1ABC23", channel["SlackChannelId"])
        self.assertEqual("NONE", channel["LoggingLevel"])

    @proves("chatbot.chatbot_is_served")
    def test_a_channel_is_the_same_from_every_region(self) -> None:
        self.create()
        there = client("chatbot", OTHER_REGION).describe_slack_channel_configurations()
        self.assertEqual(1, len(there["SlackChannelConfigurations"]))

    @proves("chatbot.chatbot_is_served")
    def test_a_channel_is_changed_tagged_and_deleted(self) -> None:
        self.create()
        self.chatbot.update_slack_channel_configuration(
            ChatConfigurationArn=ARN, SlackChannelId="C07EZ1ABC24", LoggingLevel="ERROR"
        )
        channel = self.chatbot.describe_slack_channel_configurations()["SlackChannelConfigurations"][0]
        self.assertEqual(("C07EZ1ABC24", "ERROR"), (channel["SlackChannelId"], channel["LoggingLevel"]))
        self.chatbot.untag_resource(ResourceARN=ARN, TagKeys=["team"])
        self.chatbot.tag_resource(ResourceARN=ARN, Tags=[{"TagKey": "env", "TagValue": "dev"}])
        self.assertEqual(
            [{"TagKey": "env", "TagValue": "dev"}],
            self.chatbot.list_tags_for_resource(ResourceARN=ARN)["Tags"],
        )
        self.chatbot.delete_slack_channel_configuration(ChatConfigurationArn=ARN)
        self.assert_refused(
            "ResourceNotFoundException",
            self.chatbot.delete_slack_channel_configuration,
            ChatConfigurationArn=ARN,
        )
