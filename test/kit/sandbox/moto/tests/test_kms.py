from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .support import OTHER_REGION, MendTest, client, proves

POLICY = '{"Version":"2012-10-17","Statement":[]}'


class KMSTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.kms, self.replicas = client("kms"), client("kms", OTHER_REGION)

    def primary(self) -> str:
        created = self.kms.create_key(MultiRegion=True, Description="primary")
        return created["KeyMetadata"]["KeyId"]

    @proves("kms.replicas_are_keys_of_their_own")
    def test_describing_a_replica_does_not_turn_its_primary_into_a_replica(self) -> None:
        key = self.primary()
        self.kms.replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
        self.replicas.describe_key(KeyId=key)
        for kms, kind in ((self.kms, "PRIMARY"), (self.replicas, "REPLICA")):
            found = kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
            self.assertEqual(kind, found["MultiRegionKeyType"])
            self.assertEqual([OTHER_REGION], [one["Region"] for one in found["ReplicaKeys"]])

    @proves("kms.replicas_are_keys_of_their_own")
    def test_an_alias_of_a_replica_is_not_one_of_its_primary(self) -> None:
        key = self.primary()
        self.kms.replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
        self.replicas.create_alias(AliasName="alias/replica", TargetKeyId=key)
        aliases = [alias["AliasName"] for alias in self.kms.list_aliases(KeyId=key)["Aliases"]]
        self.assertEqual([], aliases)

    @proves("kms.replicas_take_their_own_description_policy_and_tags")
    def test_a_replica_has_the_description_policy_and_tags_it_was_given(self) -> None:
        key = self.primary()
        self.kms.replicate_key(
            KeyId=key,
            ReplicaRegion=OTHER_REGION,
            Description="replica",
            Policy=POLICY,
            Tags=[{"TagKey": "where", "TagValue": "there"}],
        )
        found = self.replicas.describe_key(KeyId=key)["KeyMetadata"]
        self.assertEqual("replica", found["Description"])
        self.assertEqual(POLICY, self.replicas.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        self.assertEqual(
            [{"TagKey": "where", "TagValue": "there"}],
            self.replicas.list_resource_tags(KeyId=key)["Tags"],
        )

    @proves("kms.the_rotation_period_is_kept")
    def test_a_rotation_period_is_answered_as_it_was_set(self) -> None:
        key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
        self.assertEqual(90, self.kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"])

    @proves("kms.the_rotation_period_is_kept")
    def test_a_key_rotates_yearly_when_no_period_is_given(self) -> None:
        key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.kms.enable_key_rotation(KeyId=key)
        self.assertEqual(365, self.kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"])

    @proves("kms.keys_of_services_are_managed_by_aws")
    def test_a_key_that_aws_makes_for_a_service_is_its_own(self) -> None:
        client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=True)
        key = self.kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
        self.assertEqual("AWS", key["KeyManager"])

    def signing_key(self) -> str:
        created = self.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        return created["KeyMetadata"]["KeyId"]

    @proves("kms.a_digest_is_signed_as_it_is")
    def test_the_signature_of_a_digest_is_one_of_what_was_hashed(self) -> None:
        key, message = self.signing_key(), b"said" * 2000
        digest = hashlib.sha256(message).digest()
        asked = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = self.kms.sign(Message=digest, **asked)["Signature"]
        public = serialization.load_der_public_key(self.kms.get_public_key(KeyId=key)["PublicKey"])
        public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        self.assertTrue(self.kms.verify(Message=digest, Signature=signature, **asked)["SignatureValid"])
        other = hashlib.sha256(b"other").digest()
        self.assertFalse(self.kms.verify(Message=other, Signature=signature, **asked)["SignatureValid"])

    @proves("kms.a_digest_is_signed_as_it_is")
    def test_a_digest_of_another_length_is_refused(self) -> None:
        self.assert_refused(
            "ValidationException",
            self.kms.sign,
            KeyId=self.signing_key(),
            Message=b"short",
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )

    @proves("kms.a_long_message_is_refused")
    def test_a_message_of_more_than_4096_bytes_is_refused(self) -> None:
        key = self.signing_key()
        self.kms.sign(KeyId=key, Message=b"m" * 4096, SigningAlgorithm="ECDSA_SHA_256")
        self.assert_refused(
            "ValidationException",
            self.kms.sign,
            KeyId=key,
            Message=b"m" * 4097,
            SigningAlgorithm="ECDSA_SHA_256",
        )

    @proves("kms.a_public_key_says_its_spec")
    def test_a_public_key_is_answered_with_its_spec(self) -> None:
        self.assertEqual("ECC_NIST_P256", self.kms.get_public_key(KeyId=self.signing_key())["KeySpec"])
