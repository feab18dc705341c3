"""Mends of AWS Backup: selections, tags, plans, recovery points."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random as random

from ..patching import add, override, state_of
from ..registry import mend

SELECTIONS = "{0}/backup/plans/(?P<backupPlanId>[^/]+)/selections/"


@mend(
    "backup",
    "CreateBackupSelection, GetBackupSelection, DeleteBackupSelection and "
    "ListBackupSelections are missing.",
)
def plans_have_selections() -> None:
    # Moto's own pattern for a plan takes everything below it, so these go first.
    stock = dict(urls.url_paths)
    urls.url_paths.clear()
    urls.url_paths[SELECTIONS + "?$"] = urls.response.dispatch
    urls.url_paths[SELECTIONS + "(?P<selectionId>[^/]+)$"] = urls.response.dispatch
    urls.url_paths.update(stock)

    def selections_of(response: Any) -> dict[str, dict[str, Any]]:
        plan_id = response._get_param("backupPlanId")
        plan: Plan = response.backup_backend.get_backup_plan(plan_id, None)
        return state_of(plan, "selections")

    def selection_of(response: Any) -> dict[str, Any]:
        selection_id = response._get_param("selectionId")
        selections = selections_of(response)
        if selection_id not in selections:
            raise ResourceNotFoundException(msg=f"Cannot find selection {selection_id}")
        return selections[selection_id]

    @add(BackupResponse)
    def create_backup_selection(self: Any) -> str:
        selection = {
            "SelectionId": str(random.uuid4()),
            "BackupPlanId": self._get_param("backupPlanId"),
            "CreationDate": unix_time(),
            "CreatorRequestId": self._get_param("CreatorRequestId"),
            "BackupSelection": self._get_param("BackupSelection"),
        }
        selections_of(self)[selection["SelectionId"]] = selection
        names = ("SelectionId", "BackupPlanId", "CreationDate")
        return json.dumps({name: selection[name] for name in names})

    @add(BackupResponse)
    def get_backup_selection(self: Any) -> str:
        return json.dumps(selection_of(self))

    @add(BackupResponse)
    def delete_backup_selection(self: Any) -> str:
        del selections_of(self)[selection_of(self)["SelectionId"]]
        return "{}"

    @add(BackupResponse)
    def list_backup_selections(self: Any) -> str:
        listed = [
            {
                **{name: value for name, value in selection.items() if name != "BackupSelection"},
                "SelectionName": selection["BackupSelection"]["SelectionName"],
                "IamRoleArn": selection["BackupSelection"]["IamRoleArn"],
            }
            for selection in selections_of(self).values()
        ]
        return json.dumps({"BackupSelectionsList": listed})


@mend(
    "backup",
    "ListTags: the ARN is taken from the wrong part of a path without a final slash, "
    "so plans and vaults are read without their tags.",
)
def tags_are_listed_with_or_without_a_final_slash() -> None:
    @override(BackupResponse)
    def list_tags(original: Any, self: Any) -> str:
        arn = unquote(self.path.split("/tags/", 1)[1].rstrip("/"))
        return json.dumps({"Tags": self.backup_backend.list_tags(arn)})


@mend(
    "backup",
    "GetBackupPlan: a deleted plan is answered for ever, so its deletion is never "
    "seen and a plan of the same name cannot be made again.",
)
def deleted_plans_are_gone() -> None:
    @override(BackupBackend)
    def delete_backup_plan(original: Any, self: Any, backup_plan_id: str) -> Any:
        answer = original(self, backup_plan_id)
        del self.plans[backup_plan_id]
        return answer


@mend(
    "backup",
    "ListRecoveryPointsByBackupVault is missing, so a vault with force_destroy cannot "
    "be destroyed. No backup runs here: there are never any points.",
)
def vaults_list_their_recovery_points() -> None:
    urls.url_paths["{0}/backup-vaults/(?P<backupVaultName>[^/]+)/recovery-points/$"] = (
        urls.response.dispatch
    )

    @add(BackupResponse)
    def list_recovery_points_by_backup_vault(self: Any) -> str:
        self.backup_backend.describe_backup_vault(self._get_param("backupVaultName"))
        return json.dumps({"RecoveryPoints": []})
