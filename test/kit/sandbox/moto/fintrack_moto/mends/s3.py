"""Mends of S3: bucket policies, access logging, replication, delete markers."""

from __future__ import annotations

import contextvars
import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import LOGGING_SERVICE_PRINCIPAL, FakeBucket, FakeDeleteMarker
from moto.s3.responses import ReplicationConfigurationNotFoundError, S3Response

from ..patching import add, override
from ..registry import mend

_request_context: contextvars.ContextVar[dict[str, str]] = contextvars.ContextVar(
    "condition keys of the S3 request that this thread answers"
)


@mend(
    "s3",
    "Object requests: a bucket policy is evaluated without the request's headers, "
    "so a Deny on a missing or a foreign encryption key can never apply.",
)
def bucket_policies_see_the_requests_headers() -> None:
    @override(S3Response)
    def key_response(original: Any, self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        token = _request_context.set(
            {
                f"s3:{name.lower()}": value
                for name, value in request.headers.items()
                if name.lower().startswith("x-amz-")
            }
        )
        try:
            return original(self, request, *args, **kwargs)
        finally:
            _request_context.reset(token)

    @override(FakeBucket)
    def get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
        from moto.iam.access_control import IAMPolicy, PermissionResult

        if self.policy is None:
            return PermissionResult.NEUTRAL
        return IAMPolicy(self.policy.decode()).is_action_permitted(
            action, resource, incoming_condition_values=_request_context.get({})
        )


@mend(
    "s3",
    "GetBucketReplication: DeleteMarkerReplication, Filter and "
    "SourceSelectionCriteria are answered as constants, so "
    "aws_s3_bucket_replication_configuration drifts.",
)
def replication_rules_are_answered_as_given() -> None:
    @override(S3Response)
    def get_bucket_replication(original: Any, self: Any) -> Any:
        self.data["Action"] = "GetBucketReplication"
        replication = self.backend.get_bucket_replication(self.bucket_name)
        if not replication:
            raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
        rules = [replication_rule(rule) for rule in replication["Rule"]]
        configuration = {"Role": replication["Role"], "Rules": rules}
        return self.serialized(ActionResult({"ReplicationConfiguration": configuration}))

    def replication_rule(kept: dict[str, Any]) -> dict[str, Any]:
        rule = {
            **kept,
            "DeleteMarkerReplication": kept.get("DeleteMarkerReplication")
            or {"Status": "Disabled"},
            "Filter": kept.get("Filter") or {"Prefix": ""},
        }
        return {name: value for name, value in rule.items() if not name.startswith("@")}


@mend(
    "s3",
    "DeleteObjects and force_destroy: removing the last version of an object fails "
    "with an internal error when that version is a delete marker.",
)
def delete_markers_can_be_removed() -> None:
    @add(FakeDeleteMarker)
    def dispose(self: Any, garbage: bool = False) -> None:
        """A marker holds no data, so there is nothing to let go."""


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
