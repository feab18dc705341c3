from __future__ import annotations

import json

from .support import MendTest, client, proves


class CloudWatchTest(MendTest):
    @proves("cloudwatch.composite_alarms_can_be_put")
    def test_a_composite_alarm_keeps_its_rule_and_actions(self) -> None:
        cloudwatch = client("cloudwatch")
        given = {
            "AlarmName": "database-down",
            "AlarmRule": "TRUE AND NOT FALSE",
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:critical"],
            "AlarmDescription": "both at once",
        }
        cloudwatch.put_composite_alarm(**given)
        found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
        self.assertEqual(given, {name: found[name] for name in given})


class CompositeAlarmTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.cloudwatch = client("cloudwatch")
        for name in ("cpu", "connections", "storage"):
            self.cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="AWS/RDS",
                MetricName=name,
                ComparisonOperator="GreaterThanThreshold",
                EvaluationPeriods=1,
                Period=60,
                Statistic="Average",
                Threshold=1.0,
            )

    def put(self, name: str, rule: str) -> None:
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule)

    def become(self, state: str, *names: str) -> None:
        for name in names:
            self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    def state(self, name: str) -> str:
        found = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
        return found["CompositeAlarms"][0]["StateValue"]

    @proves("cloudwatch.composite_alarms_follow_their_children")
    def test_a_composite_alarm_has_the_state_of_its_rule(self) -> None:
        self.put("database", 'ALARM("storage") OR (ALARM("cpu") AND ALARM(connections))')
        self.put("incident", 'ALARM("database") AND NOT OK("storage") AND TRUE')
        self.become("ALARM", "cpu")
        self.assertEqual("OK", self.state("database"))
        self.become("ALARM", "connections")
        self.assertEqual(("ALARM", "OK"), (self.state("database"), self.state("incident")))
        self.become("OK", "cpu", "connections")
        self.assertEqual("OK", self.state("database"))
        self.become("ALARM", "storage")
        self.assertEqual(("ALARM", "ALARM"), (self.state("database"), self.state("incident")))

    @proves("cloudwatch.composite_alarms_follow_their_children")
    def test_and_binds_more_strongly_than_or(self) -> None:
        self.become("ALARM", "storage")
        self.put("any", "ALARM(storage) OR ALARM(cpu) AND ALARM(connections)")
        self.assertEqual("ALARM", self.state("any"))

    @proves("cloudwatch.composite_alarms_follow_their_children")
    def test_a_rule_that_cannot_be_judged_is_refused(self) -> None:
        for rule in ('ALARM("gone")', "ALARM(cpu", "ALARM(cpu) ALARM(storage)", "ALARM(cpu) OR", "(ALARM(cpu)", "cpu"):
            self.assert_refused(
                "ValidationError", self.cloudwatch.put_composite_alarm, AlarmName="x", AlarmRule=rule
            )


class NotificationTest(MendTest):
    ALLOW = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}}

    def setUp(self) -> None:
        super().setUp()
        self.cloudwatch, self.sqs, self.sns, self.kms = (
            client(service) for service in ("cloudwatch", "sqs", "sns", "kms")
        )
        self.topic = self.sns.create_topic(Name="critical")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        self.sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard"
        )
        self.cloudwatch.put_metric_alarm(
            AlarmName="cpu",
            AlarmDescription="What to do: look.",
            Namespace="AWS/RDS",
            MetricName="cpu",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Period=60,
            Statistic="Average",
            Threshold=1.0,
            AlarmActions=[self.topic],
            OKActions=[self.topic],
        )

    def admit(self, source: str) -> None:
        condition = {"ArnLike": {"aws:SourceArn": source}}
        statement = {**self.ALLOW, "Action": "sns:Publish", "Resource": self.topic, "Condition": condition}
        self.attribute("Policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def attribute(self, name: str, value: str) -> None:
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName=name, AttributeValue=value)

    def heard(self, state: str) -> list[tuple[str, str]]:
        self.cloudwatch.set_alarm_state(AlarmName="cpu", StateValue=state, StateReason="a test")
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [(one["AlarmName"], one["NewStateValue"]) for one in told]

    @proves("cloudwatch.alarms_tell_their_topics")
    def test_a_topic_hears_when_an_alarm_is_red_and_when_it_is_over(self) -> None:
        self.assertEqual([("cpu", "ALARM")], self.heard("ALARM"))
        self.assertEqual([], self.heard("ALARM"))
        self.assertEqual([("cpu", "OK")], self.heard("OK"))

    @proves("cloudwatch.alarms_tell_their_topics")
    def test_a_topic_hears_only_what_its_policy_admits(self) -> None:
        self.admit("arn:aws:cloudwatch:us-east-1:210987654321:alarm:*")
        self.assertEqual([], self.heard("ALARM"))
        self.admit("arn:aws:cloudwatch:us-east-1:123456789012:alarm:*")
        self.assertEqual([("cpu", "OK")], self.heard("OK"))

    @proves("cloudwatch.alarms_tell_their_topics")
    def test_an_encrypted_topic_hears_only_what_its_key_admits(self) -> None:
        owner = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*"}
        key = self.kms.create_key(Policy=self.policy(owner))["KeyMetadata"]["KeyId"]
        for name in ("alias/aws/sns", key):
            self.attribute("KmsMasterKeyId", name)
            self.assertEqual([], self.heard("ALARM") + self.heard("OK"))
        use = {**self.ALLOW, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
        self.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=self.policy(owner, use))
        self.assertEqual([("cpu", "ALARM")], self.heard("ALARM"))

    def policy(self, *statements: dict[str, object]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{**one, "Resource": "*"} for one in statements]})
