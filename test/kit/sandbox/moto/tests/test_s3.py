from __future__ import annotations

import datetime
import json
import time

from .support import MendTest, client, proves

KEY = "arn:aws:kms:us-east-1:123456789012:key/reports"


class S3Test(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.s3 = client("s3")
        for bucket in ("reports", "replica"):
            self.s3.create_bucket(Bucket=bucket)

    @proves("s3.bucket_policies_see_the_requests_headers")
    def test_an_object_under_a_foreign_key_is_refused_and_one_under_the_own_key_is_not(self) -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::reports/*",
            "Condition": {
                "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY}
            },
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.s3.put_bucket_policy(Bucket="reports", Policy=json.dumps(policy))
        put = {"Bucket": "reports", "Key": "q1", "Body": b"", "ServerSideEncryption": "aws:kms"}
        self.assert_refused("AccessDenied", self.s3.put_object, **put, SSEKMSKeyId=KEY + "-other")
        self.s3.put_object(**put, SSEKMSKeyId=KEY)

    @proves("s3.replication_rules_are_answered_as_given")
    def test_a_replication_rule_is_answered_as_it_was_put(self) -> None:
        for bucket in ("reports", "replica"):
            self.set_versioning(bucket, "Enabled")
        rule = {
            "ID": "all",
            "Priority": 3,
            "Status": "Enabled",
            "Filter": {"Prefix": "2024/"},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "Destination": {
                "Bucket": "arn:aws:s3:::replica",
                "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
            },
        }
        self.s3.put_bucket_replication(
            Bucket="reports",
            ReplicationConfiguration={"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]},
        )
        found = self.s3.get_bucket_replication(Bucket="reports")["ReplicationConfiguration"]
        self.assertEqual([rule], found["Rules"])

    def set_versioning(self, bucket: str, status: str) -> None:
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    @proves("s3.delete_markers_can_be_removed")
    def test_a_bucket_whose_versioning_was_suspended_can_be_emptied(self) -> None:
        self.set_versioning("reports", "Enabled")
        self.s3.put_object(Bucket="reports", Key="q1", Body=b"figures")
        self.s3.delete_object(Bucket="reports", Key="q1")
        self.set_versioning("reports", "Suspended")
        listed = self.s3.list_object_versions(Bucket="reports")
        versions = [found["VersionId"] for found in listed["Versions"] + listed["DeleteMarkers"]]
        self.s3.delete_objects(
            Bucket="reports",
            Delete={"Objects": [{"Key": "q1", "VersionId": version} for version in versions]},
        )
        self.s3.delete_bucket(Bucket="reports")

    def deny(self, action: str) -> None:
        statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "arn:aws:s3:::reports/*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.s3.put_bucket_policy(Bucket="reports", Policy=json.dumps(policy))

    @proves("s3.denials_say_access_denied")
    def test_a_denied_request_is_told_so(self) -> None:
        self.deny("s3:PutObject")
        self.assert_refused("AccessDenied", self.s3.put_object, Bucket="reports", Key="q1", Body=b"")

    @proves("s3.methods_are_judged_by_their_actions")
    def test_the_head_of_an_object_needs_the_right_to_get_it(self) -> None:
        self.s3.put_object(Bucket="reports", Key="q1", Body=b"")
        self.s3.head_object(Bucket="reports", Key="q1")
        self.deny("s3:GetObject")
        self.assert_refused("403", self.s3.head_object, Bucket="reports", Key="q1")

    def log_to_replica(self, resource: str, **logging: object) -> None:
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": resource,
        }
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::replica/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = {"Version": "2012-10-17", "Statement": [deny, allow]}
        self.s3.put_bucket_policy(Bucket="replica", Policy=json.dumps(policy))
        enabled = {"TargetBucket": "replica", "TargetPrefix": "s3/reports/", **logging}
        self.s3.put_bucket_logging(Bucket="reports", BucketLoggingStatus={"LoggingEnabled": enabled})

    @proves("s3.log_delivery_is_judged_by_the_targets_policy")
    def test_logs_go_where_the_targets_policy_admits_them(self) -> None:
        self.log_to_replica("arn:aws:s3:::replica/s3/*")
        found = self.s3.get_bucket_logging(Bucket="reports")["LoggingEnabled"]
        self.assertEqual("replica", found["TargetBucket"])
        self.assert_refused(
            "InvalidTargetBucketForLogging", self.log_to_replica, resource="arn:aws:s3:::replica/elsewhere/*"
        )

    @proves("s3.log_key_format_is_answered_as_given")
    def test_the_format_of_log_keys_is_answered_as_it_was_put(self) -> None:
        key_format = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
        self.log_to_replica("arn:aws:s3:::replica/*", TargetObjectKeyFormat=key_format)
        found = self.s3.get_bucket_logging(Bucket="reports")["LoggingEnabled"]
        self.assertEqual(key_format, found["TargetObjectKeyFormat"])


class ObjectLockTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.s3 = client("s3")
        self.s3.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)

    def put(self, mode: str, until: datetime.datetime) -> dict[str, str]:
        version = self.s3.put_object(
            Bucket="evidence", Key="bundle", Body=b"", ObjectLockMode=mode, ObjectLockRetainUntilDate=until
        )["VersionId"]
        return {"Bucket": "evidence", "Key": "bundle", "VersionId": version}

    @proves("s3.retention_cannot_be_shortened")
    def test_a_retention_can_be_extended_and_not_shortened_until_it_is_over(self) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        hour, day = now + datetime.timedelta(hours=1), now + datetime.timedelta(days=1)
        change = self.s3.put_object_retention
        kept = self.put("COMPLIANCE", day)
        for shorter in ({"Mode": "COMPLIANCE", "RetainUntilDate": hour}, {"Mode": "GOVERNANCE", "RetainUntilDate": day}):
            self.assert_refused("AccessDenied", change, **kept, Retention=shorter, BypassGovernanceRetention=True)
        change(**kept, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": day + datetime.timedelta(days=1)})

        kept = self.put("GOVERNANCE", day)
        shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": hour}
        self.assert_refused("AccessDenied", change, **kept, Retention=shorter)
        change(**kept, Retention=shorter, BypassGovernanceRetention=True)

        soon = now + datetime.timedelta(seconds=2)
        kept = self.put("COMPLIANCE", soon)
        self.assert_refused("AccessDenied", change, **kept, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": day})
        time.sleep(2.1)
        change(**kept, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": day})


class ReplicationTest(MendTest):
    ROLE = "arn:aws:iam::123456789012:role/replication"

    def setUp(self) -> None:
        super().setUp()
        self.s3, self.iam = client("s3"), client("iam")
        for bucket in ("reports", "replica"):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::reports"}},
        }
        self.iam.create_role(RoleName="replication", AssumeRolePolicyDocument=self.policy(statement))
        rule = {
            "ID": "all",
            "Priority": 0,
            "Status": "Enabled",
            "Filter": {"Prefix": "2024/"},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "Destination": {
                "Bucket": "arn:aws:s3:::replica",
                "StorageClass": "STANDARD_IA",
                "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY + "-dr"},
            },
        }
        self.s3.put_bucket_replication(
            Bucket="reports", ReplicationConfiguration={"Role": self.ROLE, "Rules": [rule]}
        )

    def policy(self, *statements: dict[str, object]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def permit(self, **keys: str) -> None:
        """Let the role replicate, with the given actions on the given keys."""
        statements = [
            {"Effect": "Allow", "Action": "s3:GetReplicationConfiguration", "Resource": "arn:aws:s3:::reports"},
            {"Effect": "Allow", "Action": "s3:GetObjectVersionForReplication", "Resource": "arn:aws:s3:::reports/*"},
            {"Effect": "Allow", "Action": "s3:ReplicateObject", "Resource": "arn:aws:s3:::replica/*"},
        ]
        via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
        for action, key in keys.items():
            statements.append(
                {"Effect": "Allow", "Action": f"kms:{action}", "Resource": key, "Condition": via}
            )
        self.iam.put_role_policy(
            RoleName="replication", PolicyName="replicate", PolicyDocument=self.policy(*statements)
        )

    def status(self, key: str) -> str:
        self.s3.put_object(Bucket="reports", Key=key, Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY)
        return self.s3.head_object(Bucket="reports", Key=key).get("ReplicationStatus", "")

    @proves("s3.objects_are_replicated")
    def test_an_object_is_copied_as_the_rule_says(self) -> None:
        self.permit(Decrypt=KEY, Encrypt=KEY + "-dr")
        self.assertEqual("COMPLETED", self.status("2024/q1"))
        copied = self.s3.head_object(Bucket="replica", Key="2024/q1")
        self.assertEqual("REPLICA", copied["ReplicationStatus"])
        self.assertEqual((KEY + "-dr", "STANDARD_IA"), (copied["SSEKMSKeyId"], copied["StorageClass"]))
        self.assertEqual("", self.status("2023/q1"))

    @proves("s3.objects_are_replicated")
    def test_a_role_that_may_not_do_all_of_it_copies_nothing(self) -> None:
        self.assertEqual("FAILED", self.status("2024/q1"))
        self.permit(Decrypt=KEY)
        self.assertEqual("FAILED", self.status("2024/q1"))
        self.permit(Encrypt=KEY + "-dr")
        self.assertEqual("FAILED", self.status("2024/q1"))
        self.assertNotIn("Contents", self.s3.list_objects_v2(Bucket="replica"))
