"""Mends of Secrets Manager: rotation that may fail, its window, keys of replicas."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from ..patching import override, state_of
from ..registry import mend

# The calls of the rotation function that stock moto would make within RotateSecret.
_calls: contextvars.ContextVar[list[Callable[[], bool]] | None] = contextvars.ContextVar(
    "calls that the rotation under way has put off", default=None
)


@mend(
    "secretsmanager",
    "RotateSecret: moto answers only when the rotation function has done all four steps, takes one "
    "that fails for one that succeeded, and refuses a secret that was rotated before. AWS answers at "
    "once, stops at a step that fails and moves nothing, and refuses only while a rotation is under way.",
)
def rotations_run_behind_the_answer() -> None:
    from flask import copy_current_request_context

    @override(LambdaBackend)
    def invoke(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        put_off = _calls.get()
        if put_off is None:
            return original(self, *args, **kwargs)

        def call() -> bool:
            headers: dict[str, Any] = {}
            original(self, *args, **{**kwargs, "response_headers": headers})
            return "x-amz-function-error" not in headers

        put_off.append(call)
        return ""

    @override(SecretsManagerBackend)
    def rotate_secret(original: Any, self: Any, secret_id: str, **kwargs: Any) -> str:
        secret = self.describe_secret(secret_id)
        state = state_of(secret, "rotation")
        if state.get("under_way"):
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
        before = secret.default_version_id
        token = _calls.set([])
        try:
            answer = original(self, secret_id, **kwargs)
            calls = _calls.get()
        finally:
            _calls.reset(token)
        if not calls:
            return answer
        after, secret.default_version_id = secret.default_version_id, before
        state["under_way"] = True

        @copy_current_request_context
        def rotate() -> None:
            try:
                if all(call() for call in calls):
                    secret.default_version_id = after
                    drop_pending_from_current(secret)
            finally:
                state["under_way"] = False

        threading.Thread(target=rotate, daemon=True).start()
        return answer


def drop_pending_from_current(secret: FakeSecret) -> None:
    for version in secret.versions.values():
        if {"AWSPENDING", "AWSCURRENT"} <= set(version["version_stages"]):
            version["version_stages"].remove("AWSPENDING")


@mend(
    "secretsmanager",
    "RotateSecret without RotationLambdaARN, which is how a rotation is asked for by hand: the "
    "function is forgotten and not called, where AWS goes on using the one it knows.",
)
def the_rotation_function_is_remembered() -> None:
    @override(SecretsManagerBackend)
    def rotate_secret(original: Any, self: Any, secret_id: str, **kwargs: Any) -> str:
        known = getattr(self.secrets.get(secret_id), "rotation_lambda_arn", "")
        kwargs["rotation_lambda_arn"] = kwargs.get("rotation_lambda_arn") or known
        return original(self, secret_id, **kwargs)


@mend(
    "secretsmanager",
    "DescribeSecret: the rotation window (Duration) and a schedule expression are left "
    "out, so aws_secretsmanager_secret_rotation drifts.",
)
def rotation_rules_are_answered_as_given() -> None:
    @override(SecretsManagerResponse)
    def rotate_secret(original: Any, self: Any) -> str:
        secret = self.backend.describe_secret(self._get_param("SecretId"))
        rules = self._get_param("RotationRules")
        if rules:
            state_of(secret, "rotation_rules").clear()
            state_of(secret, "rotation_rules").update(rules)
            if "ScheduleExpression" in rules:
                secret.rotation_enabled = True
        return original(self)

    @override(FakeSecret)
    def to_dict(original: Any, self: Any) -> dict[str, Any]:
        answer = original(self)
        rules = state_of(self, "rotation_rules")
        if rules and "RotationRules" in answer:
            answer["RotationRules"] = dict(rules)
        return answer


@mend(
    "secretsmanager",
    "CreateSecret and ReplicateSecretToRegions: the KMS key of a replica is answered as "
    "the AWS managed one, so the replica block of aws_secretsmanager_secret drifts.",
)
def replicas_keep_their_keys() -> None:
    @override(FakeSecret)
    def create_replicas(original: Any, self: Any, replica_regions: list[dict[str, str]], **kwargs: Any) -> Any:
        replicas = original(self, replica_regions, **kwargs)
        for replica, wanted in zip(replicas, replica_regions or []):
            if wanted.get("KmsKeyId"):
                replica.config["KmsKeyId"] = wanted["KmsKeyId"]
        return replicas


@mend(
    "secretsmanager",
    "PutResourcePolicy: BlockPublicPolicy is ignored, so a policy that admits everyone is taken.",
)
def public_policies_are_refused() -> None:
    from moto.core.exceptions import JsonRESTError

    class PublicPolicyException(JsonRESTError):
        def __init__(self) -> None:
            super().__init__("PublicPolicyException", "You can't attach a policy that grants broad access to the secret.")

    def admits_everyone(statement: dict[str, Any]) -> bool:
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, dict) else principal
        everyone = "*" in (named if isinstance(named, list) else [named])
        return statement.get("Effect") == "Allow" and everyone and not statement.get("Condition")

    @override(SecretsManagerResponse)
    def put_resource_policy(original: Any, self: Any) -> str:
        if self._get_bool_param("BlockPublicPolicy", False):
            statements = json.loads(self._get_param("ResourcePolicy"))["Statement"]
            if any(admits_everyone(s) for s in (statements if isinstance(statements, list) else [statements])):
                raise PublicPolicyException
        return original(self)
