"""Mends of EC2: security group rules, flow logs, transit gateways, launch templates."""

from __future__ import annotations

from copy import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachmentBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response
from moto.ec2.responses.flow_logs import FlowLogs
from moto.ec2.responses.transit_gateway_attachments import TransitGatewayAttachment

from ..patching import override, override_property
from ..registry import mend


@mend(
    "ec2",
    "DescribeSecurityGroupRules: the description of a rule whose source is another "
    "group is not answered, so aws_vpc_security_group_ingress_rule drifts.",
)
def rules_from_groups_keep_their_description() -> None:
    @override_property(SecurityGroupRule)
    def description(stock: str | None, rule: Any) -> str | None:
        return stock or rule.source_group.get("Description")


@mend(
    "ec2",
    "CreateFlowLogs: DestinationOptions (file format, Hive partitions, hourly "
    "partitions) are dropped, so aws_flow_log is planned for replacement for ever.",
)
def flow_logs_keep_their_destination_options() -> None:
    @override(FlowLogs)
    def create_flow_logs(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        options = self._get_param("DestinationOptions")
        if options:
            kept = {
                "FileFormat": options.get("FileFormat", "plain-text"),
                "HiveCompatiblePartitions": options.get("HiveCompatiblePartitions", False),
                "PerHourPartition": options.get("PerHourPartition", False),
            }
            for flow_log_id in answer.result["FlowLogIds"]:
                self.ec2_backend.flow_logs[flow_log_id].destination_options = kept
        return answer


@mend(
    "ec2",
    "CreateTransitGatewayVpcAttachment: tags given for the attachment are read "
    "under the wrong resource type and lost.",
)
def transit_gateway_attachments_keep_their_tags() -> None:
    @override(TransitGatewayAttachment)
    def create_transit_gateway_vpc_attachment(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        tags = self._parse_tag_specification().get("transit-gateway-attachment", {})
        answer.result["TransitGatewayVpcAttachment"].add_tags(tags)
        return answer


@mend(
    "ec2",
    "DeleteTransitGatewayVpcAttachment: the attachment is gone at once, while AWS "
    "shows it as deleted for an hour; the provider waits for that state and fails.",
)
def deleted_transit_gateway_attachments_stay_visible() -> None:
    @override(TransitGatewayAttachmentBackend)
    def delete_transit_gateway_vpc_attachment(
        original: Any, self: Any, transit_gateway_attachment_id: str
    ) -> Any:
        attachment = original(self, transit_gateway_attachment_id)
        self.transit_gateway_attachments[transit_gateway_attachment_id] = attachment
        return attachment


@mend(
    "ec2",
    "CreateLaunchTemplate: tags of the template itself are answered as part of its "
    "data, so aws_launch_template shows a tag_specifications block nobody wrote.",
)
def launch_template_data_leaves_out_the_templates_own_tags() -> None:
    @override(LaunchTemplate)
    def __init__(
        original: Any,
        self: Any,
        backend: Any,
        name: str,
        template_data: dict[str, Any],
        version_description: str,
        tag_spec: dict[str, dict[str, str]],
    ) -> None:
        data = dict(template_data)
        inner = [
            spec
            for spec in data.pop("TagSpecifications", [])
            if spec.get("ResourceType") != "launch-template"
        ]
        if inner:
            data["TagSpecifications"] = inner
        original(self, backend, name, data, version_description, tag_spec)


@mend(
    "ec2",
    "DescribeLaunchTemplates: the tags are those of the creation, so a change of them "
    "by CreateTags or DeleteTags is planned for ever.",
)
def launch_templates_show_the_tags_they_have() -> None:
    @override(LaunchTemplateBackend)
    def describe_launch_templates(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, *args, **kwargs)
        for template in found:
            template.tags = template.get_tags()
        return found


def take_an_address_of_its_subnet(eni: NetworkInterface) -> None:
    address = eni.subnet.get_available_subnet_ip(eni)
    eni.private_ip_address = address
    eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]


@mend(
    "ec2",
    "CreateNatGateway: the gateway's network interface has an address of some other "
    "network, and nothing says what the interface is for.",
)
def nat_gateways_have_an_address_of_their_subnet() -> None:
    @override(NatGateway)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        take_an_address_of_its_subnet(self._eni)
        self.private_ip = self._eni.private_ip_address
        self._eni.interface_type = "nat_gateway"
        self._eni.description = f"Interface for NAT Gateway {self.id}"
        self._eni.requester_managed = True


@mend(
    "ec2",
    "CreateVpcEndpoint: the network interfaces of an interface endpoint have addresses "
    "of some other network and the default security group instead of the endpoint's, "
    "and nothing says what they are for.",
)
def interface_endpoints_have_addresses_of_their_subnets() -> None:
    @override(VPCBackend)
    def create_vpc_endpoint(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        endpoint = original(self, *args, **kwargs)
        groups = [self.get_security_group_from_id(one) for one in endpoint.security_group_ids or []]
        for eni_id in endpoint.network_interface_ids:
            eni = self.enis[eni_id]
            take_an_address_of_its_subnet(eni)
            eni.interface_type = "vpc_endpoint"
            eni.description = f"VPC Endpoint Interface {endpoint.id}"
            eni.requester_managed = True
            eni._group_set = groups or eni._group_set
        return endpoint


@mend(
    "ec2",
    "DeleteNatGateway: the gateway's network interface stays for ever and its "
    "Elastic IP stays associated with it, while AWS removes the one and frees the other.",
)
def deleted_nat_gateways_take_their_interface_along() -> None:
    @override(NatGatewayBackend)
    def delete_nat_gateway(original: Any, self: Any, nat_gateway_id: str) -> NatGateway:
        gateway = original(self, nat_gateway_id)
        if gateway._eni.id in self.enis:
            for address in gateway.address_set:
                if address.get("associationId"):
                    self.disassociate_address(association_id=address["associationId"])
            self.delete_network_interface(gateway._eni.id)
        return gateway


@mend(
    "ec2",
    "DeleteSubnet: the subnet's network ACL association stays, so that the ACL can "
    "never be deleted, while on AWS it ends with the subnet.",
)
def deleted_subnets_leave_their_network_acl() -> None:
    @override(SubnetBackend)
    def delete_subnet(original: Any, self: Any, subnet_id: str) -> Any:
        deleted = original(self, subnet_id)
        for acl in self.network_acls.values():
            for key, association in list(acl._associations.items()):
                if association.subnet_id == subnet_id:
                    del acl._associations[key]
        return deleted


@mend(
    "ec2",
    "DescribeKeyPairs and DescribeVpcPeeringConnections note what they answer in a "
    "table that all requests share: at the same time they get each other's answers, "
    "and any other request may fail, be sent again, and find its work done.",
)
def requests_do_not_share_how_they_answer() -> None:
    @override(EC2Response)
    def __init__(original: Any, self: Any) -> None:  # noqa: N807
        original(self)
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER)


@mend(
    "ec2",
    "TerminateInstances: an instance that is terminated already is refused, because "
    "its network interface is gone, and the others of the request are left running.",
)
def a_terminated_instance_is_terminated_again() -> None:
    @override(Instance)
    def terminate(original: Any, self: Any) -> Any:
        if self._state.name == "terminated":
            return copy(self._state)
        return original(self)
