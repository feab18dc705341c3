from __future__ import annotations

from typing import Any

from .support import MendTest, client, proves

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER = "arn:aws:kms:us-east-1:123456789012:key/99999999-2222-3333-4444-555555555555"


class DynamoDBTest(MendTest):
    @proves("dynamodb.restored_tables_are_encrypted_as_asked")
    def test_a_restored_table_is_under_its_sources_key_or_the_one_asked_for(self) -> None:
        dynamodb = client("dynamodb")

        def encryption(key: str) -> dict[str, Any]:
            return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}

        dynamodb.create_table(
            TableName="runs",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification=encryption(KEY),
        )
        for target, asked, want in (
            ("as-before", {}, KEY),
            ("as-asked", {"SSESpecificationOverride": encryption(OTHER)}, OTHER),
        ):
            answer = dynamodb.restore_table_to_point_in_time(
                SourceTableName="runs", TargetTableName=target, UseLatestRestorableTime=True, **asked
            )["TableDescription"]
            described = dynamodb.describe_table(TableName=target)["Table"]
            self.assertEqual(want, answer["SSEDescription"]["KMSMasterKeyArn"])
            self.assertEqual(want, described["SSEDescription"]["KMSMasterKeyArn"])
            self.assertIn("RestoreSummary", described)
