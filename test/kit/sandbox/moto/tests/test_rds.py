from __future__ import annotations

import json
from typing import Any

from .support import OTHER_REGION, REGION, MendTest, client, network, proves

ROLE = "arn:aws:iam::123456789012:role/monitoring"


def new_key(region: str = REGION) -> str:
    return client("kms", region).create_key()["KeyMetadata"]["Arn"]


class RDSTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.rds = client("rds")

    def create(self, name: str = "db", **arguments: Any) -> dict[str, Any]:
        return self.rds.create_db_instance(
            **{
                "DBInstanceIdentifier": name,
                "DBInstanceClass": "db.t4g.medium",
                "Engine": "postgres",
                "EngineVersion": "16.4",
                "AllocatedStorage": 20,
                "MasterUsername": "postgres",
                "MasterUserPassword": "a-long-password",
                **arguments,
            }
        )["DBInstance"]

    def described(self, name: str = "db") -> dict[str, Any]:
        return self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    @proves("rds.each_instance_has_its_own_resource_id")
    def test_two_instances_and_a_replica_have_three_resource_ids(self) -> None:
        for name in ("one", "two"):
            self.create(name)
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="one"
        )
        found = {self.described(name)["DbiResourceId"] for name in ("one", "two", "replica")}
        self.assertEqual(3, len(found))
        for resource_id in found:
            self.assertRegex(resource_id, r"^db-[A-Z0-9]{26}$")

    @proves("rds.restored_instances_choose_their_own_protection")
    def test_a_restored_instance_is_protected_only_where_that_is_asked(self) -> None:
        self.create(MultiAZ=True, DeletionProtection=True, EnableIAMDatabaseAuthentication=True)
        for name, chosen in (("plain", False), ("safe", True)):
            self.rds.restore_db_instance_to_point_in_time(
                SourceDBInstanceIdentifier="db",
                TargetDBInstanceIdentifier=name,
                UseLatestRestorableTime=True,
                MultiAZ=chosen,
                DeletionProtection=chosen,
                EnableIAMDatabaseAuthentication=chosen,
            )
            found = self.described(name)
            self.assertEqual(
                (chosen, chosen, chosen),
                (
                    found["MultiAZ"],
                    found["DeletionProtection"],
                    found["IAMDatabaseAuthenticationEnabled"],
                ),
            )
        self.rds.delete_db_instance(DBInstanceIdentifier="plain", SkipFinalSnapshot=True)
        self.assertTrue(self.described()["DeletionProtection"])

    @proves("rds.replicas_choose_their_own_availability")
    def test_a_replica_of_a_protected_multi_az_source_is_neither_by_default(self) -> None:
        self.create(MultiAZ=True, DeletionProtection=True)
        for name, chosen in (("plain", False), ("safe", True)):
            self.rds.create_db_instance_read_replica(
                DBInstanceIdentifier=name,
                SourceDBInstanceIdentifier="db",
                **({"MultiAZ": True, "DeletionProtection": True} if chosen else {}),
            )
            found = self.described(name)
            self.assertEqual(
                (chosen, chosen), (found["MultiAZ"], found["DeletionProtection"])
            )

    @proves("rds.enhanced_monitoring_is_kept")
    def test_enhanced_monitoring_is_answered_as_it_was_set(self) -> None:
        self.create(MonitoringInterval=60, MonitoringRoleArn=ROLE)
        found = self.described()
        self.assertEqual((60, ROLE), (found["MonitoringInterval"], found["MonitoringRoleArn"]))

    @proves("rds.enhanced_monitoring_is_kept")
    def test_an_instance_without_enhanced_monitoring_says_so(self) -> None:
        self.create()
        self.assertEqual(0, self.described()["MonitoringInterval"])

    @proves("rds.performance_insights_are_kept")
    def test_performance_insights_keep_their_key_and_retention(self) -> None:
        key = new_key()
        self.create(
            EnablePerformanceInsights=True,
            PerformanceInsightsKMSKeyId=key,
            PerformanceInsightsRetentionPeriod=731,
        )
        found = self.described()
        self.assertIs(True, found["PerformanceInsightsEnabled"])
        self.assertEqual(key, found["PerformanceInsightsKMSKeyId"])
        self.assertEqual(731, found["PerformanceInsightsRetentionPeriod"])

    @proves("rds.performance_insights_are_kept")
    def test_performance_insights_turned_on_later_are_kept_a_week(self) -> None:
        self.create()
        self.rds.modify_db_instance(DBInstanceIdentifier="db", EnablePerformanceInsights=True)
        found = self.described()
        self.assertIs(True, found["PerformanceInsightsEnabled"])
        self.assertEqual(7, found["PerformanceInsightsRetentionPeriod"])

    @proves("rds.parameters_tell_their_source")
    def test_parameters_that_were_set_are_found_by_their_source(self) -> None:
        name = {"DBParameterGroupName": "pg16"}
        self.rds.create_db_parameter_group(
            **name, DBParameterGroupFamily="postgres16", Description="tests"
        )
        self.rds.modify_db_parameter_group(
            **name,
            Parameters=[
                {
                    "ParameterName": "rds.force_ssl",
                    "ParameterValue": "1",
                    "ApplyMethod": "pending-reboot",
                }
            ],
        )
        found = self.rds.describe_db_parameters(**name, Source="user")["Parameters"]
        self.assertEqual([("rds.force_ssl", "1", "user")], self.values(found))
        self.assertEqual([], self.rds.describe_db_parameters(**name, Source="system")["Parameters"])

    @proves("rds.parameters_tell_their_source")
    def test_cluster_parameters_that_were_set_are_found_by_their_source(self) -> None:
        name = {"DBClusterParameterGroupName": "apg16"}
        self.rds.create_db_cluster_parameter_group(
            **name, DBParameterGroupFamily="aurora-postgresql16", Description="tests"
        )
        self.rds.modify_db_cluster_parameter_group(
            **name,
            Parameters=[
                {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
            ],
        )
        found = self.rds.describe_db_cluster_parameters(**name, Source="user")["Parameters"]
        self.assertEqual([("rds.force_ssl", "1", "user")], self.values(found))

    @staticmethod
    def values(parameters: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        names = ("ParameterName", "ParameterValue", "Source")
        return [tuple(parameter.get(name) for name in names) for parameter in parameters]

    @proves("rds.only_serverless_clusters_have_a_scaling_configuration")
    def test_a_provisioned_cluster_has_no_scaling_configuration(self) -> None:
        self.rds.create_db_cluster(
            DBClusterIdentifier="aurora",
            Engine="aurora-postgresql",
            MasterUsername="postgres",
            MasterUserPassword="a-long-password",
        )
        found = self.rds.describe_db_clusters()["DBClusters"][0]
        self.assertNotIn("ScalingConfigurationInfo", found)

    @proves("rds.parameters_can_be_reset")
    def test_a_parameter_taken_out_of_a_group_is_gone(self) -> None:
        name = {"DBParameterGroupName": "pg16"}
        self.rds.create_db_parameter_group(
            **name, DBParameterGroupFamily="postgres16", Description="tests"
        )
        set_to = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
        self.rds.modify_db_parameter_group(**name, Parameters=[set_to])
        self.rds.reset_db_parameter_group(**name, Parameters=[set_to])
        self.assertEqual([], self.rds.describe_db_parameters(**name, Source="user")["Parameters"])

    @proves("rds.encrypted_storage_without_a_key_has_the_accounts_default")
    def test_encrypted_storage_has_the_accounts_default_key_when_none_is_given(self) -> None:
        self.create(StorageEncrypted=True)
        default = client("kms").describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["Arn"]
        self.assertEqual(default, self.described()["KmsKeyId"])

    @proves("rds.keys_must_exist_and_are_answered_as_arns")
    def test_a_key_given_by_its_alias_is_answered_as_its_arn(self) -> None:
        key = new_key()
        client("kms").create_alias(AliasName="alias/data", TargetKeyId=key)
        self.create(StorageEncrypted=True, KmsKeyId="alias/data")
        self.assertEqual(key, self.described()["KmsKeyId"])

    @proves("rds.keys_must_exist_and_are_answered_as_arns")
    def test_a_key_of_another_region_is_refused(self) -> None:
        self.assert_refused(
            "KMSKeyNotAccessibleFault",
            self.create,
            StorageEncrypted=True,
            KmsKeyId=new_key(OTHER_REGION),
        )

    @proves("rds.nothing_is_deleted_without_a_word_on_the_final_snapshot")
    def test_an_instance_is_not_deleted_without_a_word_on_its_final_snapshot(self) -> None:
        self.create()
        self.assert_refused(
            "InvalidParameterCombination", self.rds.delete_db_instance, DBInstanceIdentifier="db"
        )
        self.assertEqual("available", self.described()["DBInstanceStatus"])

    @proves("rds.nothing_is_deleted_without_a_word_on_the_final_snapshot")
    def test_a_cluster_is_not_deleted_without_a_word_on_its_final_snapshot(self) -> None:
        self.rds.create_db_cluster(
            DBClusterIdentifier="aurora",
            Engine="aurora-postgresql",
            MasterUsername="postgres",
            MasterUserPassword="a-long-password",
        )
        self.assert_refused(
            "InvalidParameterCombination", self.rds.delete_db_cluster, DBClusterIdentifier="aurora"
        )

    @proves("rds.managed_passwords_are_random_and_of_the_master_user")
    def test_managed_passwords_differ_and_belong_to_the_master_user(self) -> None:
        passwords = set()
        for name in ("one", "two"):
            self.rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t4g.medium",
                Engine="postgres",
                AllocatedStorage=20,
                MasterUsername="fintrack",
                ManageMasterUserPassword=True,
                MasterUserSecretKmsKeyId=new_key(),
            )
            secret = self.described(name)["MasterUserSecret"]["SecretArn"]
            value = client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
            self.assertEqual("fintrack", json.loads(value)["username"])
            passwords.add(json.loads(value)["password"])
        self.assertEqual(2, len(passwords))

    def replicate(self, **arguments: Any) -> dict[str, Any]:
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="db", **arguments
        )
        return self.described("replica")

    @proves("rds.replicas_are_instances_of_their_own")
    def test_a_replica_does_not_inherit_protection_monitoring_or_tags(self) -> None:
        self.create(
            DeletionProtection=True,
            MonitoringInterval=60,
            MonitoringRoleArn=ROLE,
            EnablePerformanceInsights=True,
            Tags=[{"Key": "role", "Value": "primary"}],
        )
        found = self.replicate()
        self.assertIs(False, found["DeletionProtection"])
        self.assertIs(False, found["PerformanceInsightsEnabled"])
        self.assertEqual(0, found["MonitoringInterval"])
        self.assertEqual([], found["TagList"])
        self.assertIs(True, self.described()["DeletionProtection"])

    @proves("rds.replicas_are_instances_of_their_own")
    def test_a_replica_has_what_it_was_given(self) -> None:
        self.create(EnableCloudwatchLogsExports=["upgrade"])
        found = self.replicate(
            EnableIAMDatabaseAuthentication=True,
            EnableCloudwatchLogsExports=["postgresql"],
            MonitoringInterval=30,
            MonitoringRoleArn=ROLE,
        )
        self.assertIs(True, found["IAMDatabaseAuthenticationEnabled"])
        self.assertEqual(["postgresql"], found["EnabledCloudwatchLogsExports"])
        self.assertEqual(30, found["MonitoringInterval"])
        self.assertEqual(["upgrade"], self.described()["EnabledCloudwatchLogsExports"])

    @proves("rds.replicas_are_instances_of_their_own")
    def test_a_replica_does_not_take_its_sources_password_with_it(self) -> None:
        self.rds.create_db_instance(
            DBInstanceIdentifier="db",
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="postgres",
            ManageMasterUserPassword=True,
        )
        self.replicate()
        self.rds.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
        secret = self.described()["MasterUserSecret"]["SecretArn"]
        client("secretsmanager").get_secret_value(SecretId=secret)

    @proves("rds.replicas_in_other_regions_can_be_deleted")
    def test_a_replica_in_another_region_can_be_deleted(self) -> None:
        source = self.create()["DBInstanceArn"]
        there = client("rds", OTHER_REGION)
        there.create_db_instance_read_replica(
            DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=source
        )
        there.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
        self.assertEqual([], self.described()["ReadReplicaDBInstanceIdentifiers"])

    def multi_az(self) -> dict[str, Any]:
        self.rds.create_db_subnet_group(
            DBSubnetGroupName="isolated",
            DBSubnetGroupDescription="tests",
            SubnetIds=network(zones="ab")["subnets"],
        )
        self.create(MultiAZ=True, DBSubnetGroupName="isolated")
        return self.described()

    @proves("rds.multi_az_instances_tell_their_standbys_zone")
    def test_a_multi_az_instance_has_its_standby_in_another_zone(self) -> None:
        found = self.multi_az()
        self.assertEqual("us-east-1a", found["AvailabilityZone"])
        self.assertEqual("us-east-1b", found["SecondaryAvailabilityZone"])

    @proves("rds.a_forced_failover_moves_the_instance_to_its_standby")
    def test_a_forced_failover_moves_the_instance_to_its_standbys_zone(self) -> None:
        self.multi_az()
        self.rds.reboot_db_instance(DBInstanceIdentifier="db", ForceFailover=True)
        found = self.described()
        self.assertEqual("us-east-1b", found["AvailabilityZone"])
        self.assertEqual("us-east-1a", found["SecondaryAvailabilityZone"])
