from __future__ import annotations

from .support import MendTest, client, proves


class CloudWatchTest(MendTest):
    @proves("cloudwatch.composite_alarms_can_be_put")
    def test_a_composite_alarm_keeps_its_rule_and_actions(self) -> None:
        cloudwatch = client("cloudwatch")
        given = {
            "AlarmName": "database-down",
            "AlarmRule": 'ALARM("cpu") AND ALARM("connections")',
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:critical"],
            "AlarmDescription": "both at once",
        }
        cloudwatch.put_composite_alarm(**given)
        found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
        self.assertEqual(given, {name: found[name] for name in given})
