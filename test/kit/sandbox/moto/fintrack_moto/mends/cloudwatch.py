"""Mends of CloudWatch: composite alarms."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from ..patching import add
from ..registry import mend


@mend(
    "cloudwatch",
    "PutCompositeAlarm is missing, though the model keeps an alarm's rule and "
    "DescribeAlarms answers composite alarms.",
)
def composite_alarms_can_be_put() -> None:
    @add(CloudWatchResponse)
    def put_composite_alarm(self: Any) -> ActionResult:
        return self.put_metric_alarm()
