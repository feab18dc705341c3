from __future__ import annotations

from .support import MendTest, client, proves


class CloudTrailTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        client("s3").create_bucket(Bucket="trail")
        self.trails = client("cloudtrail")
        self.arn = self.trails.create_trail(Name="audit", S3BucketName="trail")["TrailARN"]

    @proves("cloudtrail.logging_starts_and_stops_by_arn")
    def test_logging_is_started_and_stopped_by_the_trails_arn(self) -> None:
        self.trails.start_logging(Name=self.arn)
        self.assertIs(True, self.trails.get_trail_status(Name="audit")["IsLogging"])
        self.trails.stop_logging(Name=self.arn)
        self.assertIs(False, self.trails.get_trail_status(Name="audit")["IsLogging"])

    @proves("cloudtrail.trails_are_deleted_by_arn")
    def test_a_trail_is_deleted_by_its_arn(self) -> None:
        self.trails.delete_trail(Name=self.arn)
        self.assertEqual([], self.trails.describe_trails()["trailList"])
