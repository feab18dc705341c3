"""Mends of Secrets Manager: rotation that may fail, its window, keys of replicas."""

from __future__ import annotations

import contextvars
import json
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from ..patching import override, state_of
from ..registry import mend

_rotating: contextvars.ContextVar[bool] = contextvars.ContextVar("a rotation calls its function", default=False)


class StepFailed(Exception):
    """The rotation function raised: Secrets Manager stops, and nothing is moved."""


@mend(
    "secretsmanager",
    "RotateSecret: a rotation function that fails is taken for one that succeeded, "
    "and the pending version becomes the default one.",
)
def failed_steps_end_a_rotation() -> None:
    @override(LambdaBackend)
    def invoke(original: Any, self: Any, function_name: str, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, function_name, *args, **kwargs)
        if _rotating.get() and "x-amz-function-error" in kwargs["response_headers"]:
            raise StepFailed(answer)
        return answer

    @override(SecretsManagerBackend)
    def rotate_secret(original: Any, self: Any, secret_id: str, **kwargs: Any) -> str:
        token = _rotating.set(True)
        try:
            return original(self, secret_id, **kwargs)
        except StepFailed:
            # AWS answers before the function is done, and leaves AWSPENDING where it is.
            return self.secrets[secret_id].to_short_dict()
        finally:
            _rotating.reset(token)


@mend(
    "secretsmanager",
    "RotateSecret: moto refuses a secret whose AWSPENDING and AWSCURRENT are on the same "
    "version, which is how a finished rotation looks, so no secret can be rotated twice.",
)
def finished_rotations_leave_nothing_pending() -> None:
    @override(SecretsManagerBackend)
    def rotate_secret(original: Any, self: Any, secret_id: str, **kwargs: Any) -> str:
        answer = original(self, secret_id, **kwargs)
        for version in self.secrets[secret_id].versions.values():
            if {"AWSPENDING", "AWSCURRENT"} <= set(version["version_stages"]):
                version["version_stages"].remove("AWSPENDING")
        return answer


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
