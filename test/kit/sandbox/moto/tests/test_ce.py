from __future__ import annotations

from typing import Any

from .support import MendTest, client, proves


class CostExplorerTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.costs = client("ce")

    def monitor(self) -> str:
        return self.costs.create_anomaly_monitor(
            AnomalyMonitor={
                "MonitorName": "services",
                "MonitorType": "DIMENSIONAL",
                "MonitorDimension": "SERVICE",
            },
            ResourceTags=[{"Key": "team", "Value": "platform"}],
        )["MonitorArn"]

    @proves("ce.costs_have_anomaly_monitors")
    def test_a_monitor_is_kept_renamed_and_deleted(self) -> None:
        arn = self.monitor()
        self.costs.update_anomaly_monitor(MonitorArn=arn, MonitorName="all-services")
        found = self.costs.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"][0]
        self.assertEqual((arn, "all-services"), (found["MonitorArn"], found["MonitorName"]))
        self.assertEqual(
            [{"Key": "team", "Value": "platform"}],
            self.costs.list_tags_for_resource(ResourceArn=arn)["ResourceTags"],
        )
        self.costs.delete_anomaly_monitor(MonitorArn=arn)
        self.assert_refused(
            "UnknownMonitorException", self.costs.get_anomaly_monitors, MonitorArnList=[arn]
        )

    @proves("ce.costs_have_anomaly_subscriptions")
    def test_a_subscription_is_kept_changed_and_deleted(self) -> None:
        threshold: dict[str, Any] = {
            "Dimensions": {
                "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                "Values": ["100"],
            }
        }
        arn = self.costs.create_anomaly_subscription(
            AnomalySubscription={
                "SubscriptionName": "daily",
                "MonitorArnList": [self.monitor()],
                "Subscribers": [{"Type": "EMAIL", "Address": "ops@example.com"}],
                "Frequency": "DAILY",
                "ThresholdExpression": threshold,
            }
        )["SubscriptionArn"]
        self.costs.update_anomaly_subscription(SubscriptionArn=arn, Frequency="WEEKLY")
        listed = self.costs.get_anomaly_subscriptions(SubscriptionArnList=[arn])
        found = listed["AnomalySubscriptions"][0]
        self.assertEqual(("WEEKLY", threshold), (found["Frequency"], found["ThresholdExpression"]))
        self.costs.delete_anomaly_subscription(SubscriptionArn=arn)
        self.assertEqual([], self.costs.get_anomaly_subscriptions()["AnomalySubscriptions"])
