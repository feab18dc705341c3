package ec2_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/ec2"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestEC2(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			m := maker{t, ctx, ec2.NewFromConfig(cfg), name, tags}
			vpc, subnet, group := m.network()
			m.gateways(vpc, subnet)
			m.machines(subnet, group)
		},
		Types: []string{
			"aws_vpc", "aws_subnet", "aws_route_table", "aws_network_acl", "aws_security_group", "aws_internet_gateway",
			"aws_egress_only_internet_gateway", "aws_vpc_dhcp_options", "aws_ec2_managed_prefix_list", "aws_network_interface",
			"aws_eip", "aws_nat_gateway", "aws_vpc_endpoint", "aws_flow_log", "aws_vpc_peering_connection", "aws_ec2_transit_gateway",
			"aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_route_table",
			"aws_instance", "aws_launch_template", "aws_ebs_volume", "aws_ebs_snapshot", "aws_ami", "aws_key_pair",
		},
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, _ string, _ map[string]string) {
			censustest.Must(t)(ec2.NewFromConfig(cfg).EnableEbsEncryptionByDefault(ctx, &ec2.EnableEbsEncryptionByDefaultInput{}))
		},
		OnceTypes: []string{"aws_ebs_encryption_by_default"},
	})
}

type maker struct {
	t    testing.TB
	ctx  context.Context
	c    *ec2.Client
	name string
	tags map[string]string
}

// spec tags a resource; without the run's tags it has only the name.
func (m maker) spec(kind types.ResourceType) []types.TagSpecification {
	ts := []types.Tag{{Key: aws.String("Name"), Value: aws.String(m.name)}}
	for k, v := range m.tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return []types.TagSpecification{{ResourceType: kind, Tags: ts}}
}

func (m maker) network() (vpc, subnet, group *string) {
	must := censustest.Must(m.t)
	v := censustest.Do(m.t, m.ctx, m.c.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), TagSpecifications: m.spec(types.ResourceTypeVpc)})
	vpc = v.Vpc.VpcId
	s := censustest.Do(m.t, m.ctx, m.c.CreateSubnet, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("10.0.1.0/24"), TagSpecifications: m.spec(types.ResourceTypeSubnet)})
	subnet = s.Subnet.SubnetId
	rt := censustest.Do(m.t, m.ctx, m.c.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: vpc, TagSpecifications: m.spec(types.ResourceTypeRouteTable)})
	must(m.c.AssociateRouteTable(m.ctx, &ec2.AssociateRouteTableInput{RouteTableId: rt.RouteTable.RouteTableId, SubnetId: subnet}))
	must(m.c.CreateNetworkAcl(m.ctx, &ec2.CreateNetworkAclInput{VpcId: vpc, TagSpecifications: m.spec(types.ResourceTypeNetworkAcl)}))
	igw := censustest.Do(m.t, m.ctx, m.c.CreateInternetGateway, &ec2.CreateInternetGatewayInput{TagSpecifications: m.spec(types.ResourceTypeInternetGateway)})
	must(m.c.AttachInternetGateway(m.ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: igw.InternetGateway.InternetGatewayId, VpcId: vpc}))
	must(m.c.CreateRoute(m.ctx, &ec2.CreateRouteInput{RouteTableId: rt.RouteTable.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: igw.InternetGateway.InternetGatewayId}))
	must(m.c.CreateEgressOnlyInternetGateway(m.ctx, &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: vpc, TagSpecifications: m.spec(types.ResourceTypeEgressOnlyInternetGateway)}))
	dhcp := censustest.Do(m.t, m.ctx, m.c.CreateDhcpOptions, &ec2.CreateDhcpOptionsInput{
		DhcpConfigurations: []types.NewDhcpConfiguration{{Key: aws.String("domain-name"), Values: []string{"example.internal"}}},
	})
	// The emulator drops tags that are given with the call.
	must(m.c.CreateTags(m.ctx, &ec2.CreateTagsInput{Resources: []string{*dhcp.DhcpOptions.DhcpOptionsId}, Tags: m.spec(types.ResourceTypeDhcpOptions)[0].Tags}))
	must(m.c.CreateManagedPrefixList(m.ctx, &ec2.CreateManagedPrefixListInput{
		PrefixListName: aws.String(m.name), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(2), TagSpecifications: m.spec(types.ResourceTypePrefixList),
	}))
	must(m.c.CreateFlowLogs(m.ctx, &ec2.CreateFlowLogsInput{
		ResourceIds: []string{*vpc}, ResourceType: types.FlowLogsResourceTypeVpc, TrafficType: types.TrafficTypeAll,
		LogDestinationType: types.LogDestinationTypeCloudWatchLogs, LogGroupName: aws.String(m.name),
		DeliverLogsPermissionArn: aws.String("arn:aws:iam::123456789012:role/flow-logs"), TagSpecifications: m.spec(types.ResourceTypeVpcFlowLog),
	}))
	a, b := m.group(vpc, "a"), m.group(vpc, "b")
	m.refer(a, b)
	m.refer(b, a)
	return vpc, subnet, a
}

func (m maker) group(vpc *string, suffix string) *string {
	g := censustest.Do(m.t, m.ctx, m.c.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{
		VpcId: vpc, GroupName: aws.String(m.name + "-" + suffix), Description: aws.String("proof"), TagSpecifications: m.spec(types.ResourceTypeSecurityGroup),
	})
	return g.GroupId
}

