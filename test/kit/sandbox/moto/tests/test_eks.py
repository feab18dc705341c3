from __future__ import annotations

from typing import Any

from .support import OTHER_ACCOUNT, MendTest, client, network, proves

ROLE = "arn:aws:iam::123456789012:role/eks"
ADMIN = "arn:aws:iam::123456789012:role/path/admin"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class EKSTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.eks = client("eks")

    def create(self, **arguments: Any) -> dict[str, Any]:
        return self.eks.create_cluster(
            **{
                "name": "fintrack",
                "version": "1.31",
                "roleArn": ROLE,
                "resourcesVpcConfig": {"subnetIds": ["subnet-0abc"]},
                "accessConfig": {"authenticationMode": "API"},
                **arguments,
            }
        )["cluster"]

    def described(self) -> dict[str, Any]:
        return self.eks.describe_cluster(name="fintrack")["cluster"]

    def node_group(self, **arguments: Any) -> dict[str, Any]:
        self.eks.create_nodegroup(
            clusterName="fintrack",
            nodegroupName="system",
            nodeRole=ROLE,
            subnets=["subnet-0abc"],
            **arguments,
        )
        found = self.eks.describe_nodegroup(clusterName="fintrack", nodegroupName="system")
        return found["nodegroup"]


class ClusterTest(EKSTest):
    @proves("eks.each_cluster_has_its_own_issuer")
    def test_clusters_of_two_accounts_have_issuers_of_their_own(self) -> None:
        self.create()
        other = client("eks", account=OTHER_ACCOUNT)
        other.create_cluster(
            name="fintrack", roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-0abc"]}
        )
        theirs = other.describe_cluster(name="fintrack")["cluster"]
        issuers = {found["identity"]["oidc"]["issuer"] for found in (self.described(), theirs)}
        self.assertEqual(2, len(issuers))
        for issuer in issuers:
            self.assertRegex(issuer, r"^https://oidc\.eks\.us-east-1\.amazonaws\.com/id/[0-9A-F]{32}$")

    @proves("eks.clusters_keep_their_access_and_upgrade_settings")
    def test_a_cluster_keeps_its_access_and_upgrade_settings(self) -> None:
        access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
        self.create(accessConfig=access, upgradePolicy={"supportType": "STANDARD"})
        found = self.described()
        self.assertEqual(access, found["accessConfig"])
        self.assertEqual({"supportType": "STANDARD"}, found["upgradePolicy"])

    @proves("eks.clusters_get_a_security_group_in_their_vpc")
    def test_a_cluster_gets_a_security_group_and_takes_it_with_it(self) -> None:
        made = network()
        self.create(resourcesVpcConfig={"subnetIds": made["subnets"]})
        found = self.described()["resourcesVpcConfig"]
        self.assertEqual(made["vpc"], found["vpcId"])
        groups = {"GroupIds": [found["clusterSecurityGroupId"]]}
        group = client("ec2").describe_security_groups(**groups)["SecurityGroups"][0]
        self.assertEqual(made["vpc"], group["VpcId"])
        self.assertEqual(
            [group["GroupId"]],
            [pair["GroupId"] for pair in group["IpPermissions"][0]["UserIdGroupPairs"]],
        )
        self.eks.delete_cluster(name="fintrack")
        self.assert_refused("InvalidGroup.NotFound", client("ec2").describe_security_groups, **groups)

    @proves("eks.a_cluster_update_changes_only_what_is_given")
    def test_an_update_of_the_endpoint_keeps_the_subnets(self) -> None:
        self.create()
        update = self.eks.update_cluster_config(
            name="fintrack", resourcesVpcConfig={"endpointPublicAccess": False}
        )["update"]
        self.assertEqual("EndpointAccessUpdate", update["type"])
        found = self.described()["resourcesVpcConfig"]
        self.assertEqual(["subnet-0abc"], found["subnetIds"])
        self.assertIs(False, found["endpointPublicAccess"])

    @proves("eks.clusters_with_fargate_profiles_are_not_deleted")
    def test_a_cluster_with_a_fargate_profile_is_not_deleted(self) -> None:
        self.create()
        self.eks.create_fargate_profile(
            fargateProfileName="batch",
            clusterName="fintrack",
            podExecutionRoleArn=ROLE,
            selectors=[{"namespace": "batch"}],
        )
        self.assert_refused("ResourceInUseException", self.eks.delete_cluster, name="fintrack")

    @proves("eks.updates_can_be_described")
    def test_an_update_can_be_described_and_listed(self) -> None:
        self.create()
        update = self.eks.update_cluster_config(
            name="fintrack", accessConfig={"authenticationMode": "API"}
        )["update"]
        found = self.eks.describe_update(name="fintrack", updateId=update["id"])["update"]
        self.assertEqual(("Successful", "AccessConfigUpdate"), (found["status"], found["type"]))
        self.assertEqual([update["id"]], self.eks.list_updates(name="fintrack")["updateIds"])

    @proves("eks.clusters_and_node_groups_can_be_upgraded")
    def test_a_cluster_and_its_nodes_are_upgraded_by_one_minor_version(self) -> None:
        self.create()
        self.node_group()
        self.eks.update_cluster_version(name="fintrack", version="1.32")
        self.eks.update_nodegroup_version(clusterName="fintrack", nodegroupName="system")
        nodes = self.eks.describe_nodegroup(clusterName="fintrack", nodegroupName="system")
        self.assertEqual("1.32", self.described()["version"])
        self.assertEqual("1.32", nodes["nodegroup"]["version"])
        self.assert_refused(
            "InvalidParameterException",
            self.eks.update_cluster_version,
            name="fintrack",
            version="1.34",
        )


