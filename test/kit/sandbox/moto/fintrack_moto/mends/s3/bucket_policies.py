"""Mends of S3: what a bucket policy is evaluated against, and how a denial looks."""

from __future__ import annotations

import contextvars
from typing import Any

from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from ...patching import override
from ...registry import mend

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
    "Object requests: a policy is asked about s3:HeadObject and s3:PostObject, which are no actions "
    "of IAM, so HeadObject gets through where s3:GetObject is denied.",
)
def methods_are_judged_by_their_actions() -> None:
    actions = {"s3:HeadObject": "s3:GetObject", "s3:PostObject": "s3:PutObject"}

    @override(FakeBucket)
    def get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
        return original(self, actions.get(action, action), resource)


@mend(
    "s3",
    "Object requests that a bucket policy denies: the answer has no body, so the SDKs cannot tell "
    "AccessDenied from any other refusal.",
)
def denials_say_access_denied() -> None:
    @override(S3Response)
    def _key_response(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        if answer == (403, {}, ""):
            raise S3AccessDeniedError
        return answer
