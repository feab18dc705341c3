"""ModifyReplicationGroup, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from ...patching import add
from ...registry import mend

# Request member → attribute, on the group and on its member clusters.
GROUP_FIELDS = {
    "ReplicationGroupDescription": "description",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "NotificationTopicArn": "notification_topic_arn",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "Engine": "engine",
    "EngineVersion": "engine_version",
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "CacheNodeType": "cache_node_type",
    "IpDiscovery": "ip_discovery",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
    "SecurityGroupIds": "security_group_ids",
}
ON_OR_OFF = {"AutomaticFailoverEnabled": "automatic_failover", "MultiAZEnabled": "multi_az"}


@mend(
    "elasticache",
    "ModifyReplicationGroup is missing, so no change of a replication group can be applied.",
)
def replication_groups_can_be_modified() -> None:
    @add(ElastiCacheResponse)
    def modify_replication_group(self: Any) -> ActionResult:
        backend = self.elasticache_backend
        group = backend.describe_replication_groups(self._get_param("ReplicationGroupId"))[0]
        members = [backend.cache_clusters[name] for name in group.member_clusters if name in backend.cache_clusters]
        for member, attribute in GROUP_FIELDS.items():
            value = self._get_param(member)
            if value is not None:
                for changed in (group, *members):
                    setattr(changed, attribute, value)
        for member, attribute in ON_OR_OFF.items():
            value = self._get_param(member)
            if value is not None:
                setattr(group, attribute, "enabled" if value else "disabled")
        change_user_groups(self, group)
        return ActionResult({"ReplicationGroup": group})

    def change_user_groups(response: Any, group: ReplicationGroup) -> None:
        removed = response._get_param("UserGroupIdsToRemove") or []
        if response._get_param("RemoveUserGroups"):
            removed = group.user_group_ids
        kept = [name for name in group.user_group_ids if name not in removed]
        group.user_group_ids = kept + (response._get_param("UserGroupIdsToAdd") or [])
