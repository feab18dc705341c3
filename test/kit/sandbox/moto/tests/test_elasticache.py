from __future__ import annotations

from typing import Any

from .support import MendTest, client, network, proves

KEY = "arn:aws:kms:us-east-1:123456789012:key/cache"


class ElastiCacheTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.cache = client("elasticache")

    def create(self, **arguments: Any) -> dict[str, Any]:
        self.cache.create_replication_group(
            **{
                "ReplicationGroupId": "redis",
                "ReplicationGroupDescription": "tests",
                "Engine": "redis",
                "EngineVersion": "7.1",
                "CacheNodeType": "cache.r7g.large",
                **arguments,
            }
        )
        return self.described()

    def described(self) -> dict[str, Any]:
        found = self.cache.describe_replication_groups(ReplicationGroupId="redis")
        return found["ReplicationGroups"][0]

    def subnet_group(self, zones: str = "abc") -> dict[str, Any]:
        made = network(zones=zones)
        self.cache.create_cache_subnet_group(
            CacheSubnetGroupName="isolated",
            CacheSubnetGroupDescription="tests",
            SubnetIds=made["subnets"],
        )
        return made

    def parameter_group(self, name: str = "redis7", **values: str) -> None:
        self.cache.create_cache_parameter_group(
            CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="tests"
        )
        if values:
            self.cache.modify_cache_parameter_group(
                CacheParameterGroupName=name,
                ParameterNameValues=[
                    {"ParameterName": key.replace("_", "-"), "ParameterValue": value}
                    for key, value in values.items()
                ],
            )

    def parameters(self) -> dict[str, str]:
        found = self.cache.describe_cache_parameters(CacheParameterGroupName="redis7", Source="user")
        return {one["ParameterName"]: one["ParameterValue"] for one in found["Parameters"]}


