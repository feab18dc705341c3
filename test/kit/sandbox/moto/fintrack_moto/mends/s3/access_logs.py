"""Mends of S3: server access logs."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import LOGGING_SERVICE_PRINCIPAL, FakeBucket
from moto.s3.responses import S3Response

from ...patching import override
from ...registry import mend


@mend(
    "s3",
    "PutBucketLogging: fails with an internal error when the target's policy has a "
    "statement for everyone, and takes no narrower resource than the whole bucket.",
)
def log_delivery_is_judged_by_the_targets_policy() -> None:
    def log_permissions_enabled_policy(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}"
        return any(
            fnmatch.fnmatchcase(arn, resource)
            for statement in allowed_to_log(json.loads(target_bucket.policy))
            for resource in as_list(statement.get("Resource"))
        )

    FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions_enabled_policy)

    def allowed_to_log(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for statement in as_list(policy.get("Statement")):
            principal = statement.get("Principal")
            services = as_list(principal.get("Service")) if isinstance(principal, dict) else []
            if (
                statement.get("Effect") == "Allow"
                and LOGGING_SERVICE_PRINCIPAL in services
                and any(fnmatch.fnmatchcase("s3:PutObject", a) for a in as_list(statement.get("Action")))
            ):
                yield statement


@mend(
    "s3",
    "GetBucketLogging: TargetObjectKeyFormat is left out, so aws_s3_bucket_logging "
    "with a partitioned prefix drifts.",
)
def log_key_format_is_answered_as_given() -> None:
    @override(S3Response)
    def get_bucket_logging(original: Any, self: Any) -> Any:
        logging = self.backend.get_bucket_logging(self.bucket_name)
        key_format = logging.get("TargetObjectKeyFormat") if logging else None
        if not key_format:
            return original(self)
        enabled = {
            "TargetBucket": logging["TargetBucket"],
            "TargetPrefix": logging["TargetPrefix"],
            "TargetObjectKeyFormat": {kind: value or {} for kind, value in key_format.items()},
        }
        self.data["Action"] = "GetBucketLogging"
        return self.serialized(ActionResult({"LoggingEnabled": enabled}))


def as_list(value: Any) -> list[Any]:
    """The elements of a policy's field, which may hold one or several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
