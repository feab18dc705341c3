// Package vpc_test proves the module vpc: what it promises, read from the AWS
// API of an applied example, and what it refuses.
package vpc_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/s3"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "vpc", Verify: verify})
}

type outputs struct {
	VPC            string            `json:"vpc_id"`
	Zones          []string          `json:"availability_zones"`
	Public         []string          `json:"public_subnet_ids"`
	Private        []string          `json:"private_subnet_ids"`
	Isolated       []string          `json:"isolated_subnet_ids"`
	Pods           map[string]string `json:"pod_subnet_ids"`
	NAT            map[string]string `json:"nat_gateway_ids"`
	ACL            string            `json:"isolated_network_acl_id"`
	EndpointsGroup string            `json:"endpoint_security_group_id"`
	Endpoints      map[string]string `json:"endpoint_ids"`
	FlowLog        string            `json:"flow_log_id"`
	Attachment     string            `json:"transit_gateway_attachment_id"`
}

// applied is what the checks share: the outputs and what the API says of the VPC.
type applied struct {
	*deploy.Deployment
	ctx     context.Context
	api     *ec2.Client
	out     outputs
	subnets map[string]types.Subnet
	tables  []types.RouteTable
}

func verify(ctx context.Context, d *deploy.Deployment) {
	a := &applied{Deployment: d, ctx: ctx, api: ec2.NewFromConfig(d.AWS), subnets: map[string]types.Subnet{}}
	d.OutputAs("vpc", &a.out)
	mine := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{a.out.VPC}}}
	subnets, err := a.api.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: mine})
	if err != nil {
		d.Checks.Err(promise("subnets", "The subnets can be read", "aws_subnet"), a.out.VPC, err)
		return
	}
	for _, s := range subnets.Subnets {
		a.subnets[aws.ToString(s.SubnetId)] = s
	}
	tables, err := a.api.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: mine})
	if err != nil {
		d.Checks.Err(promise("route-tables", "The route tables can be read", "aws_route_table"), a.out.VPC, err)
		return
	}
	a.tables = tables.RouteTables
	a.addressing()
	a.routing()
	a.accessControl()
	a.endpoints()
	a.flowLogs()
}

func promise(id, title, resource string, controls ...string) check.Check {
	return check.Check{ID: "vpc." + id, Title: title, Subject: "module.vpc." + resource, Controls: controls}
}

// describe returns the subnets as "cidr zone", in the order given.
func (a *applied) describe(ids []string) []string {
	var out []string
	for _, id := range ids {
		s := a.subnets[id]
		out = append(out, aws.ToString(s.CidrBlock)+" "+aws.ToString(s.AvailabilityZone))
	}
	return out
}

func (a *applied) addressing() {
	vpc, err := a.api.DescribeVpcs(a.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{a.out.VPC}})
	c := promise("ranges", "The VPC has its range and one of its own for pods", "aws_vpc.this", "CC6.6")
	if err != nil {
		a.Checks.Err(c, a.out.VPC, err)
		return
	}
	var ranges []string
	for _, x := range vpc.Vpcs[0].CidrBlockAssociationSet {
		ranges = append(ranges, aws.ToString(x.CidrBlock))
	}
	a.Checks.Equal(c, []string{"10.0.0.0/16", "100.64.0.0/16"}, ranges)
	for _, attribute := range []types.VpcAttributeName{types.VpcAttributeNameEnableDnsSupport, types.VpcAttributeNameEnableDnsHostnames} {
		id := map[types.VpcAttributeName]string{types.VpcAttributeNameEnableDnsSupport: "dns-support", types.VpcAttributeNameEnableDnsHostnames: "dns-hostnames"}[attribute]
		c := promise(id, "Private DNS of the endpoints works: "+string(attribute), "aws_vpc.this", "CC6.6")
		got, err := a.api.DescribeVpcAttribute(a.ctx, &ec2.DescribeVpcAttributeInput{VpcId: aws.String(a.out.VPC), Attribute: attribute})
		if err != nil {
			a.Checks.Err(c, "true", err)
			continue
		}
		on := got.EnableDnsSupport != nil && aws.ToBool(got.EnableDnsSupport.Value) || got.EnableDnsHostnames != nil && aws.ToBool(got.EnableDnsHostnames.Value)
		a.Checks.Equal(c, true, on)
	}
	zone := func(i int) string { return a.out.Zones[i] }
	a.Checks.Equal(promise("three-zones", "The subnets span three availability zones", "aws_subnet", "A1.2"), 3, len(a.out.Zones))
	for tier, x := range map[string]struct {
		ids   []string
		first int
	}{"public": {a.out.Public, 1}, "private": {a.out.Private, 11}, "isolated": {a.out.Isolated, 21}} {
		var want []string
		for i := range 3 {
			want = append(want, fmt.Sprintf("10.0.%d.0/24 %s", x.first+i, zone(i)))
		}
		a.Checks.Equal(promise(tier+"-subnets", "There is a "+tier+" subnet of its own range in each zone", "aws_subnet."+tier, "CC6.6", "A1.2"), want, a.describe(x.ids))
	}
	var pods, want []string
	for i, z := range a.out.Zones {
		pods = append(pods, a.out.Pods[z])
		want = append(want, fmt.Sprintf("100.64.%d.0/18 %s", i*64, z))
	}
	a.Checks.Equal(promise("pod-subnets", "Pods have a subnet of their own range in each zone", "aws_subnet.pods", "CC6.6", "A1.1"), want, a.describe(pods))
	var public []string
	for id, s := range a.subnets {
		if aws.ToBool(s.MapPublicIpOnLaunch) {
			public = append(public, id)
		}
	}
	a.Checks.That(promise("no-automatic-public-address", "No subnet gives public addresses by itself", "aws_subnet", "CC6.6"), len(public) == 0, "none", fmt.Sprint(public))
}
