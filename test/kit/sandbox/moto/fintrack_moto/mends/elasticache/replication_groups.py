"""Mends of creating and deleting ElastiCache replication groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import CacheCluster, ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from ...patching import add_property, override
from ...registry import mend
from .parameter_groups import turns_cluster_mode_on

MEMBER_DEFAULTS: dict[str, Any] = {
    "az_mode": None,
    "snapshot_name": None,
    "snapshot_arns": None,
    "auth_token": None,
    "outpost_mode": None,
    "preferred_outpost_arn": None,
    "preferred_availability_zones": None,
    "preferred_outpost_arns": None,
    "cache_node_ids_to_remove": [],
    "cache_node_ids_to_reboot": [],
}
MEMBER_SHARES = (
    "replication_group_id",
    "cache_node_type",
    "engine",
    "cache_parameter_group_name",
    "cache_subnet_group_name",
    "cache_security_group_names",
    "security_group_ids",
    "transit_encryption_enabled",
    "network_type",
    "ip_discovery",
    "port",
    "notification_topic_arn",
    "auto_minor_version_upgrade",
    "snapshot_retention_limit",
    "snapshot_window",
    "tags",
    "log_delivery_configurations",
)


@mend(
    "elasticache",
    "CreateReplicationGroup: a group with several shards, or with a parameter group "
    "that says so, is not in cluster mode unless ClusterMode is sent too.",
)
def shards_or_parameters_turn_cluster_mode_on() -> None:
    @override(ElastiCacheBackend)
    def create_replication_group(original: Any, self: Any, **kwargs: Any) -> ReplicationGroup:
        sharded = (kwargs.get("num_node_groups") or 1) > 1 or kwargs.get("node_group_configuration")
        by_parameters = turns_cluster_mode_on(self, kwargs.get("cache_parameter_group_name"))
        if not kwargs.get("cluster_mode") and (sharded or by_parameters):
            kwargs["cluster_mode"] = "enabled"
        return original(self, **kwargs)


@mend(
    "elasticache",
    "CreateReplicationGroup: NumCacheClusters is ignored, so a group without shards "
    "never has a replica.",
)
def groups_without_shards_have_the_replicas_asked_for() -> None:
    @override(ElastiCacheBackend)
    def create_replication_group(original: Any, self: Any, **kwargs: Any) -> ReplicationGroup:
        nodes = kwargs.get("num_cache_clusters") or 0
        if nodes > 1 and not kwargs.get("replicas_per_node_group"):
            kwargs["replicas_per_node_group"] = nodes - 1
        return original(self, **kwargs)


@mend(
    "elasticache",
    "CreateReplicationGroup: all primaries are in us-east-1a and all replicas in "
    "us-east-1b, whatever the region and the subnets are.",
)
def nodes_are_spread_over_the_zones_of_their_subnets() -> None:
    @override(ElastiCacheBackend)
    def create_replication_group(original: Any, self: Any, **kwargs: Any) -> ReplicationGroup:
        group = original(self, **kwargs)
        if kwargs.get("preferred_cache_cluster_azs") or kwargs.get("node_group_configuration"):
            return group
        zones = zones_of(self, kwargs.get("cache_subnet_group_name"))
        for shard, node_group in enumerate(group.node_groups):
            for position, node in enumerate(node_group["node_group_members"]):
                node["preferred_availability_zone"] = zones[(shard + position) % len(zones)]
        return group

    def zones_of(backend: ElastiCacheBackend, subnet_group: str | None) -> list[str]:
        group = backend.cache_subnet_groups.get(subnet_group or "")
        zones = [subnet.get("subnet_availability_zone") or {} for subnet in group.subnets] if group else []
        named = sorted({zone["Name"] for zone in zones if "Name" in zone})
        return named or [f"{backend.region_name}{letter}" for letter in "abc"]


@mend(
    "elasticache",
    "CreateReplicationGroup: the member clusters it names do not exist, while the "
    "provider reads engine version, subnet group, security groups and the TLS mode from them.",
)
def replication_groups_have_their_member_clusters() -> None:
    @override(ElastiCacheBackend)
    def create_replication_group(original: Any, self: Any, **kwargs: Any) -> ReplicationGroup:
        group = original(self, **kwargs)
        for node_group in group.node_groups:
            for node in node_group["node_group_members"]:
                cluster = member_cluster(self, group, node)
                self.cache_clusters[cluster.cache_cluster_id] = cluster
        return group

    def member_cluster(backend: Any, group: ReplicationGroup, node: dict[str, Any]) -> CacheCluster:
        cluster = CacheCluster(
            account_id=backend.account_id,
            region_name=backend.region_name,
            cache_cluster_id=node["cache_cluster_id"],
            num_cache_nodes=1,
            engine_version=full_version(group.engine_version),
            preferred_availability_zone=node["preferred_availability_zone"],
            preferred_maintenance_window=group.preferred_maintenance_window or "sun:05:00-sun:06:00",
            **MEMBER_DEFAULTS,
            **{name: getattr(group, name) for name in MEMBER_SHARES},
        )
        cluster.num_cache_nodes = 1
        cluster.replication_group_id = group.replication_group_id
        cluster.auth_token_enabled = group.auth_token_enabled
        cluster.at_rest_encryption_enabled = group.at_rest_encryption_enabled
        cluster.transit_encryption_mode = group.transit_encryption_mode
        return cluster

    def full_version(version: str | None) -> str:
        """7.1 is run as 7.1.0; clusters tell the whole of it."""
        version = version or "7.1"
        return version if version.count(".") > 1 else f"{version}.0"


@mend(
    "elasticache",
    "DescribeCacheClusters: security groups and the parameter group are not answered.",
)
def clusters_tell_their_security_and_parameter_groups() -> None:
    @add_property(CacheCluster)
    def security_groups(self: Any) -> list[dict[str, str]]:
        return [{"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids]

    @add_property(CacheCluster)
    def cache_parameter_group(self: Any) -> dict[str, str] | None:
        if not self.cache_parameter_group_name:
            return None
        return {
            "CacheParameterGroupName": self.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
        }


@mend(
    "elasticache",
    "DeleteReplicationGroup and DeleteCacheCluster: what is deleted is described as "
    "deleting for ever, so the provider waits until it gives up.",
)
def deleted_groups_and_clusters_are_gone() -> None:
    @override(ElastiCacheBackend)
    def delete_replication_group(
        original: Any, self: Any, replication_group_id: str, retain_primary_cluster: bool | None
    ) -> ReplicationGroup:
        group = original(self, replication_group_id, retain_primary_cluster)
        del self.replication_groups[replication_group_id]
        self.tagging_service.delete_all_tags_for_resource(group.arn)
        for cluster_id in group.member_clusters:
            self.cache_clusters.pop(cluster_id, None)
        return group

    @override(ElastiCacheBackend)
    def delete_cache_cluster(original: Any, self: Any, cache_cluster_id: str) -> CacheCluster:
        cluster = original(self, cache_cluster_id)
        del self.cache_clusters[cache_cluster_id]
        self.tagging_service.delete_all_tags_for_resource(cluster.arn)
        return cluster


@mend(
    "elasticache",
    "DeleteReplicationGroup: FinalSnapshotIdentifier is ignored.",
)
def a_final_snapshot_is_taken_when_asked_for() -> None:
    @override(ElastiCacheResponse)
    def delete_replication_group(original: Any, self: Any) -> ActionResult:
        final, group_id = self._get_param("FinalSnapshotIdentifier"), self._get_param("ReplicationGroupId")
        backend = self.elasticache_backend
        if final:
            group = backend.describe_replication_groups(group_id)[0]
            backend.create_snapshot(final, group_id, None, group.kms_key_id, None)
        return original(self)
