from __future__ import annotations

from .support import MendTest, client, proves

ROLE = "arn:aws:iam::123456789012:role/backup"


class BackupTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.backup = client("backup")

    def plan(self) -> dict[str, str]:
        return self.backup.create_backup_plan(
            BackupPlan={
                "BackupPlanName": "daily",
                "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
            },
            BackupPlanTags={"team": "platform"},
        )

    @proves("backup.plans_have_selections")
    def test_a_selection_of_a_plan_is_kept_until_it_is_deleted(self) -> None:
        plan = self.plan()["BackupPlanId"]
        selection = {
            "SelectionName": "tagged",
            "IamRoleArn": ROLE,
            "ListOfTags": [
                {
                    "ConditionType": "STRINGEQUALS",
                    "ConditionKey": "Backup",
                    "ConditionValue": "true",
                }
            ],
        }
        name = {
            "BackupPlanId": plan,
            "SelectionId": self.backup.create_backup_selection(
                BackupPlanId=plan, BackupSelection=selection
            )["SelectionId"],
        }
        self.assertEqual(selection, self.backup.get_backup_selection(**name)["BackupSelection"])
        listed = self.backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
        self.assertEqual(["tagged"], [found["SelectionName"] for found in listed])
        self.backup.delete_backup_selection(**name)
        self.assert_refused(
            "ResourceNotFoundException", self.backup.get_backup_selection, **name
        )

    @proves("backup.tags_are_listed_with_or_without_a_final_slash")
    def test_the_tags_of_a_plan_are_listed_by_a_path_without_a_final_slash(self) -> None:
        arn = self.plan()["BackupPlanArn"]

        def without_slash(request: object, **_: object) -> None:
            request.url = request.url.rstrip("/")  # type: ignore[attr-defined]

        events = self.backup.meta.events
        events.register("before-sign.backup.ListTags", without_slash)
        self.addCleanup(events.unregister, "before-sign.backup.ListTags", without_slash)
        self.assertEqual({"team": "platform"}, self.backup.list_tags(ResourceArn=arn)["Tags"])

    @proves("backup.deleted_plans_are_gone")
    def test_a_deleted_plan_is_gone_and_can_be_made_again(self) -> None:
        plan = self.plan()["BackupPlanId"]
        self.backup.delete_backup_plan(BackupPlanId=plan)
        self.assert_refused(
            "ResourceNotFoundException", self.backup.get_backup_plan, BackupPlanId=plan
        )
        self.plan()

    @proves("backup.vaults_list_their_recovery_points")
    def test_a_vault_lists_its_recovery_points(self) -> None:
        self.backup.create_backup_vault(BackupVaultName="vault")
        found = self.backup.list_recovery_points_by_backup_vault(BackupVaultName="vault")
        self.assertEqual([], found["RecoveryPoints"])
        self.assert_refused(
            "ResourceNotFoundException",
            self.backup.list_recovery_points_by_backup_vault,
            BackupVaultName="none",
        )
