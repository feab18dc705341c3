"""Mends of IAM: what a policy's conditions mean."""

from __future__ import annotations

from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from .. import conditions
from ..patching import override
from ..registry import mend

# Every request stands for one to AWS, which answers nothing but TLS.
ALWAYS = {"aws:SecureTransport": "true"}


@mend(
    "iam",
    "Bucket and trust policies: one condition operator is known, all others hold "
    "always, and a statement whose condition does not hold denies whatever its "
    "effect is; a Deny without TLS denies everything.",
)
def conditions_of_policies_are_evaluated() -> None:
    @override(IAMPolicyStatement)
    def _check_conditions(original: Any, self: Any, values: dict[str, str] | None) -> bool:
        return conditions.hold(self._statement.get("Condition"), {**ALWAYS, **(values or {})})

    @override(IAMPolicyStatement)
    def is_action_permitted(
        original: Any,
        self: Any,
        action: str,
        resource: str = "*",
        principal: str | None = None,
        incoming_condition_values: dict[str, str] | None = None,
    ) -> PermissionResult:
        if not self._check_conditions(incoming_condition_values):
            return PermissionResult.NEUTRAL
        return original(self, action, resource, principal, incoming_condition_values)
