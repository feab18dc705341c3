from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

from .support import MendTest, client, proves, zip_of

# Stock moto would fetch an image and run the function in it where Docker is to be had.
os.environ["DOCKER_HOST"] = "unix:///nonexistent"

MONTHLY = {"AutomaticallyAfterDays": 30}

KEY = "arn:aws:kms:eu-west-1:123456789012:key/replica"

# Rotates as AWS describes it; the step that the secret's description names fails.
ROTATION = """
import boto3
def handle(event, context):
    client = boto3.client("secretsmanager")
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    description = client.describe_secret(SecretId=secret)
    if description.get("Description") == step:
        raise RuntimeError(step)
    if step == "createSecret":
        client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = next(v for v, s in description["VersionIdsToStages"].items() if "AWSCURRENT" in s)
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


class RotationTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.secrets = client("secretsmanager")
        role = client("iam").create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.function = client("lambda").create_function(
            FunctionName="f",
            Runtime="python3.13",
            Handler="code.handle",
            Role=role,
            Timeout=20,
            Code={"ZipFile": zip_of(code=ROTATION)},
        )["FunctionArn"]

        self.secrets.create_secret(Name="db", SecretString="first")

    def rotate(self, secret: str = "db", **arguments: object) -> None:
        """Rotate, and wait until nothing is pending."""
        before = self.current(secret)
        self.secrets.rotate_secret(SecretId=secret, **arguments)
        self.eventually(lambda: self.current(secret) != before and ["AWSPENDING"] not in self.stages(secret))

    def eventually(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), deadline, "it did not become so within 30 s")
            time.sleep(0.05)

    def switch_on(self, secret: str = "db") -> None:
        self.rotate(secret, RotationLambdaARN=self.function, RotationRules=MONTHLY)

    def current(self, secret: str = "db") -> str:
        return self.secrets.get_secret_value(SecretId=secret)["SecretString"]

    def stages(self, secret: str = "db") -> list[list[str]]:
        found = self.secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        return sorted(sorted(stages) for stages in found.values())

    def printed(self) -> str:
        logs, lines = client("logs"), []
        for stream in logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"]:
            events = logs.get_log_events(logGroupName="/aws/lambda/f", logStreamName=stream["logStreamName"])
            lines += [event["message"] for event in events["events"]]
        return "\n".join(lines)

    @proves("secretsmanager.rotations_run_behind_the_answer")
    def test_a_rotation_that_fails_changes_nothing(self) -> None:
        client("logs").create_log_group(logGroupName="/aws/lambda/f")
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            self.secrets.create_secret(Name=step, SecretString="first", Description=step)
            self.secrets.rotate_secret(SecretId=step, RotationLambdaARN=self.function, RotationRules=MONTHLY)
            self.assertEqual("first", self.current(step), step)
            self.eventually(lambda: f"RuntimeError: {step}" in self.printed())
            self.assertEqual("first", self.current(step), step)
            self.assertEqual([["AWSCURRENT"], ["AWSPENDING"]], self.stages(step), step)

    @proves("secretsmanager.rotations_run_behind_the_answer")
    def test_a_secret_can_be_rotated_again_and_again_but_not_at_once(self) -> None:
        self.switch_on()
        self.assertEqual([["AWSCURRENT"], ["AWSPREVIOUS"]], self.stages())
        second = self.current()
        self.secrets.rotate_secret(SecretId="db", RotationLambdaARN=self.function)
        self.assert_refused("InvalidRequestException", self.secrets.rotate_secret, SecretId="db")
        self.eventually(lambda: self.current() != second and ["AWSPENDING"] not in self.stages())
        self.assertEqual([[], ["AWSCURRENT"], ["AWSPREVIOUS"]], self.stages())

    @proves("secretsmanager.the_rotation_function_is_remembered")
    def test_a_rotation_by_hand_calls_the_function_that_is_known(self) -> None:
        self.switch_on()
        second = self.current()
        self.rotate()
        self.assertNotEqual(second, self.current())
        self.assertEqual(self.function, self.secrets.describe_secret(SecretId="db")["RotationLambdaARN"])

    @proves("secretsmanager.rotation_rules_are_answered_as_given")
    def test_rotation_rules_are_answered_as_they_were_put(self) -> None:
        for rules in (
            {"AutomaticallyAfterDays": 30, "Duration": "3h"},
            {"ScheduleExpression": "rate(10 days)", "Duration": "2h"},
        ):
            self.rotate(RotationLambdaARN=self.function, RotationRules=rules)
            found = self.secrets.describe_secret(SecretId="db")
            self.assertEqual(rules, found["RotationRules"])
            self.assertTrue(found["RotationEnabled"])


class SecretTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.secrets = client("secretsmanager")

    @proves("secretsmanager.replicas_keep_their_keys")
    def test_a_replica_is_under_the_key_that_was_given(self) -> None:
        replica = [{"Region": "eu-west-1", "KmsKeyId": KEY}]
        self.secrets.create_secret(Name="db", SecretString="x", AddReplicaRegions=replica)
        self.secrets.create_secret(Name="queue", SecretString="x")
        self.secrets.replicate_secret_to_regions(SecretId="queue", AddReplicaRegions=replica)
        for name in ("db", "queue"):
            found = self.secrets.describe_secret(SecretId=name)["ReplicationStatus"]
            self.assertEqual([("eu-west-1", KEY)], [(one["Region"], one["KmsKeyId"]) for one in found])

    @proves("secretsmanager.public_policies_are_refused")
    def test_a_policy_for_everybody_is_refused_where_that_is_asked_for(self) -> None:
        self.secrets.create_secret(Name="db", SecretString="x")
        statement = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
        put = {"SecretId": "db", "ResourcePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        self.assert_refused("PublicPolicyException", self.secrets.put_resource_policy, **put, BlockPublicPolicy=True)
        self.secrets.put_resource_policy(**put)