class NodeGroupTest(EKSTest):
    def setUp(self) -> None:
        super().setUp()
        self.create()

    @proves("eks.node_groups_follow_their_clusters_version")
    def test_a_node_group_has_its_clusters_version(self) -> None:
        found = self.node_group()
        self.assertEqual("1.31", found["version"])
        self.assertRegex(found["releaseVersion"], r"^1\.31\.")

    @proves("eks.node_groups_keep_their_update_and_repair_settings")
    def test_a_node_group_keeps_its_update_and_repair_settings(self) -> None:
        found = self.node_group(
            updateConfig={"maxUnavailablePercentage": 33}, nodeRepairConfig={"enabled": True}
        )
        self.assertEqual({"maxUnavailablePercentage": 33}, found["updateConfig"])
        self.assertEqual({"enabled": True}, found["nodeRepairConfig"])

    @proves("eks.node_groups_have_no_remote_access_unless_asked")
    def test_a_node_group_has_no_remote_access_it_was_not_given(self) -> None:
        found = self.node_group()
        self.assertNotIn("remoteAccess", found)
        self.assertNotIn("remoteAccessSecurityGroup", found["resources"])

    @proves("eks.node_groups_have_no_remote_access_unless_asked")
    def test_a_node_group_with_a_launch_template_has_no_disk_size(self) -> None:
        client("ec2").create_launch_template(
            LaunchTemplateName="nodes", LaunchTemplateData={"EbsOptimized": True}
        )
        self.assertNotIn("diskSize", self.node_group(launchTemplate={"name": "nodes"}))

    @proves("eks.node_group_updates_can_be_described")
    def test_an_update_of_a_node_group_can_be_described(self) -> None:
        self.node_group()
        update = self.eks.update_nodegroup_config(
            clusterName="fintrack", nodegroupName="system", labels={"addOrUpdateLabels": {"a": "b"}}
        )["update"]
        found = self.eks.describe_update(
            name="fintrack", nodegroupName="system", updateId=update["id"]
        )
        self.assertEqual("Successful", found["update"]["status"])


class AddonTest(EKSTest):
    addon = {"clusterName": "fintrack", "addonName": "vpc-cni"}

    def setUp(self) -> None:
        super().setUp()
        self.create()

    @proves("eks.clusters_have_addons")
    def test_an_addon_keeps_its_version_role_and_configuration(self) -> None:
        given = {
            "addonVersion": "v1.19.0-eksbuild.1",
            "serviceAccountRoleArn": ROLE,
            "configurationValues": '{"enableNetworkPolicy":"true"}',
        }
        self.eks.create_addon(**self.addon, **given)
        found = self.eks.describe_addon(**self.addon)["addon"]
        self.assertEqual(given, {name: found[name] for name in given})
        self.assertEqual("ACTIVE", found["status"])

    @proves("eks.clusters_have_addons")
    def test_an_addon_is_updated_and_deleted(self) -> None:
        self.eks.create_addon(**self.addon)
        update = self.eks.update_addon(**self.addon, addonVersion="v1.19.6-eksbuild.1")["update"]
        self.eks.describe_update(name="fintrack", addonName="vpc-cni", updateId=update["id"])
        self.assertEqual(
            "v1.19.6-eksbuild.1", self.eks.describe_addon(**self.addon)["addon"]["addonVersion"]
        )
        self.assertEqual(["vpc-cni"], self.eks.list_addons(clusterName="fintrack")["addons"])
        self.eks.delete_addon(**self.addon)
        self.assert_refused("ResourceNotFoundException", self.eks.describe_addon, **self.addon)

    @proves("eks.addon_versions_can_be_described")
    def test_the_versions_of_an_addon_tell_which_is_the_default(self) -> None:
        found = self.eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.31")
        versions = found["addons"][0]["addonVersions"]
        defaults = [one["compatibilities"][0]["defaultVersion"] for one in versions]
        self.assertEqual(1, defaults.count(True))


