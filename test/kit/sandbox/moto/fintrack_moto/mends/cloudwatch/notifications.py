"""Mends of CloudWatch: what alarms tell their topics."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from moto.cloudwatch.models import Alarm
from moto.kms.models import kms_backends
from moto.sns.models import Topic, sns_backends

from ... import conditions
from ...patching import override
from ...registry import mend

SERVICE = "cloudwatch.amazonaws.com"


@mend(
    "cloudwatch",
    "SetAlarmState: an alarm's actions are never taken, so nobody hears of it. Here its topics are told, "
    "if their policies admit CloudWatch for this alarm and their keys' policies let CloudWatch use them.",
)
def alarms_tell_their_topics() -> None:
    @override(Alarm)
    def update_state(original: Any, self: Any, reason: str, reason_data: str, state_value: str) -> None:
        before = self.state_value
        original(self, reason, reason_data, state_value)
        if before != state_value and self.actions_enabled:
            actions = {"ALARM": self.alarm_actions, "OK": self.ok_actions}.get(
                state_value, self.insufficient_data_actions
            )
            for arn in actions or []:
                tell(self, arn, before)


def tell(alarm: Alarm, arn: str, before: str) -> None:
    _, _, _, region, account, _ = alarm.alarm_arn.split(":", 5)
    topic = sns_backends[account][region].topics.get(arn)
    source = {"aws:SourceAccount": account, "aws:SourceOwner": account, "aws:SourceArn": alarm.alarm_arn}
    if topic is None or not allows(topic.policy, "sns:Publish", arn, source) or not usable(topic, source):
        return
    topic.publish(
        json.dumps(
            {
                "AlarmName": alarm.name,
                "AlarmDescription": alarm.description,
                "AWSAccountId": account,
                "AlarmArn": alarm.alarm_arn,
                "NewStateValue": alarm.state_value,
                "OldStateValue": before,
                "NewStateReason": alarm.state_reason,
                "Region": region,
            }
        ),
        subject=f'{alarm.state_value}: "{alarm.name}" in {region}',
    )


def usable(topic: Topic, source: dict[str, str]) -> bool:
    """Whether CloudWatch may use the key of the topic, if it has one."""
    name = topic.kms_master_key_id
    if not name:
        return True
    if name.startswith("alias/aws/"):
        return False  # whose policy admits SNS alone
    _, _, _, region, account, _ = topic.arn.split(":", 5)
    backend = kms_backends[account][region]
    key = backend.keys.get(backend.any_id_to_key_id(name))
    context = {**source, "kms:EncryptionContext:aws:sns:topicArn": topic.arn}
    return key is not None and all(
        allows(key.policy, action, key.arn, context) for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def allows(policy: str, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a resource's policy lets CloudWatch do something in its own name."""
    effects = {
        statement["Effect"]
        for statement in statements(policy)
        if concerns(statement.get("Principal"))
        and any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in several(statement.get("Action")))
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in several(statement.get("Resource")))
        and conditions.hold(statement.get("Condition"), {"aws:SecureTransport": "true", **context})
    }
    return effects == {"Allow"}


def statements(policy: str) -> Iterator[dict[str, Any]]:
    yield from several(json.loads(policy)["Statement"])


def concerns(principal: Any) -> bool:
    if isinstance(principal, dict):
        return SERVICE in several(principal.get("Service")) or "*" in several(principal.get("AWS"))
    return principal == "*"


def several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
