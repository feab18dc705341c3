"""Mends of CloudTrail: trails named by ARN."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend

from ..patching import override
from ..registry import mend


@mend(
    "cloudtrail",
    "StartLogging and StopLogging: a trail named by its ARN, as the provider names "
    "it, ends in an internal error.",
)
def logging_starts_and_stops_by_arn() -> None:
    @override(CloudTrailBackend)
    def start_logging(original: Any, self: Any, name: str) -> None:
        original(self, self.get_trail(name).trail_name)

    @override(CloudTrailBackend)
    def stop_logging(original: Any, self: Any, name: str) -> None:
        original(self, self.get_trail(name).trail_name)


@mend(
    "cloudtrail",
    "DeleteTrail: a trail named by its ARN is not deleted, and no error is answered.",
)
def trails_are_deleted_by_arn() -> None:
    @override(CloudTrailBackend)
    def delete_trail(original: Any, self: Any, name: str) -> None:
        original(self, self.get_trail(name).trail_name)
