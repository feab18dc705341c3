from __future__ import annotations

from .support import MendTest, client, proves

BEST_PRACTICES = (
    "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0"
)


class SecurityHubTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.hub = client("securityhub")

    def enabled(self) -> list[str]:
        found = self.hub.get_enabled_standards()["StandardsSubscriptions"]
        return [standard["StandardsArn"] for standard in found]

    @proves("securityhub.hub_settings_can_be_changed")
    def test_the_settings_of_the_hub_are_kept(self) -> None:
        self.hub.enable_security_hub()
        self.hub.update_security_hub_configuration(AutoEnableControls=False)
        self.assertIs(False, self.hub.describe_hub()["AutoEnableControls"])

    @proves("securityhub.standards_can_be_enabled")
    def test_a_standard_is_enabled_and_disabled(self) -> None:
        self.hub.enable_security_hub(EnableDefaultStandards=False)
        self.assertEqual([], self.enabled())
        subscription = self.hub.batch_enable_standards(
            StandardsSubscriptionRequests=[{"StandardsArn": BEST_PRACTICES}]
        )["StandardsSubscriptions"][0]
        self.assertEqual("READY", subscription["StandardsStatus"])
        self.assertEqual([BEST_PRACTICES], self.enabled())
        self.hub.batch_disable_standards(
            StandardsSubscriptionArns=[subscription["StandardsSubscriptionArn"]]
        )
        self.assertEqual([], self.enabled())

    @proves("securityhub.standards_can_be_enabled")
    def test_the_default_standards_are_enabled_with_the_hub(self) -> None:
        self.hub.enable_security_hub()
        defaults = [
            standard["StandardsArn"]
            for standard in self.hub.describe_standards()["Standards"]
            if standard["EnabledByDefault"]
        ]
        self.assertEqual(sorted(defaults), sorted(self.enabled()))
        self.assertIn(BEST_PRACTICES, defaults)
