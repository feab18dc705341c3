"""Mends of AWS Budgets: subscribers and tags."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse

from ..patching import add, override, state_of
from ..registry import mend


@mend(
    "budgets",
    "DescribeSubscribersForNotification is missing; aws_budgets_budget is read with it.",
)
def notifications_tell_their_subscribers() -> None:
    @add(BudgetsResponse)
    def describe_subscribers_for_notification(self: Any) -> str:
        wanted = self._get_param("Notification")
        budget = budget_named(self, self._get_param("AccountId"), self._get_param("BudgetName"))
        for notification in budget.notifications:
            if all(notification.details.get(key) == value for key, value in wanted.items()):
                return json.dumps({"Subscribers": notification.subscribers})
        raise NotFoundException("Unable to find the notification")


@mend(
    "budgets",
    "CreateBudget drops ResourceTags; TagResource, UntagResource and "
    "ListTagsForResource are missing.",
)
def budgets_have_tags() -> None:
    @override(BudgetsResponse)
    def create_budget(original: Any, self: Any) -> str:
        answer = original(self)
        name = self._get_param("Budget")["BudgetName"]
        budget = budget_named(self, self._get_param("AccountId"), name)
        set_tags(budget, self._get_param("ResourceTags") or [])
        return answer

    @add(BudgetsResponse)
    def tag_resource(self: Any) -> str:
        set_tags(budget_of_arn(self), self._get_param("ResourceTags"))
        return "{}"

    @add(BudgetsResponse)
    def untag_resource(self: Any) -> str:
        tags = state_of(budget_of_arn(self), "tags")
        for key in self._get_param("ResourceTagKeys"):
            tags.pop(key, None)
        return "{}"

    @add(BudgetsResponse)
    def list_tags_for_resource(self: Any) -> str:
        tags = state_of(budget_of_arn(self), "tags")
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        return json.dumps({"ResourceTags": listed})

    def set_tags(budget: Budget, tags: list[dict[str, str]]) -> None:
        state_of(budget, "tags").update({tag["Key"]: tag["Value"] for tag in tags})

    def budget_of_arn(response: Any) -> Budget:
        """arn:aws:budgets::123456789012:budget/monthly"""
        parts = response._get_param("ResourceARN").split(":", 5)
        return budget_named(response, parts[4], parts[5].removeprefix("budget/"))


@mend(
    "budgets",
    "UpdateBudget, UpdateNotification and the calls that create and delete a "
    "subscriber are missing, so no change of a budget can be applied.",
)
def budgets_can_be_changed() -> None:
    @add(BudgetsResponse)
    def update_budget(self: Any) -> str:
        changed = self._get_param("NewBudget")
        budget = budget_named(self, self._get_param("AccountId"), changed["BudgetName"])
        budget.budget = {**budget.budget, **changed}
        return "{}"


def budget_named(response: Any, account_id: str, name: str) -> Budget:
    budgets = response.backend.budgets[account_id]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]
