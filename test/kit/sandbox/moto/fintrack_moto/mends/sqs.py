"""Mends of SQS: redrive policies, and attributes that a change leaves out."""

from __future__ import annotations

import json
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from ..patching import override, override_property
from ..registry import mend

ALLOW = "RedriveAllowPolicy"


@mend(
    "sqs",
    "GetQueueAttributes: RedriveAllowPolicy is an unknown attribute, so the provider "
    "waits for it until it gives up.",
)
def queues_keep_their_redrive_allow_policy() -> None:
    @override(SQSBackend)
    def get_queue_attributes(
        original: Any, self: Any, queue_name: str, attribute_names: list[str]
    ) -> dict[str, Any]:
        others = [name for name in attribute_names if name != ALLOW]
        answer = dict(original(self, queue_name, others))
        kept = getattr(self.get_queue(queue_name), "redrive_allow_policy", None)
        if kept and {ALLOW, "All"} & set(attribute_names):
            answer[ALLOW] = kept
        return answer


@mend(
    "sqs",
    "GetQueueAttributes: the redrive policy is answered with spaces after commas and "
    "colons, which AWS does not send; the provider compares the text.",
)
def redrive_policies_are_answered_without_spaces() -> None:
    @override_property(Queue)
    def attributes(stock: dict[str, Any], queue: Any) -> dict[str, Any]:
        if queue.redrive_policy:
            stock["RedrivePolicy"] = json.dumps(queue.redrive_policy, separators=(",", ":"))
        return stock


@mend(
    "sqs",
    "SetQueueAttributes: a change of any other attribute removes the queue's policy.",
)
def a_change_of_attributes_keeps_the_policy() -> None:
    @override(Queue)
    def _set_attributes(
        original: Any, self: Any, attributes: dict[str, Any], now: float | None = None
    ) -> None:
        kept = getattr(self, "policy", None)
        original(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = kept
