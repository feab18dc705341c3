from __future__ import annotations

from .support import ACCOUNT, MendTest, client, proves

ARN = f"arn:aws:budgets::{ACCOUNT}:budget/monthly"
NOTIFICATION = {
    "NotificationType": "FORECASTED",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
    "ThresholdType": "PERCENTAGE",
}
SUBSCRIBERS = [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]
BUDGET = {
    "BudgetName": "monthly",
    "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
    "TimeUnit": "MONTHLY",
    "BudgetType": "COST",
}


class BudgetsTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.budgets = client("budgets")
        self.budgets.create_budget(
            AccountId=ACCOUNT,
            Budget=BUDGET,
            NotificationsWithSubscribers=[
                {"Notification": NOTIFICATION, "Subscribers": SUBSCRIBERS}
            ],
            ResourceTags=[{"Key": "team", "Value": "platform"}],
        )

    @proves("budgets.notifications_tell_their_subscribers")
    def test_a_notification_tells_its_subscribers(self) -> None:
        found = self.budgets.describe_subscribers_for_notification(
            AccountId=ACCOUNT, BudgetName="monthly", Notification=NOTIFICATION
        )
        self.assertEqual(SUBSCRIBERS, found["Subscribers"])

    @proves("budgets.budgets_have_tags")
    def test_a_budget_keeps_its_tags(self) -> None:
        self.budgets.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "env", "Value": "dev"}])
        self.budgets.untag_resource(ResourceARN=ARN, ResourceTagKeys=["team"])
        found = self.budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]
        self.assertEqual([{"Key": "env", "Value": "dev"}], found)

    @proves("budgets.budgets_can_be_changed")
    def test_a_budgets_limit_can_be_changed(self) -> None:
        raised = {**BUDGET, "BudgetLimit": {"Amount": "2000", "Unit": "USD"}}
        self.budgets.update_budget(AccountId=ACCOUNT, NewBudget=raised)
        found = self.budgets.describe_budget(AccountId=ACCOUNT, BudgetName="monthly")["Budget"]
        self.assertEqual("2000", found["BudgetLimit"]["Amount"])
