"""Mends of S3: bucket policies, replication, delete markers."""

from __future__ import annotations

import contextvars
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker
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
