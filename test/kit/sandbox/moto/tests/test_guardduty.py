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