class ReplicationGroupTest(ElastiCacheTest):
    @proves("elasticache.shards_or_parameters_turn_cluster_mode_on")
    def test_a_group_with_shards_is_in_cluster_mode(self) -> None:
        found = self.create(NumNodeGroups=3, ReplicasPerNodeGroup=2)
        self.assertIs(True, found["ClusterEnabled"])
        self.assertEqual(3, len(found["NodeGroups"]))
        self.assertEqual(9, len(found["MemberClusters"]))

    @proves("elasticache.shards_or_parameters_turn_cluster_mode_on")
    def test_a_group_is_in_cluster_mode_when_its_parameters_say_so(self) -> None:
        self.assertIs(
            True, self.create(CacheParameterGroupName="default.redis7.cluster.on")["ClusterEnabled"]
        )

    @proves("elasticache.groups_without_shards_have_the_replicas_asked_for")
    def test_a_group_without_shards_has_the_clusters_asked_for(self) -> None:
        self.assertEqual(3, len(self.create(NumCacheClusters=3)["MemberClusters"]))

    @proves("elasticache.nodes_are_spread_over_the_zones_of_their_subnets")
    def test_the_nodes_of_a_shard_are_in_different_zones(self) -> None:
        self.subnet_group(zones="bcd")
        found = self.create(
            NumNodeGroups=2, ReplicasPerNodeGroup=2, CacheSubnetGroupName="isolated"
        )
        for shard in found["NodeGroups"]:
            zones = {node["PreferredAvailabilityZone"] for node in shard["NodeGroupMembers"]}
            self.assertEqual({"us-east-1b", "us-east-1c", "us-east-1d"}, zones)

    @proves("elasticache.replication_groups_have_their_member_clusters")
    def test_the_member_clusters_of_a_group_can_be_described(self) -> None:
        self.create(
            NumNodeGroups=2,
            ReplicasPerNodeGroup=1,
            AtRestEncryptionEnabled=True,
            TransitEncryptionEnabled=True,
            TransitEncryptionMode="required",
        )
        found = self.cache.describe_cache_clusters(CacheClusterId="redis-0001-001")["CacheClusters"]
        self.assertEqual("7.1.0", found[0]["EngineVersion"])
        self.assertEqual("redis", found[0]["ReplicationGroupId"])
        self.assertIs(True, found[0]["AtRestEncryptionEnabled"])
        self.assertEqual("required", found[0]["TransitEncryptionMode"])
        self.assertEqual(4, len(self.cache.describe_cache_clusters()["CacheClusters"]))

    @proves("elasticache.clusters_tell_their_security_and_parameter_groups")
    def test_a_cluster_tells_its_security_and_parameter_groups(self) -> None:
        self.cache.create_cache_cluster(
            CacheClusterId="single",
            Engine="redis",
            CacheNodeType="cache.t4g.micro",
            SecurityGroupIds=["sg-0abc"],
            CacheParameterGroupName="default.redis7",
        )
        found = self.cache.describe_cache_clusters(CacheClusterId="single")["CacheClusters"][0]
        self.assertEqual(["sg-0abc"], [one["SecurityGroupId"] for one in found["SecurityGroups"]])
        self.assertEqual("default.redis7", found["CacheParameterGroup"]["CacheParameterGroupName"])

    @proves("elasticache.deleted_groups_and_clusters_are_gone")
    def test_a_deleted_group_is_gone_with_its_clusters(self) -> None:
        self.create(NumNodeGroups=2)
        self.cache.delete_replication_group(ReplicationGroupId="redis")
        self.assert_refused("ReplicationGroupNotFoundFault", self.described)
        self.assertEqual([], self.cache.describe_cache_clusters()["CacheClusters"])

    @proves("elasticache.deleted_groups_and_clusters_are_gone")
    def test_a_deleted_cluster_is_gone(self) -> None:
        self.cache.create_cache_cluster(
            CacheClusterId="single", Engine="redis", CacheNodeType="cache.t4g.micro"
        )
        self.cache.delete_cache_cluster(CacheClusterId="single")
        self.assertEqual([], self.cache.describe_cache_clusters()["CacheClusters"])

    @proves("elasticache.a_final_snapshot_is_taken_when_asked_for")
    def test_a_final_snapshot_outlives_its_group(self) -> None:
        self.create(KmsKeyId=KEY, AtRestEncryptionEnabled=True)
        self.cache.delete_replication_group(
            ReplicationGroupId="redis", FinalSnapshotIdentifier="final"
        )
        found = self.cache.describe_snapshots(SnapshotName="final")["Snapshots"][0]
        self.assertEqual(("redis", KEY), (found["ReplicationGroupId"], found["KmsKeyId"]))

    @proves("elasticache.replication_groups_can_be_modified")
    def test_a_change_of_a_group_is_kept(self) -> None:
        self.create(AutomaticFailoverEnabled=False)
        self.cache.modify_replication_group(
            ReplicationGroupId="redis",
            AutomaticFailoverEnabled=True,
            SnapshotRetentionLimit=7,
            SecurityGroupIds=["sg-0abc"],
            UserGroupIdsToAdd=["services"],
        )
        found = self.described()
        self.assertEqual("enabled", found["AutomaticFailover"])
        self.assertEqual(7, found["SnapshotRetentionLimit"])
        self.assertEqual(["services"], found["UserGroupIds"])
        cluster = self.cache.describe_cache_clusters()["CacheClusters"][0]
        self.assertEqual(["sg-0abc"], [one["SecurityGroupId"] for one in cluster["SecurityGroups"]])


