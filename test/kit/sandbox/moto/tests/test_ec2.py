from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network
from threading import Barrier
from typing import Any
from unittest.mock import patch

from moto.ec2.responses import EC2Response

from .support import MendTest, client, network, proves


class EC2Test(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.ec2 = client("ec2")

    @proves("ec2.rules_from_groups_keep_their_description")
    def test_a_rule_from_another_group_keeps_its_description(self) -> None:
        made = network()
        rule = self.ec2.authorize_security_group_ingress(
            GroupId=made["group"],
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 5432,
                    "ToPort": 5432,
                    "UserIdGroupPairs": [{"GroupId": made["group"], "Description": "the services"}],
                }
            ],
        )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        found = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])
        self.assertEqual("the services", found["SecurityGroupRules"][0]["Description"])

    @proves("ec2.flow_logs_keep_their_destination_options")
    def test_flow_logs_keep_their_file_format_and_partitions(self) -> None:
        client("s3").create_bucket(Bucket="flow-logs")
        options = {
            "FileFormat": "parquet",
            "HiveCompatiblePartitions": True,
            "PerHourPartition": True,
        }
        self.ec2.create_flow_logs(
            ResourceIds=[network()["vpc"]],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::flow-logs",
            DestinationOptions=options,
        )
        found = self.ec2.describe_flow_logs()["FlowLogs"][0]
        self.assertEqual(options, found["DestinationOptions"])

    def attachment(self, **tags: str) -> str:
        made = network()
        gateway = self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        specification: list[Any] = [
            {
                "ResourceType": "transit-gateway-attachment",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ]
        return self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=gateway,
            VpcId=made["vpc"],
            SubnetIds=made["subnets"],
            TagSpecifications=specification,
        )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]

    def described(self, attachment: str) -> list[dict[str, Any]]:
        return self.ec2.describe_transit_gateway_vpc_attachments(
            TransitGatewayAttachmentIds=[attachment]
        )["TransitGatewayVpcAttachments"]

    @proves("ec2.transit_gateway_attachments_keep_their_tags")
    def test_a_transit_gateway_attachment_keeps_its_tags(self) -> None:
        found = self.described(self.attachment(Name="to-the-hub"))[0]
        self.assertEqual([{"Key": "Name", "Value": "to-the-hub"}], found["Tags"])

    @proves("ec2.deleted_transit_gateway_attachments_stay_visible")
    def test_a_deleted_transit_gateway_attachment_is_seen_as_deleted(self) -> None:
        attachment = self.attachment(Name="gone")
        self.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        self.assertEqual(["deleted"], [found["State"] for found in self.described(attachment)])

    @proves("ec2.launch_template_data_leaves_out_the_templates_own_tags")
    def test_a_launch_templates_own_tags_are_not_part_of_its_data(self) -> None:
        tags = [{"Key": "Name", "Value": "nodes"}]
        self.ec2.create_launch_template(
            LaunchTemplateName="nodes",
            LaunchTemplateData={"TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]},
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
        )
        data = self.ec2.describe_launch_template_versions(LaunchTemplateName="nodes")
        inner = data["LaunchTemplateVersions"][0]["LaunchTemplateData"]["TagSpecifications"]
        self.assertEqual(["instance"], [one["ResourceType"] for one in inner])

    @proves("ec2.launch_templates_show_the_tags_they_have")
    def test_a_changed_tag_of_a_launch_template_is_shown(self) -> None:
        made = self.ec2.create_launch_template(
            LaunchTemplateName="nodes",
            LaunchTemplateData={"InstanceType": "m6i.large"},
            TagSpecifications=[
                {"ResourceType": "launch-template", "Tags": [{"Key": "A", "Value": "1"}, {"Key": "B", "Value": "2"}]}
            ],
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.ec2.create_tags(Resources=[made], Tags=[{"Key": "A", "Value": "3"}])
        self.ec2.delete_tags(Resources=[made], Tags=[{"Key": "B"}])
        found = self.ec2.describe_launch_templates(LaunchTemplateIds=[made])["LaunchTemplates"][0]
        self.assertEqual([{"Key": "A", "Value": "3"}], found["Tags"])

    @proves("ec2.nat_gateways_have_an_address_of_their_subnet")
    def test_a_nat_gateway_has_an_address_of_its_subnet(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        mine = [{"Name": "subnet-id", "Values": [subnet]}]
        found = self.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"][0]
        self.assertIn(ip_address(found["PrivateIpAddress"]), ip_network("10.0.1.0/24"))
        self.assertEqual(found["PrivateIpAddress"], made["NatGatewayAddresses"][0]["PrivateIp"])
        self.assertEqual("nat_gateway", found["InterfaceType"])

    @proves("ec2.interface_endpoints_have_addresses_of_their_subnets")
    def test_an_interface_endpoint_has_addresses_of_its_subnets_and_its_groups(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ranges = ["10.0.1.0/24", "10.0.2.0/24"]
        subnets = [self.ec2.create_subnet(VpcId=vpc, CidrBlock=one)["Subnet"]["SubnetId"] for one in ranges]
        group = self.ec2.create_security_group(GroupName="https", Description="-", VpcId=vpc)["GroupId"]
        endpoint = self.ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName="com.amazonaws.us-east-1.kms",
            SubnetIds=subnets,
            SecurityGroupIds=[group],
        )["VpcEndpoint"]
        for subnet, cidr in zip(subnets, ranges, strict=True):
            mine = [{"Name": "subnet-id", "Values": [subnet]}]
            found = self.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
            self.assertEqual(1, len(found))
            self.assertIn(found[0]["NetworkInterfaceId"], endpoint["NetworkInterfaceIds"])
            self.assertIn(ip_address(found[0]["PrivateIpAddress"]), ip_network(cidr))
            self.assertEqual([group], [one["GroupId"] for one in found[0]["Groups"]])
            self.assertEqual("vpc_endpoint", found[0]["InterfaceType"])

    @proves("ec2.deleted_nat_gateways_take_their_interface_along")
    def test_a_deleted_nat_gateway_leaves_no_interface_and_frees_its_address(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
        self.ec2.delete_nat_gateway(NatGatewayId=gateway["NatGateway"]["NatGatewayId"])
        mine = [{"Name": "subnet-id", "Values": [subnet]}]
        found = self.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
        self.assertEqual([], found)
        self.ec2.release_address(AllocationId=address)

    @proves("ec2.deleted_subnets_leave_their_network_acl")
    def test_a_network_acl_can_be_deleted_after_its_subnet(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        acl = self.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        mine = [{"Name": "association.subnet-id", "Values": [subnet]}]
        before = self.ec2.describe_network_acls(Filters=mine)["NetworkAcls"][0]["Associations"]
        self.ec2.replace_network_acl_association(
            AssociationId=next(
                one["NetworkAclAssociationId"] for one in before if one["SubnetId"] == subnet
            ),
            NetworkAclId=acl,
        )
        self.ec2.delete_subnet(SubnetId=subnet)
        self.ec2.delete_network_acl(NetworkAclId=acl)

    @proves("ec2.requests_do_not_share_how_they_answer")
    def test_requests_at_the_same_time_get_their_own_answers(self) -> None:
        self.ec2.create_key_pair(KeyName="key")
        answer, together = EC2Response.describe_key_pairs, Barrier(2, timeout=30)

        def held(self: EC2Response) -> Any:
            result = answer(self)  # says how it is to be written
            together.wait()
            return result

        def told(wanted: bool) -> bool:
            found = self.ec2.describe_key_pairs(IncludePublicKey=wanted)["KeyPairs"]
            return "PublicKey" in found[0]

        with (
            patch.object(EC2Response, "describe_key_pairs", held),
            ThreadPoolExecutor(2) as both,
        ):
            self.assertEqual([True, False], list(both.map(told, [True, False])))

    @proves("ec2.a_terminated_instance_is_terminated_again")
    def test_ending_instances_again_ends_those_that_still_run(self) -> None:
        subnet = network()["subnets"][0]
        ids = [
            self.ec2.run_instances(
                ImageId="ami-12c6146b",
                MinCount=1,
                MaxCount=1,
                NetworkInterfaces=[
                    {
                        "DeviceIndex": 0,
                        "SubnetId": subnet,
                        "DeleteOnTermination": True,
                    }
                ],
            )["Instances"][0]["InstanceId"]
            for _ in range(2)
        ]
        self.ec2.terminate_instances(InstanceIds=ids[:1])
        ended = self.ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"]
        self.assertEqual(
            ["terminated", "running"], [i["PreviousState"]["Name"] for i in ended]
        )
        found = self.ec2.describe_instances(InstanceIds=ids)["Reservations"]
        states = {i["State"]["Name"] for r in found for i in r["Instances"]}
        self.assertEqual({"terminated"}, states)
