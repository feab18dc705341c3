"""Mends of S3: replication, its rules and the copies it makes."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import iam_backends
from moto.s3.models import FakeKey
from moto.s3.responses import ReplicationConfigurationNotFoundError, S3Response

from ... import conditions
from ...patching import override, override_property, state_of
from ...registry import mend


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
    "PutObject into a bucket with a replication rule: no copy is ever made. Here it is made at once, "
    "and only if the rule's role may do what S3 does with it, on objects and on keys.",
)
def objects_are_replicated() -> None:
    @override(S3Response)
    def put_object(original: Any, self: Any) -> Any:
        answer = original(self)
        bucket = self.backend.get_bucket(self.bucket_name)
        replication = getattr(bucket, "replication", None)
        source = self.backend.get_object(self.bucket_name, self.parse_key_name())
        for rule in replication["Rule"] if replication else []:
            if applies(rule, source):
                state_of(source, "replication")["status"] = copy(self.backend, bucket, rule, source)
        return answer

    @override_property(FakeKey)
    def response_dict(headers: dict[str, Any], self: Any) -> dict[str, Any]:
        status = state_of(self, "replication").get("status")
        return {**headers, "x-amz-replication-status": status} if status else headers


def applies(rule: dict[str, Any], source: FakeKey) -> bool:
    prefix = (rule.get("Filter") or {}).get("Prefix") or ""
    selected = ((rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}).get("Status")
    return (
        rule["Status"] == "Enabled"
        and source.name.startswith(prefix)
        and (source.encryption != "aws:kms" or selected == "Enabled")
    )


def copy(backend: Any, bucket: Any, rule: dict[str, Any], source: FakeKey) -> str:
    """Make the copy; the replication status that the source then has."""
    destination = rule["Destination"]
    target = backend.get_bucket(destination["Bucket"].rsplit(":", 1)[1])
    key = (destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    needs = [
        ("s3:GetReplicationConfiguration", bucket.arn, {}),
        ("s3:GetObjectVersionForReplication", f"{bucket.arn}/{source.name}", {}),
        ("s3:ReplicateObject", f"{target.arn}/{source.name}", {}),
    ]
    if source.encryption == "aws:kms":
        needs.append(("kms:Decrypt", source.kms_key_id, through(bucket, source)))
    if key:
        needs.append(("kms:Encrypt", key, through(target, source)))
    if not may(bucket.replication["Role"], backend.account_id, bucket, needs) or not target.is_versioned:
        return "FAILED"
    replica = backend.put_object(
        bucket_name=target.name,
        key_name=source.name,
        value=source.value,
        storage=destination.get("StorageClass") or source.storage_class,
        encryption="aws:kms" if key else None,
        kms_key_id=key,
        disable_notification=True,
    )
    replica._version_id = source.version_id
    replica.set_metadata(source.metadata)
    backend.tagger.copy_tags(source.arn, replica.arn)
    state_of(replica, "replication")["status"] = "REPLICA"
    return "COMPLETED"


def through(bucket: Any, source: FakeKey) -> dict[str, str]:
    """The condition keys of a call to KMS that S3 makes for a bucket with a bucket key."""
    return {
        "kms:ViaService": f"s3.{bucket.region_name}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": bucket.arn,
    }


def may(role_arn: str, account: str, bucket: Any, needs: list[tuple[str, str, dict[str, str]]]) -> bool:
    """Whether S3 may take the role for this bucket, and the role may do all of that."""
    backend = iam_backends[account][bucket.partition]
    role = next((role for role in backend.roles.values() if role.arn == role_arn), None)
    if role is None or not trusts(role.assume_role_policy_document, account, bucket):
        return False
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    policies = [IAMPolicy(urllib.parse.unquote(document)) for document in documents]

    def permitted(action: str, resource: str, context: dict[str, str]) -> bool:
        verdicts = [p.is_action_permitted(action, resource, incoming_condition_values=context) for p in policies]
        return PermissionResult.DENIED not in verdicts and PermissionResult.PERMITTED in verdicts

    return all(permitted(*need) for need in needs)


def trusts(document: str, account: str, bucket: Any) -> bool:
    context = {"aws:SourceAccount": account, "aws:SourceArn": bucket.arn}
    return any(
        statement["Effect"] == "Allow"
        and "s3.amazonaws.com" in str(statement.get("Principal", {}).get("Service", ""))
        and conditions.hold(statement.get("Condition"), context)
        for statement in json.loads(urllib.parse.unquote(document))["Statement"]
    )
