"""Mends of ElastiCache subnet groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import CacheSubnetGroup
from moto.elasticache.responses import ElastiCacheResponse

from ...patching import add, override
from ...registry import mend
from . import errors


@mend(
    "elasticache",
    "DeleteCacheSubnetGroup and ModifyCacheSubnetGroup are missing.",
)
def subnet_groups_can_be_modified_and_deleted() -> None:
    def group_of(response: Any) -> CacheSubnetGroup:
        name = response._get_param("CacheSubnetGroupName")
        return response.elasticache_backend.describe_cache_subnet_groups(name)[0]

    @add(ElastiCacheResponse)
    def delete_cache_subnet_group(self: Any) -> ActionResult:
        backend, group = self.elasticache_backend, group_of(self)
        name = group.cache_subnet_group_name
        users = [*backend.replication_groups.values(), *backend.cache_clusters.values()]
        if any(user.cache_subnet_group_name == name for user in users):
            raise errors.SubnetGroupInUse(name=name)
        del backend.cache_subnet_groups[name]
        backend.tagging_service.delete_all_tags_for_resource(group.arn)
        return EmptyResult()

    @add(ElastiCacheResponse)
    def modify_cache_subnet_group(self: Any) -> ActionResult:
        backend, before = self.elasticache_backend, group_of(self)
        changed = CacheSubnetGroup(
            account_id=backend.account_id,
            region_name=backend.region_name,
            cache_subnet_group_name=before.cache_subnet_group_name,
            cache_subnet_group_description=self._get_param("CacheSubnetGroupDescription")
            or before.cache_subnet_group_description,
            subnet_ids=self._get_param("SubnetIds") or before.subnet_ids,
            tags=before.tags,
        )
        backend.cache_subnet_groups[before.cache_subnet_group_name] = changed
        return ActionResult({"CacheSubnetGroup": changed})


@mend(
    "elasticache",
    "DescribeCacheSubnetGroups: a subnet's availability zone is answered as a name "
    "where AWS answers a structure, so it is lost on the way.",
)
def subnets_tell_their_zone() -> None:
    @override(CacheSubnetGroup)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        for subnet in self.subnets:
            zone = subnet.get("subnet_availability_zone")
            if isinstance(zone, str):
                subnet["subnet_availability_zone"] = {"Name": zone}
