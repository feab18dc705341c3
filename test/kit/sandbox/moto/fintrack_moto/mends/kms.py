"""Mends of KMS: multi-region replicas, the rotation period, who manages a key, signing."""

from __future__ import annotations

import copy
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.exceptions import ValidationException
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

from ..patching import override
from ..registry import mend

DEFAULT_ROTATION_DAYS = 365


@mend(
    "kms",
    "ReplicateKey: the replica shares its multi-region configuration with the "
    "primary, so describing the replica turns the primary into a replica too.",
)
def replicas_are_keys_of_their_own() -> None:
    @override(KmsBackend)
    def replicate_key(original: Any, self: Any, key_id: str, replica_region: str) -> Key:
        primary = self.keys[self.any_id_to_key_id(key_id)]
        replica = copy.copy(primary)
        replica.region = replica_region
        replica.arn = primary.arn.replace(f":{self.region_name}:", f":{replica_region}:")
        replica.key_state = "Enabled"
        replica.aliases, replica.grants, replica.rotations = {}, {}, []

        known = primary.multi_region_configuration["ReplicaKeys"]
        entry = {"Arn": replica.arn, "Region": replica_region}
        if entry not in known:
            known.append(entry)
        # The list of replicas is one for all of them, the type is each key's own.
        replica.multi_region_configuration = {
            **primary.multi_region_configuration,
            "MultiRegionKeyType": "REPLICA",
        }
        kms_backends[self.account_id][replica_region].keys[replica.id] = replica
        return replica


@mend(
    "kms",
    "ReplicateKey: Description, Policy and Tags of the request are ignored; the "
    "replica shows those of its primary and aws_kms_replica_key drifts.",
)
def replicas_take_their_own_description_policy_and_tags() -> None:
    @override(KmsResponse)
    def replicate_key(original: Any, self: Any) -> str:
        answer = json.loads(original(self))
        backend = kms_backends[self.current_account][self._get_param("ReplicaRegion")]
        replica = backend.keys[answer["ReplicaKeyMetadata"]["KeyId"]]
        replica.description = self._get_param("Description") or ""
        replica.policy = self._get_param("Policy") or replica.generate_default_policy()
        tags = self._get_param("Tags") or []
        backend.tagger.tag_resource(replica.id, tags)
        return json.dumps(
            {
                "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"],
                "ReplicaPolicy": replica.policy,
                "ReplicaTags": tags,
            }
        )


@mend(
    "kms",
    "EnableKeyRotation and GetKeyRotationStatus: RotationPeriodInDays is neither "
    "kept nor answered, so aws_kms_key.rotation_period_in_days drifts.",
)
def the_rotation_period_is_kept() -> None:
    def key_of(response: Any) -> Key:
        backend = response.kms_backend
        return backend.keys[backend.any_id_to_key_id(response._get_param("KeyId"))]

    @override(KmsResponse)
    def enable_key_rotation(original: Any, self: Any) -> str:
        answer = original(self)
        key_of(self).rotation_period_in_days = (
            self._get_param("RotationPeriodInDays") or DEFAULT_ROTATION_DAYS
        )
        return answer

    @override(KmsResponse)
    def get_key_rotation_status(original: Any, self: Any) -> str:
        answer = json.loads(original(self))
        key = key_of(self)
        answer["KeyId"] = key.id
        if key.key_rotation_status:
            answer["RotationPeriodInDays"] = getattr(
                key, "rotation_period_in_days", DEFAULT_ROTATION_DAYS
            )
        return json.dumps(answer)


@mend(
    "kms",
    "DescribeKey: the keys that AWS makes for a service itself (alias/aws/ebs, "
    "alias/aws/dynamodb) are answered as the customer's, who could not delete them.",
)
def keys_of_services_are_managed_by_aws() -> None:
    @override(KmsBackend)
    def create_alias(original: Any, self: Any, target_key_id: str, alias_name: str) -> Any:
        alias = original(self, target_key_id, alias_name)
        if alias_name.startswith("alias/aws/"):
            self.keys[self.get_key_id(target_key_id)].key_manager = "AWS"
        return alias


class Digest(bytes):
    """A message that its sender has hashed already (MessageType DIGEST)."""

    def under(self, signing_algorithm: str) -> ec.ECDSA:
        hashed = {
            "ECDSA_SHA_256": hashes.SHA256(),
            "ECDSA_SHA_384": hashes.SHA384(),
            "ECDSA_SHA_512": hashes.SHA512(),
        }[signing_algorithm]
        if len(self) != hashed.digest_size:
            raise ValidationException(f"Digest is invalid length for algorithm {signing_algorithm}.")
        return ec.ECDSA(Prehashed(hashed))


@mend(
    "kms",
    "Sign and Verify: MessageType DIGEST is ignored and the digest hashed once more, "
    "so that nobody outside can verify what a key of an elliptic curve signed.",
)
def a_digest_is_signed_as_it_is() -> None:
    @override(KmsResponse)
    def _get_param(original: Any, self: Any, param_name: str, if_none: Any = None) -> Any:
        value = original(self, param_name, if_none)
        if param_name == "Message" and original(self, "MessageType") == "DIGEST":
            return Digest(value)
        return value

    @override(ECDSAPrivateKey)
    def sign(original: Any, self: Any, message: bytes, signing_algorithm: str) -> bytes:
        if isinstance(message, Digest):
            return self.private_key.sign(message, message.under(signing_algorithm))
        return original(self, message, signing_algorithm)

    @override(ECDSAPrivateKey)
    def verify(
        original: Any, self: Any, message: bytes, signature: bytes, signing_algorithm: str
    ) -> bool:
        if not isinstance(message, Digest):
            return original(self, message, signature, signing_algorithm)
        try:
            self.private_key.public_key().verify(
                signature, message, message.under(signing_algorithm)
            )
        except InvalidSignature:
            return False
        return True


LONGEST_MESSAGE = 4096


@mend("kms", "Sign: a message of more than 4096 bytes is taken; AWS wants its digest.")
def a_long_message_is_refused() -> None:
    @override(KmsBackend)
    def sign(original: Any, self: Any, key_id: str, message: bytes, signing_algorithm: str) -> Any:
        if len(message) > LONGEST_MESSAGE:
            raise ValidationException(
                "1 validation error detected: Value at 'message' failed to satisfy constraint: "
                "Member must have length less than or equal to 4096"
            )
        return original(self, key_id, message, signing_algorithm)


@mend("kms", "GetPublicKey: the answer has no KeySpec.")
def a_public_key_says_its_spec() -> None:
    @override(KmsResponse)
    def get_public_key(original: Any, self: Any) -> str:
        answer = json.loads(original(self))
        return json.dumps({**answer, "KeySpec": answer["CustomerMasterKeySpec"]})
