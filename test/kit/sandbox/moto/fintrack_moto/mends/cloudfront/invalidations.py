"""Mends of CloudFront's invalidations."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import Invalidation

from ...patching import override
from ...registry import mend


@mend(
    "cloudfront",
    "An invalidation is COMPLETED, where AWS says Completed: the waiter "
    "invalidation-completed waits for ten minutes and fails.",
)
def invalidations_complete_as_aws_says_it() -> None:
    @override(Invalidation)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.status = "Completed"