// refer lets one group name another, so that neither can simply be deleted.
func (m maker) refer(from, to *string) {
	must := censustest.Must(m.t)
	ps := []types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(5432), ToPort: aws.Int32(5432), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: to}},
	}}
	must(m.c.AuthorizeSecurityGroupIngress(m.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: from, IpPermissions: ps}))
	must(m.c.AuthorizeSecurityGroupEgress(m.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: from, IpPermissions: ps}))
}

func (m maker) gateways(vpc, subnet *string) {
	must := censustest.Must(m.t)
	ip := censustest.Do(m.t, m.ctx, m.c.AllocateAddress, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: m.spec(types.ResourceTypeElasticIp)})
	must(m.c.CreateNatGateway(m.ctx, &ec2.CreateNatGatewayInput{SubnetId: subnet, AllocationId: ip.AllocationId, TagSpecifications: m.spec(types.ResourceTypeNatgateway)}))
	must(m.c.CreateVpcEndpoint(m.ctx, &ec2.CreateVpcEndpointInput{
		VpcId: vpc, VpcEndpointType: types.VpcEndpointTypeInterface, ServiceName: aws.String("com.amazonaws." + censustest.Region + ".sts"),
		SubnetIds: []string{*subnet}, TagSpecifications: m.spec(types.ResourceTypeVpcEndpoint),
	}))
	// On AWS the interfaces of a gateway and of an endpoint are requester-managed;
	// the emulator shows them as anybody's.
	enis := censustest.Do(m.t, m.ctx, m.c.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("subnet-id"), Values: []string{*subnet}}},
	})
	for _, n := range enis.NetworkInterfaces {
		must(m.c.CreateTags(m.ctx, &ec2.CreateTagsInput{Resources: []string{*n.NetworkInterfaceId}, Tags: m.spec(types.ResourceTypeNetworkInterface)[0].Tags}))
	}
	peer := censustest.Do(m.t, m.ctx, m.c.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16"), TagSpecifications: m.spec(types.ResourceTypeVpc)})
	must(m.c.CreateVpcPeeringConnection(m.ctx, &ec2.CreateVpcPeeringConnectionInput{
		VpcId: vpc, PeerVpcId: peer.Vpc.VpcId, TagSpecifications: m.spec(types.ResourceTypeVpcPeeringConnection),
	}))
	g := censustest.Do(m.t, m.ctx, m.c.CreateTransitGateway, &ec2.CreateTransitGatewayInput{TagSpecifications: m.spec(types.ResourceTypeTransitGateway)})
	must(m.c.CreateTransitGatewayRouteTable(m.ctx, &ec2.CreateTransitGatewayRouteTableInput{
		TransitGatewayId: g.TransitGateway.TransitGatewayId, TagSpecifications: m.spec(types.ResourceTypeTransitGatewayRouteTable),
	}))
	must(m.c.CreateTransitGatewayVpcAttachment(m.ctx, &ec2.CreateTransitGatewayVpcAttachmentInput{
		TransitGatewayId: g.TransitGateway.TransitGatewayId, VpcId: vpc, SubnetIds: []string{*subnet},
		TagSpecifications: m.spec(types.ResourceTypeTransitGatewayAttachment),
	}))
}

func (m maker) machines(subnet, group *string) {
	must := censustest.Must(m.t)
	must(m.c.CreateNetworkInterface(m.ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: subnet, Groups: []string{*group}, TagSpecifications: m.spec(types.ResourceTypeNetworkInterface)}))
	must(m.c.CreateLaunchTemplate(m.ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(m.name), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Micro},
		TagSpecifications: m.spec(types.ResourceTypeLaunchTemplate),
	}))
	is := censustest.Do(m.t, m.ctx, m.c.RunInstances, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: types.InstanceTypeT3Micro,
		DisableApiTermination: aws.Bool(true),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{
			DeviceIndex: aws.Int32(0), SubnetId: subnet, Groups: []string{*group}, DeleteOnTermination: aws.Bool(true),
		}},
		TagSpecifications: append(m.spec(types.ResourceTypeInstance), m.spec(types.ResourceTypeVolume)...),
	})
	image := censustest.Do(m.t, m.ctx, m.c.CreateImage, &ec2.CreateImageInput{
		InstanceId: is.Instances[0].InstanceId, Name: aws.String(m.name), TagSpecifications: m.spec(types.ResourceTypeImage),
	})
	// The emulator tags an image's snapshot only afterwards.
	snapshots := censustest.Do(m.t, m.ctx, m.c.DescribeSnapshots, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []types.Filter{{Name: aws.String("description"), Values: []string{"*" + *image.ImageId}}},
	})
	must(m.c.CreateTags(m.ctx, &ec2.CreateTagsInput{Resources: []string{*snapshots.Snapshots[0].SnapshotId}, Tags: m.spec(types.ResourceTypeSnapshot)[0].Tags}))
	v := censustest.Do(m.t, m.ctx, m.c.CreateVolume, &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(censustest.Region + "a"), Size: aws.Int32(1), TagSpecifications: m.spec(types.ResourceTypeVolume),
	})
	must(m.c.CreateSnapshot(m.ctx, &ec2.CreateSnapshotInput{VolumeId: v.VolumeId, TagSpecifications: m.spec(types.ResourceTypeSnapshot)}))
	must(m.c.CreateKeyPair(m.ctx, &ec2.CreateKeyPairInput{KeyName: aws.String(m.name), TagSpecifications: m.spec(types.ResourceTypeKeyPair)}))
}
