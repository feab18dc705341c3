"""Mends of the KMS keys and the managed password of RDS instances."""

from __future__ import annotations

import json
from typing import Any

from moto.moto_api._internal import mock_random as random
from moto.rds.models import DBCluster, DBInstance, MasterUserSecret, RDSBackend

from ...patching import override
from ...registry import mend

DEFAULT_KEY = "alias/aws/rds"


@mend(
    "rds",
    "CreateDBInstance and CreateDBCluster: storage encrypted without a key of one's "
    "own has the key default_kms_key_id, which is no ARN and no key.",
)
def encrypted_storage_without_a_key_has_the_accounts_default() -> None:
    def with_default_key(backend: RDSBackend, given: dict[str, Any]) -> dict[str, Any]:
        encrypted = str(given.get("storage_encrypted")).lower() == "true"
        if encrypted and not given.get("kms_key_id"):
            given["kms_key_id"] = backend._validate_kms_key(DEFAULT_KEY)
        return given

    @override(RDSBackend)
    def create_db_instance(original: Any, self: Any, db_kwargs: dict[str, Any]) -> DBInstance:
        return original(self, with_default_key(self, db_kwargs))

    @override(RDSBackend)
    def create_db_cluster(original: Any, self: Any, kwargs: dict[str, Any]) -> DBCluster:
        return original(self, with_default_key(self, kwargs))


@mend(
    "rds",
    "CreateDBInstance and CreateDBCluster: a key that does not exist in the region is "
    "accepted, and one given by id or alias is not answered as its ARN.",
)
def keys_must_exist_and_are_answered_as_arns() -> None:
    def resolve(backend: RDSBackend, given: dict[str, Any]) -> dict[str, Any]:
        for name in ("kms_key_id", "performance_insights_kms_key_id", "master_user_secret_kms_key_id"):
            if given.get(name):
                given[name] = backend._validate_kms_key(given[name])
        return given

    @override(RDSBackend)
    def create_db_instance(original: Any, self: Any, db_kwargs: dict[str, Any]) -> DBInstance:
        return original(self, resolve(self, db_kwargs))

    @override(RDSBackend)
    def create_db_cluster(original: Any, self: Any, kwargs: dict[str, Any]) -> DBCluster:
        return original(self, resolve(self, kwargs))

    @override(RDSBackend)
    def create_db_instance_read_replica(
        original: Any, self: Any, db_kwargs: dict[str, Any]
    ) -> DBInstance:
        return original(self, resolve(self, db_kwargs))


@mend(
    "rds",
    "ManageMasterUserPassword: the secret of every instance holds the user admin and "
    "one well-known password.",
)
def managed_passwords_are_random_and_of_the_master_user() -> None:
    @override(MasterUserSecret)
    def _generate_secret_string(original: Any, self: Any) -> str:
        password = random.get_random_string(28)
        return json.dumps({"username": self.resource.master_username, "password": password})
