from __future__ import annotations

from .support import MendTest, client, proves


class GuardDutyTest(MendTest):
    @proves("guardduty.features_are_changed_one_by_one")
    def test_a_feature_leaves_the_others_as_they_are(self) -> None:
        guardduty = client("guardduty")
        detector = guardduty.create_detector(Enable=True)["DetectorId"]
        for name, status in (
            ("EKS_AUDIT_LOGS", "ENABLED"),
            ("S3_DATA_EVENTS", "ENABLED"),
            ("EKS_AUDIT_LOGS", "DISABLED"),
        ):
            guardduty.update_detector(
                DetectorId=detector, Features=[{"Name": name, "Status": status}]
            )
        found = guardduty.get_detector(DetectorId=detector)["Features"]
        self.assertEqual(
            {"EKS_AUDIT_LOGS": "DISABLED", "S3_DATA_EVENTS": "ENABLED"},
            {feature["Name"]: feature["Status"] for feature in found},
        )

    @proves("guardduty.detectors_are_tagged")
    def test_the_tags_of_a_detector_are_changed(self) -> None:
        guardduty = client("guardduty")
        detector = guardduty.create_detector(Enable=True, Tags={"A": "1", "B": "2"})["DetectorId"]
        arn = f"arn:aws:guardduty:us-east-1:123456789012:detector/{detector}"
        guardduty.tag_resource(ResourceArn=arn, Tags={"A": "3", "C/D": "4"})
        guardduty.untag_resource(ResourceArn=arn, TagKeys=["B"])
        want = {"A": "3", "C/D": "4"}
        self.assertEqual(want, guardduty.list_tags_for_resource(ResourceArn=arn)["Tags"])
        self.assertEqual(want, guardduty.get_detector(DetectorId=detector)["Tags"])
        self.assert_refused(
            "BadRequestException",
            guardduty.list_tags_for_resource,
            ResourceArn="arn:aws:guardduty:us-east-1:123456789012:detector/none",
        )
