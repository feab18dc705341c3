package vpc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (a *applied) accessControl() {
	c := promise("default-group-empty", "The default security group allows nothing", "aws_default_security_group.this", "CC6.6")
	groups, err := a.api.DescribeSecurityGroups(a.ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{a.out.VPC}}, {Name: aws.String("group-name"), Values: []string{"default"}},
	}})
	if err != nil || len(groups.SecurityGroups) != 1 {
		a.Checks.Err(c, "one default group", fmt.Errorf("%v", err))
	} else {
		g := groups.SecurityGroups[0]
		a.Checks.That(c, len(g.IpPermissions)+len(g.IpPermissionsEgress) == 0, "no rule", fmt.Sprintf("%d ingress and %d egress rules", len(g.IpPermissions), len(g.IpPermissionsEgress)))
	}

	c = promise("isolated-acl", "The isolated subnets stand behind the module's network ACL", "aws_network_acl.isolated", "CC6.6")
	acls, err := a.api.DescribeNetworkAcls(a.ctx, &ec2.DescribeNetworkAclsInput{NetworkAclIds: []string{a.out.ACL}})
	if err != nil {
		a.Checks.Err(c, a.out.ACL, err)
		return
	}
	acl := acls.NetworkAcls[0]
	var behind []string
	for _, as := range acl.Associations {
		behind = append(behind, aws.ToString(as.SubnetId))
	}
	a.Checks.Equal(c, sorted(a.out.Isolated), sorted(behind))

	clients := []string{"10.0.11.0/24", "10.0.12.0/24", "10.0.13.0/24", "100.64.0.0/16"}
	members := []string{"10.0.21.0/24", "10.0.22.0/24", "10.0.23.0/24"}
	var in, out []string
	for _, cidr := range clients {
		in = append(in, cidr+" tcp 5432-5432", cidr+" tcp 6379-6379")
		out = append(out, cidr+" tcp 1024-65535")
	}
	for _, cidr := range members {
		in = append(in, cidr+" tcp 1024-65535")
		out = append(out, cidr+" tcp 1024-65535")
	}
	a.Checks.Equal(promise("isolated-acl-ingress", "Only nodes and pods reach the isolated tier, on database ports alone, beside its own members", "aws_network_acl_rule.isolated_in", "CC6.1", "CC6.6"), sorted(in), allowed(acl, false))
	a.Checks.Equal(promise("isolated-acl-egress", "The isolated tier answers to them alone", "aws_network_acl_rule.isolated_out", "CC6.1", "CC6.6"), sorted(out), allowed(acl, true))
}

// allowed lists what an ACL allows in one direction as "cidr protocol ports".
func allowed(acl types.NetworkAcl, egress bool) []string {
	var out []string
	for _, e := range acl.Entries {
		if aws.ToBool(e.Egress) != egress || e.RuleAction != types.RuleActionAllow {
			continue
		}
		ports := "all"
		if e.PortRange != nil {
			ports = fmt.Sprintf("%d-%d", aws.ToInt32(e.PortRange.From), aws.ToInt32(e.PortRange.To))
		}
		protocol := map[string]string{"6": "tcp", "17": "udp", "-1": "all"}[aws.ToString(e.Protocol)]
		out = append(out, aws.ToString(e.CidrBlock)+aws.ToString(e.Ipv6CidrBlock)+" "+protocol+" "+ports)
	}
	return sorted(out)
}

func (a *applied) endpoints() {
	c := promise("endpoints", "AWS APIs are reached inside the VPC: S3, ECR, STS, Secrets Manager, KMS, Logs", "aws_vpc_endpoint", "CC6.6", "CC6.7")
	got, err := a.api.DescribeVpcEndpoints(a.ctx, &ec2.DescribeVpcEndpointsInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{a.out.VPC}}}})
	if err != nil {
		a.Checks.Err(c, "seven endpoints", err)
		return
	}
	want := map[string]string{"s3": "Gateway"}
	for _, s := range []string{"ecr.api", "ecr.dkr", "sts", "secretsmanager", "kms", "logs"} {
		want[s] = "Interface"
	}
	have := map[string]string{}
	for _, e := range got.VpcEndpoints {
		service := strings.TrimPrefix(aws.ToString(e.ServiceName), "com.amazonaws."+a.Region+".")
		have[service] = string(e.VpcEndpointType)
		a.endpointPolicy(service, e)
		if e.VpcEndpointType == types.VpcEndpointTypeInterface {
			var groups []string
			for _, g := range e.Groups {
				groups = append(groups, aws.ToString(g.GroupId))
			}
			a.Checks.Equal(promise("endpoint-"+strings.ReplaceAll(service, ".", "-"), "The endpoint stands in every private subnet, behind its group, under the API's own name", "aws_vpc_endpoint.interface", "CC6.6", "A1.2"),
				fmt.Sprint(sorted(a.out.Private), []string{a.out.EndpointsGroup}, true), fmt.Sprint(sorted(e.SubnetIds), groups, aws.ToBool(e.PrivateDnsEnabled)))
			continue
		}
		a.gatewayRoutes(e)
	}
	a.Checks.Equal(c, want, have)

	c = promise("endpoints-ingress", "Only nodes and pods reach the endpoints, by HTTPS", "aws_vpc_security_group_ingress_rule.endpoints", "CC6.6", "CC6.7")
	rules, err := a.api.DescribeSecurityGroupRules(a.ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{{Name: aws.String("group-id"), Values: []string{a.out.EndpointsGroup}}}})
	if err != nil {
		a.Checks.Err(c, "four rules", err)
		return
	}
	var lines []string
	for _, r := range rules.SecurityGroupRules {
		direction := "in"
		if aws.ToBool(r.IsEgress) {
			direction = "out"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %d-%d", direction, aws.ToString(r.CidrIpv4), aws.ToString(r.IpProtocol), aws.ToInt32(r.FromPort), aws.ToInt32(r.ToPort)))
	}
	a.Checks.Equal(c, []string{"in 10.0.11.0/24 tcp 443-443", "in 10.0.12.0/24 tcp 443-443", "in 10.0.13.0/24 tcp 443-443", "in 100.64.0.0/16 tcp 443-443"}, sorted(lines))
}

