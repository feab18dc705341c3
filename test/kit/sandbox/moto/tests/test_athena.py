from __future__ import annotations

from .support import MendTest, client, proves


class AthenaTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.athena = client("athena")

    @proves("athena.named_queries_can_be_deleted")
    def test_a_named_query_can_be_deleted(self) -> None:
        query = self.athena.create_named_query(
            Name="rejects", Database="flow", QueryString="SELECT 1"
        )["NamedQueryId"]
        self.athena.delete_named_query(NamedQueryId=query)
        self.assertEqual([], self.athena.list_named_queries()["NamedQueryIds"])

    @proves("athena.missing_named_queries_are_a_plain_error")
    def test_a_named_query_that_is_not_there_is_a_plain_error(self) -> None:
        self.assert_refused(
            "InvalidRequestException", self.athena.get_named_query, NamedQueryId="none"
        )

    @proves("athena.work_groups_can_be_changed")
    def test_a_work_group_can_be_changed(self) -> None:
        results = {"OutputLocation": "s3://here/"}
        self.athena.create_work_group(
            Name="forensics",
            Configuration={"ResultConfiguration": results, "BytesScannedCutoffPerQuery": 10000000},
        )
        self.athena.update_work_group(
            WorkGroup="forensics",
            Description="changed",
            State="DISABLED",
            ConfigurationUpdates={
                "RemoveBytesScannedCutoffPerQuery": True,
                "PublishCloudWatchMetricsEnabled": True,
                "ResultConfigurationUpdates": {"OutputLocation": "s3://there/"},
            },
        )
        group = self.athena.get_work_group(WorkGroup="forensics")["WorkGroup"]
        self.assertEqual(("changed", "DISABLED"), (group["Description"], group["State"]))
        found = group["Configuration"]
        self.assertEqual({"OutputLocation": "s3://there/"}, found["ResultConfiguration"])
        self.assertTrue(found["PublishCloudWatchMetricsEnabled"])
        self.assertNotIn("BytesScannedCutoffPerQuery", found)
        with self.assertRaises(self.athena.exceptions.InvalidRequestException):
            self.athena.update_work_group(WorkGroup="none")
