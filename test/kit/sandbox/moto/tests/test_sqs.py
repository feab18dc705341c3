from __future__ import annotations

import json

from .support import MendTest, client, proves


class SQSTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.sqs = client("sqs")
        self.dead = self.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]

    def attribute(self, url: str, name: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]

    @proves("sqs.queues_keep_their_redrive_allow_policy")
    def test_a_redrive_allow_policy_is_answered_as_it_was_set(self) -> None:
        policy = json.dumps({"redrivePermission": "denyAll"})
        self.sqs.set_queue_attributes(
            QueueUrl=self.dead, Attributes={"RedriveAllowPolicy": policy}
        )
        self.assertEqual(policy, self.attribute(self.dead, "RedriveAllowPolicy"))
        self.assertEqual(
            policy,
            self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["All"])["Attributes"][
                "RedriveAllowPolicy"
            ],
        )

    @proves("sqs.redrive_policies_are_answered_without_spaces")
    def test_a_redrive_policy_has_no_spaces(self) -> None:
        arn = self.attribute(self.dead, "QueueArn")
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        url = self.sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})["QueueUrl"]
        self.assertEqual(
            f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}',
            self.attribute(url, "RedrivePolicy"),
        )

    @proves("sqs.a_change_of_attributes_keeps_the_policy")
    def test_a_change_of_the_timeout_keeps_the_queues_policy(self) -> None:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.dead, Attributes={"Policy": policy})
        self.sqs.set_queue_attributes(QueueUrl=self.dead, Attributes={"VisibilityTimeout": "60"})
        self.assertEqual(policy, self.attribute(self.dead, "Policy"))