class AccessTest(EKSTest):
    entry = {"clusterName": "fintrack", "principalArn": ADMIN}

    @proves("eks.clusters_have_access_entries")
    def test_an_access_entry_keeps_its_groups(self) -> None:
        self.create()
        self.eks.create_access_entry(**self.entry, kubernetesGroups=["admins"])
        found = self.eks.describe_access_entry(**self.entry)["accessEntry"]
        self.assertEqual(["admins"], found["kubernetesGroups"])
        self.eks.update_access_entry(**self.entry, kubernetesGroups=["readers"])
        found = self.eks.describe_access_entry(**self.entry)["accessEntry"]
        self.assertEqual(["readers"], found["kubernetesGroups"])
        self.eks.delete_access_entry(**self.entry)
        self.assertEqual([], self.eks.list_access_entries(clusterName="fintrack")["accessEntries"])

    @proves("eks.clusters_have_access_entries")
    def test_a_cluster_that_goes_by_its_config_map_has_no_access_entries(self) -> None:
        self.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
        self.assert_refused("InvalidRequestException", self.eks.create_access_entry, **self.entry)

    @proves("eks.access_entries_have_policies")
    def test_a_policy_is_associated_with_an_entry_and_taken_off_it(self) -> None:
        self.create()
        self.eks.create_access_entry(**self.entry)
        scope = {"type": "namespace", "namespaces": ["fintrack"]}
        self.eks.associate_access_policy(**self.entry, policyArn=POLICY, accessScope=scope)
        found = self.eks.list_associated_access_policies(**self.entry)["associatedAccessPolicies"]
        self.assertEqual([(POLICY, scope)], [(one["policyArn"], one["accessScope"]) for one in found])
        self.eks.disassociate_access_policy(**self.entry, policyArn=POLICY)
        found = self.eks.list_associated_access_policies(**self.entry)["associatedAccessPolicies"]
        self.assertEqual([], found)

    @proves("eks.clusters_have_pod_identity_associations")
    def test_a_pod_identity_association_is_found_by_its_service_account(self) -> None:
        self.create()
        account = {"clusterName": "fintrack", "namespace": "app", "serviceAccount": "app"}
        self.eks.create_pod_identity_association(**account, roleArn=ROLE)
        listed = self.eks.list_pod_identity_associations(**account)["associations"]
        name = {"clusterName": "fintrack", "associationId": listed[0]["associationId"]}
        found = self.eks.describe_pod_identity_association(**name)["association"]
        self.assertEqual(ROLE, found["roleArn"])
        self.eks.update_pod_identity_association(**name, roleArn=ADMIN)
        found = self.eks.describe_pod_identity_association(**name)["association"]
        self.assertEqual(ADMIN, found["roleArn"])
        self.eks.delete_pod_identity_association(**name)
        self.assertEqual([], self.eks.list_pod_identity_associations(**account)["associations"])

    @proves("eks.everything_in_a_cluster_has_tags")
    def test_node_groups_addons_and_access_entries_can_be_tagged(self) -> None:
        self.create()
        arns = [
            self.node_group()["nodegroupArn"],
            self.eks.create_addon(clusterName="fintrack", addonName="coredns")["addon"]["addonArn"],
            self.eks.create_access_entry(**self.entry)["accessEntry"]["accessEntryArn"],
        ]
        for arn in arns:
            self.eks.tag_resource(resourceArn=arn, tags={"team": "platform", "gone": "soon"})
            self.eks.untag_resource(resourceArn=arn, tagKeys=["gone"])
            self.assertEqual(
                {"team": "platform"}, self.eks.list_tags_for_resource(resourceArn=arn)["tags"]
            )
