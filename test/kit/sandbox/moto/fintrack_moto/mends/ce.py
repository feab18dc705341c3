"""Mends of Cost Explorer: anomaly monitors and subscriptions."""

from __future__ import annotations

import json
from typing import Any

from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random as random

from ..patching import add, state_of
from ..registry import mend


def things_of(response: Any, kind: str) -> dict[str, dict[str, Any]]:
    return state_of(response.ce_backend, kind)


def find(response: Any, kind: str, arn: str, error: str) -> dict[str, Any]:
    things = things_of(response, kind)
    if arn not in things:
        raise JsonRESTError(error, f"No such {kind.replace('_', ' ')[:-1]}: {arn}")
    return things[arn]


def keep(response: Any, kind: str, word: str, thing: dict[str, Any]) -> str:
    """Keep a new thing under an ARN of its own, with the tags of the request."""
    backend = response.ce_backend
    owner = f"arn:{backend.partition}:ce::{backend.account_id}"
    arn = f"{owner}:{word}/{random.uuid4()}"
    things_of(response, kind)[arn] = thing
    backend.tag_resource(arn, response._get_param("ResourceTags") or [])
    return arn


@mend(
    "ce",
    "CreateAnomalyMonitor and the calls that get, update and delete anomaly monitors "
    "are missing.",
)
def costs_have_anomaly_monitors() -> None:
    @add(CostExplorerResponse)
    def create_anomaly_monitor(self: Any) -> str:
        today = utcnow().date().isoformat()
        monitor = {**self._get_param("AnomalyMonitor"), "CreationDate": today}
        monitor["MonitorArn"] = keep(self, "anomaly_monitors", "anomalymonitor", monitor)
        return json.dumps({"MonitorArn": monitor["MonitorArn"]})

    @add(CostExplorerResponse)
    def get_anomaly_monitors(self: Any) -> str:
        arns = self._get_param("MonitorArnList") or list(things_of(self, "anomaly_monitors"))
        listed = [find(self, "anomaly_monitors", arn, "UnknownMonitorException") for arn in arns]
        return json.dumps({"AnomalyMonitors": listed})

    @add(CostExplorerResponse)
    def update_anomaly_monitor(self: Any) -> str:
        monitor = find(
            self, "anomaly_monitors", self._get_param("MonitorArn"), "UnknownMonitorException"
        )
        monitor["MonitorName"] = self._get_param("MonitorName") or monitor["MonitorName"]
        return json.dumps({"MonitorArn": monitor["MonitorArn"]})

    @add(CostExplorerResponse)
    def delete_anomaly_monitor(self: Any) -> str:
        arn = self._get_param("MonitorArn")
        find(self, "anomaly_monitors", arn, "UnknownMonitorException")
        del things_of(self, "anomaly_monitors")[arn]
        return "{}"


@mend(
    "ce",
    "CreateAnomalySubscription and the calls that get, update and delete anomaly "
    "subscriptions are missing.",
)
def costs_have_anomaly_subscriptions() -> None:
    changeable = (
        "Threshold",
        "Frequency",
        "MonitorArnList",
        "Subscribers",
        "SubscriptionName",
        "ThresholdExpression",
    )

    @add(CostExplorerResponse)
    def create_anomaly_subscription(self: Any) -> str:
        given = self._get_param("AnomalySubscription")
        for arn in given["MonitorArnList"]:
            find(self, "anomaly_monitors", arn, "UnknownMonitorException")
        subscription = {**given, "AccountId": self.current_account}
        arn = keep(self, "anomaly_subscriptions", "anomalysubscription", subscription)
        subscription["SubscriptionArn"] = arn
        return json.dumps({"SubscriptionArn": arn})

    @add(CostExplorerResponse)
    def get_anomaly_subscriptions(self: Any) -> str:
        known = things_of(self, "anomaly_subscriptions")
        arns = self._get_param("SubscriptionArnList") or list(known)
        listed = [
            find(self, "anomaly_subscriptions", arn, "UnknownSubscriptionException")
            for arn in arns
        ]
        monitor = self._get_param("MonitorArn")
        listed = [found for found in listed if not monitor or monitor in found["MonitorArnList"]]
        return json.dumps({"AnomalySubscriptions": listed})

    @add(CostExplorerResponse)
    def update_anomaly_subscription(self: Any) -> str:
        arn = self._get_param("SubscriptionArn")
        subscription = find(self, "anomaly_subscriptions", arn, "UnknownSubscriptionException")
        for name in changeable:
            if self._get_param(name) is not None:
                subscription[name] = self._get_param(name)
        return json.dumps({"SubscriptionArn": arn})

    @add(CostExplorerResponse)
    def delete_anomaly_subscription(self: Any) -> str:
        arn = self._get_param("SubscriptionArn")
        find(self, "anomaly_subscriptions", arn, "UnknownSubscriptionException")
        del things_of(self, "anomaly_subscriptions")[arn]
        return "{}"