class GroupsTest(ElastiCacheTest):
    @proves("elasticache.parameter_groups_exist")
    def test_a_parameter_group_keeps_what_was_set_and_forgets_what_was_reset(self) -> None:
        self.parameter_group(cluster_enabled="yes", timeout="300")
        self.assertEqual({"cluster-enabled": "yes", "timeout": "300"}, self.parameters())
        self.cache.reset_cache_parameter_group(
            CacheParameterGroupName="redis7",
            ParameterNameValues=[{"ParameterName": "timeout", "ParameterValue": "300"}],
        )
        self.assertEqual({"cluster-enabled": "yes"}, self.parameters())

    @proves("elasticache.parameter_groups_exist")
    def test_a_parameter_group_in_use_is_not_deleted(self) -> None:
        self.parameter_group()
        self.create(CacheParameterGroupName="redis7")
        delete = {"CacheParameterGroupName": "redis7"}
        self.assert_refused(
            "InvalidCacheParameterGroupState", self.cache.delete_cache_parameter_group, **delete
        )
        self.cache.delete_replication_group(ReplicationGroupId="redis")
        self.cache.delete_cache_parameter_group(**delete)
        self.assert_refused(
            "CacheParameterGroupNotFound", self.cache.describe_cache_parameter_groups, **delete
        )

    @proves("elasticache.subnet_groups_can_be_modified_and_deleted")
    def test_a_subnet_group_in_use_is_not_deleted(self) -> None:
        self.subnet_group()
        self.create(CacheSubnetGroupName="isolated")
        delete = {"CacheSubnetGroupName": "isolated"}
        self.assert_refused(
            "CacheSubnetGroupInUse", self.cache.delete_cache_subnet_group, **delete
        )
        self.cache.delete_replication_group(ReplicationGroupId="redis")
        self.cache.delete_cache_subnet_group(**delete)
        self.assert_refused(
            "CacheSubnetGroupNotFoundFault", self.cache.describe_cache_subnet_groups, **delete
        )

    @proves("elasticache.subnet_groups_can_be_modified_and_deleted")
    def test_a_subnet_group_can_lose_a_subnet(self) -> None:
        subnets = self.subnet_group()["subnets"]
        self.cache.modify_cache_subnet_group(
            CacheSubnetGroupName="isolated", SubnetIds=subnets[:2]
        )
        found = self.cache.describe_cache_subnet_groups()["CacheSubnetGroups"][0]["Subnets"]
        self.assertEqual(subnets[:2], [one["SubnetIdentifier"] for one in found])

    @proves("elasticache.subnets_tell_their_zone")
    def test_the_subnets_of_a_group_tell_their_zones(self) -> None:
        self.subnet_group(zones="ab")
        found = self.cache.describe_cache_subnet_groups()["CacheSubnetGroups"][0]["Subnets"]
        zones = [one["SubnetAvailabilityZone"]["Name"] for one in found]
        self.assertEqual(["us-east-1a", "us-east-1b"], zones)

    @proves("elasticache.parameter_groups_and_user_groups_have_tags")
    def test_a_parameter_group_has_tags(self) -> None:
        tags = [{"Key": "team", "Value": "platform"}]
        arn = self.cache.create_cache_parameter_group(
            CacheParameterGroupName="redis7",
            CacheParameterGroupFamily="redis7",
            Description="tests",
            Tags=tags,
        )["CacheParameterGroup"]["ARN"]
        self.assertEqual(tags, self.cache.list_tags_for_resource(ResourceName=arn)["TagList"])


class UserGroupTest(ElastiCacheTest):
    def user(self, user_id: str, name: str) -> None:
        self.cache.create_user(
            UserId=user_id,
            UserName=name,
            Engine="redis",
            AccessString="on ~app:* +@read",
            Passwords=["a-password-of-sixteen"],
        )

    def setUp(self) -> None:
        super().setUp()
        self.user("app", "app")
        self.user("no-default", "default")

    @proves("elasticache.user_groups_exist")
    def test_a_user_group_must_have_a_default_user(self) -> None:
        self.assert_refused(
            "DefaultUserRequired",
            self.cache.create_user_group,
            UserGroupId="services",
            Engine="redis",
            UserIds=["app"],
        )

    @proves("elasticache.user_groups_exist")
    def test_a_user_group_keeps_its_users_and_is_deleted_last(self) -> None:
        self.cache.create_user_group(
            UserGroupId="services", Engine="redis", UserIds=["no-default"]
        )
        self.cache.modify_user_group(UserGroupId="services", UserIdsToAdd=["app"])
        self.create(UserGroupIds=["services"], TransitEncryptionEnabled=True)
        found = self.cache.describe_user_groups(UserGroupId="services")["UserGroups"][0]
        self.assertEqual(["no-default", "app"], found["UserIds"])
        self.assertEqual(["redis"], found["ReplicationGroups"])
        users = self.cache.describe_users(UserId="app")["Users"]
        self.assertEqual(["services"], users[0]["UserGroupIds"])
        self.assert_refused(
            "InvalidUserGroupState", self.cache.delete_user_group, UserGroupId="services"
        )
        self.cache.delete_replication_group(ReplicationGroupId="redis")
        self.cache.delete_user_group(UserGroupId="services")
        self.assertEqual([], self.cache.describe_user_groups()["UserGroups"])

    @proves("elasticache.users_can_be_modified")
    def test_a_change_of_a_users_access_is_kept(self) -> None:
        self.cache.modify_user(UserId="app", AccessString="off ~* -@all")
        found = self.cache.describe_users(UserId="app")["Users"][0]
        self.assertEqual("off ~* -@all", found["AccessString"])