// gatewayRoutes checks that the tiers which may not leave reach S3 nevertheless.
func (a *applied) gatewayRoutes(e types.VpcEndpoint) {
	tables := map[string]bool{}
	for _, s := range slices.Concat(a.out.Private, a.out.Isolated, slices.Collect(maps.Values(a.out.Pods))) {
		t, _ := a.tableOf(s)
		tables[aws.ToString(t.RouteTableId)] = true
	}
	a.Checks.Equal(promise("endpoint-s3", "Private, pod and isolated subnets reach S3 by the gateway endpoint", "aws_vpc_endpoint.s3", "CC6.6"), slices.Sorted(maps.Keys(tables)), sorted(e.RouteTableIds))
}

// endpointPolicy checks that the endpoint serves this account's principals only.
func (a *applied) endpointPolicy(service string, e types.VpcEndpoint) {
	c := promise("endpoint-policy-"+strings.ReplaceAll(service, ".", "-"), "The endpoint serves principals and roles of this account alone ("+service+")", "aws_vpc_endpoint", "CC6.1", "CC6.6")
	var policy struct {
		Statement []struct {
			Sid       string
			Action    any
			Resource  any
			Condition map[string]map[string]any
		}
	}
	if err := json.Unmarshal([]byte(aws.ToString(e.PolicyDocument)), &policy); err != nil {
		a.Checks.Err(c, "a policy", err)
		return
	}
	var open []string
	for _, s := range policy.Statement {
		switch {
		case s.Condition["StringEquals"]["aws:PrincipalAccount"] == a.Sandbox.Account:
		case s.Sid == "ContainerLayers" && s.Resource == "arn:aws:s3:::prod-"+a.Region+"-starport-layer-bucket/*":
		case service == "sts" && s.Sid == "WebIdentity" && s.Action == "sts:AssumeRoleWithWebIdentity" && s.Resource == "arn:aws:iam::"+a.Sandbox.Account+":role/*":
			// A token is exchanged before there is a principal, for a role of this account alone.
		default:
			open = append(open, s.Sid)
		}
	}
	a.Checks.That(c, len(open) == 0 && len(policy.Statement) > 0, "aws:PrincipalAccount is "+a.Sandbox.Account, fmt.Sprintf("%d statements, open: %v", len(policy.Statement), open))
}

func (a *applied) flowLogs() {
	c := promise("flow-logs", "All traffic is logged to the bucket within a minute, as Parquet by hour", "aws_flow_log.this", "CC7.2", "CC7.3")
	got, err := a.api.DescribeFlowLogs(a.ctx, &ec2.DescribeFlowLogsInput{Filter: []types.Filter{{Name: aws.String("resource-id"), Values: []string{a.out.VPC}}}})
	if err != nil || len(got.FlowLogs) != 1 {
		a.Checks.Err(c, "one flow log", fmt.Errorf("%v", err))
		return
	}
	f := got.FlowLogs[0]
	format := "no options"
	if o := f.DestinationOptions; o != nil {
		format = fmt.Sprint(o.FileFormat, " hive ", aws.ToBool(o.HiveCompatiblePartitions), " hourly ", aws.ToBool(o.PerHourPartition))
	}
	a.Checks.Equal(c, fmt.Sprint(a.out.FlowLog, " ALL s3 ", a.Output("flow_log_bucket_arn"), " 60 parquet hive true hourly true"),
		fmt.Sprint(aws.ToString(f.FlowLogId), " ", f.TrafficType, " ", f.LogDestinationType, " ", aws.ToString(f.LogDestination), " ", aws.ToInt32(f.MaxAggregationInterval), " ", format))
}
