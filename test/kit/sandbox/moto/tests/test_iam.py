from __future__ import annotations

import json
from typing import Any

from .support import MendTest, client, proves


class IAMTest(MendTest):
    def put(self, condition: dict[str, Any]) -> None:
        """Put an object where a policy denies it under the condition."""
        s3 = client("s3")
        s3.create_bucket(Bucket="guarded")
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::guarded", "arn:aws:s3:::guarded/*"],
            "Condition": condition,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="guarded", Policy=json.dumps(policy))
        s3.put_object(Bucket="guarded", Key="report", Body=b"figures")

    @proves("iam.conditions_of_policies_are_evaluated")
    def test_a_deny_without_tls_does_not_deny_with_it(self) -> None:
        self.put({"Bool": {"aws:SecureTransport": "false"}})

    @proves("iam.conditions_of_policies_are_evaluated")
    def test_a_statement_whose_condition_does_not_hold_denies_nothing(self) -> None:
        self.put({"NumericLessThan": {"s3:TlsVersion": "1.2"}})
