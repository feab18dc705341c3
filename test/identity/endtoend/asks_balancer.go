package endtoend

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

func balancers(s session) *elb.Client { return elb.NewFromConfig(s.aws) }

// lastPart is what follows the last slash.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// balancerAsks are the load balancer controller's: an Ingress from its load balancer's
// making to its end.
func (w *world) balancerAsks() []ask {
	asks := w.networkAsks()
	asks = append(asks, w.groupAsks()...)
	asks = append(asks, w.ingressAsks()...)
	asks = append(asks, w.protectAsks()...)
	return append(asks, w.endAsks()...)
}

// networkAsks are what controllers read of the network.
func (w *world) networkAsks() []ask {
	by := []string{balancer}
	return []ask{
		{id: "subnets-list", title: "Subnets are listed by the controllers that need to", by: []string{balancer, karpenter}, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{}))
		}},
		{id: "groups-list", title: "Security groups are listed by the controllers that need to", by: []string{balancer, karpenter}, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{}))
		}},
		{id: "zones-list", title: "Availability zones are listed by the controllers that need to", by: []string{balancer, volumes}, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{}))
		}},
		{id: "tags-list", title: "Tags are listed by the controllers that need to", by: []string{balancer, volumes}, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeTags(ctx, &ec2.DescribeTagsInput{}))
		}},
		{id: "account-read", title: "The account's attributes are read by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeAccountAttributes(ctx, &ec2.DescribeAccountAttributesInput{}))
		}},
		{id: "addresses-list", title: "Addresses are listed by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeAddresses(ctx, &ec2.DescribeAddressesInput{}))
		}},
		{id: "gateways-list", title: "Internet gateways are listed by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{}))
		}},
		{id: "interfaces-list", title: "Network interfaces are listed by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{}))
		}},
		{id: "routes-list", title: "Route tables are listed by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{}))
		}},
		{id: "networks-list", title: "Networks are listed by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))
		}},
		{id: "certificate-read", title: "A certificate is looked at by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(acm.NewFromConfig(s.aws).DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &w.material.certificate}))
		}},
	}
}

// groupAsks make a security group, and open and close doors.
func (w *world) groupAsks() []ask {
	m := &w.material
	by := []string{balancer}
	door := []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(8443), ToPort: aws.Int32(8443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/16")}}}}
	opened := func(group *string) do {
		return func(ctx context.Context, s session) error {
			return answer(machines(s).AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: door}))
		}
	}
	closed := func(group *string) do {
		return func(ctx context.Context, s session) error {
			return answer(machines(s).RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: group, IpPermissions: door}))
		}
	}
	return []ask{
		{id: "group-make", title: "A security group with the cluster's mark is made by the load balancer controller", by: by, do: w.firewall("balancer", m.clusterName, &m.made.group)},
		{id: "group-make-unmarked", title: "A security group without the mark is made by nobody", do: w.firewall("unmarked", "", new(string))},
		{id: "group-make-foreign", title: "A security group with another cluster's mark is made by nobody", do: w.firewall("foreign", "another", new(string))},
		{id: "group-open", title: "An own security group is opened by the load balancer controller", by: by, do: opened(&m.made.group)},
		{id: "group-close", title: "An own security group is closed by the load balancer controller", by: by, do: closed(&m.made.group)},
		{id: "group-open-cluster", title: "The cluster's security group is opened by the load balancer controller", by: by, do: opened(&m.clusterGroup)},
		{id: "group-close-cluster", title: "The cluster's security group is closed by the load balancer controller", by: by, do: closed(&m.clusterGroup)},
		{id: "group-open-data", title: "The database's security group is opened by nobody", do: opened(&m.dataGroup)},
		{id: "group-remove-data", title: "The database's security group is removed by nobody", do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &m.dataGroup}))
		}},
	}
}

// ingressAsks make a load balancer, its targets, listener and rule, and change them.
func (w *world) ingressAsks() []ask {
	m := &w.material
	by := []string{balancer}
	forward := func() []elbtypes.Action {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &m.made.targets}}
	}
	target := []elbtypes.TargetDescription{{Id: aws.String("10.0.10.10"), Port: aws.Int32(8080)}}
	paths := []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/api/*"}}}
	change := func(id, title string, do do) ask {
		return ask{id: id, title: title + " by the load balancer controller", by: by, do: do}
	}
	return []ask{
		change("balancer-make", "A load balancer with the cluster's mark is made", w.loadBalancer("ours", m.clusterName, &m.made.balancer)),
		{id: "balancer-make-unmarked", title: "A load balancer without the mark is made by nobody", do: w.loadBalancer("unmarked", "", new(string))},
		{id: "balancer-make-foreign", title: "A load balancer with another cluster's mark is made by nobody", do: w.loadBalancer("foreign", "another", new(string))},
		change("balancer-change", "The attributes of an own load balancer are changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &m.made.balancer,
				Attributes: []elbtypes.LoadBalancerAttribute{{Key: aws.String("idle_timeout.timeout_seconds"), Value: aws.String("30")}}}))
		}),
		change("balancer-attributes", "The attributes of a load balancer are read", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &m.made.balancer}))
		}),
		change("balancer-groups", "The security groups of an own load balancer are set", func(ctx context.Context, s session) error {
			return answer(balancers(s).SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: &m.made.balancer, SecurityGroups: []string{m.made.group}}))
		}),
		change("balancer-subnets", "The subnets of an own load balancer are set", func(ctx context.Context, s session) error {
			return answer(balancers(s).SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: &m.made.balancer, Subnets: m.public}))
		}),
		change("balancer-mark", "An own load balancer is given a tag beside the mark", func(ctx context.Context, s session) error {
			return answer(balancers(s).AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{m.made.balancer}, Tags: []elbtypes.Tag{
				{Key: aws.String("elbv2.k8s.aws/cluster"), Value: &m.clusterName}, {Key: aws.String("x"), Value: aws.String("x")}}}))
		}),
		{id: "balancer-mark-foreign", title: "An own load balancer is given another cluster's mark by nobody", do: func(ctx context.Context, s session) error {
			return answer(balancers(s).AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{m.made.balancer}, Tags: []elbtypes.Tag{
				{Key: aws.String("elbv2.k8s.aws/cluster"), Value: aws.String("another")}}}))
		}},
		change("balancer-unmark", "A tag of an own load balancer is removed", func(ctx context.Context, s session) error {
			return answer(balancers(s).RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{m.made.balancer}, TagKeys: []string{"x"}}))
		}),
		change("balancer-tags", "Tags of load balancers are read", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{m.made.balancer}}))
		}),
		change("targets-make", "A target group with the cluster's mark is made to stay", w.targets("pods", m.clusterName, &m.made.targets)),
		{id: "targets-make-unmarked", title: "A target group without the mark is made by nobody", do: w.targets("unmarked", "", new(string))},
		{id: "targets-make-foreign", title: "A target group with another cluster's mark is made by nobody", do: w.targets("foreign", "another", new(string))},
		change("targets-list", "Target groups are listed", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{}))
		}),
		change("targets-change", "An own target group's health check is changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &m.made.targets, HealthCheckPath: aws.String("/health")}))
		}),
		change("targets-attributes-change", "An own target group's attributes are changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &m.made.targets,
				Attributes: []elbtypes.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("30")}}}))
		}),
		change("targets-attributes", "A target group's attributes are read", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &m.made.targets}))
		}),
		change("listener-make", "A listener of an own load balancer is made", func(ctx context.Context, s session) error {
			out, err := balancers(s).CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &m.made.balancer, Protocol: elbtypes.ProtocolEnumHttps, Port: aws.Int32(443),
				Certificates: []elbtypes.Certificate{{CertificateArn: &m.certificate}}, DefaultActions: forward(),
				Tags: []elbtypes.Tag{{Key: aws.String("elbv2.k8s.aws/cluster"), Value: &m.clusterName}}})
			if err == nil {
				m.made.listener = aws.ToString(out.Listeners[0].ListenerArn)
			}
			return err
		}),
		change("listener-change", "An own listener is changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &m.made.listener, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-2021-06")}))
		}),
		change("listener-attributes-change", "An own listener's attributes are changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyListenerAttributes(ctx, &elb.ModifyListenerAttributesInput{ListenerArn: &m.made.listener,
				Attributes: []elbtypes.ListenerAttribute{{Key: aws.String("routing.http.response.server.enabled"), Value: aws.String("false")}}}))
		}),
		change("listener-attributes", "A listener's attributes are read", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeListenerAttributes(ctx, &elb.DescribeListenerAttributesInput{ListenerArn: &m.made.listener}))
		}),
		change("listeners-list", "Listeners are listed", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: &m.made.balancer}))
		}),
		change("listener-certificate", "A certificate is added to an own listener", func(ctx context.Context, s session) error {
			return answer(balancers(s).AddListenerCertificates(ctx, &elb.AddListenerCertificatesInput{ListenerArn: &m.made.listener, Certificates: []elbtypes.Certificate{{CertificateArn: &m.certificate}}}))
		}),
		change("listener-certificates", "A listener's certificates are listed", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeListenerCertificates(ctx, &elb.DescribeListenerCertificatesInput{ListenerArn: &m.made.listener}))
		}),
		change("listener-certificate-off", "A certificate is taken from an own listener", func(ctx context.Context, s session) error {
			return answer(balancers(s).RemoveListenerCertificates(ctx, &elb.RemoveListenerCertificatesInput{ListenerArn: &m.made.listener, Certificates: []elbtypes.Certificate{{CertificateArn: &m.certificate}}}))
		}),
		change("ciphers-list", "TLS policies are listed", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeSSLPolicies(ctx, &elb.DescribeSSLPoliciesInput{}))
		}),
		change("rule-make", "A rule of an own listener is made", func(ctx context.Context, s session) error {
			out, err := balancers(s).CreateRule(ctx, &elb.CreateRuleInput{ListenerArn: &m.made.listener, Priority: aws.Int32(1), Conditions: paths, Actions: forward(),
				Tags: []elbtypes.Tag{{Key: aws.String("elbv2.k8s.aws/cluster"), Value: &m.clusterName}}})
			if err == nil {
				m.made.forward = aws.ToString(out.Rules[0].RuleArn)
			}
			return err
		}),
		change("rule-change", "An own rule is changed", func(ctx context.Context, s session) error {
			return answer(balancers(s).ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &m.made.forward, Conditions: paths, Actions: forward()}))
		}),
		change("rules-list", "Rules are listed", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &m.made.listener}))
		}),
		change("target-register", "A pod's address is put into an own target group", func(ctx context.Context, s session) error {
			return answer(balancers(s).RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &m.made.targets, Targets: target}))
		}),
		change("target-health", "The health of targets is read", func(ctx context.Context, s session) error {
			return answer(balancers(s).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &m.made.targets}))
		}),
		change("target-deregister", "A pod's address is taken from an own target group", func(ctx context.Context, s session) error {
			return answer(balancers(s).DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &m.made.targets, Targets: target}))
		}),
	}
}

// protectAsks put the platform's web ACL before the load balancer.
func (w *world) protectAsks() []ask {
	m := &w.material
	by := []string{balancer}
	acls := func(s session) *wafv2.Client { return wafv2.NewFromConfig(s.aws) }
	parts := strings.Split(m.webACL, "/")
	return []ask{
		{id: "acl-read", title: "The platform's web ACL is read by the load balancer controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(acls(s).GetWebACL(ctx, &wafv2.GetWebACLInput{Scope: waftypes.ScopeRegional, Name: &parts[len(parts)-2], Id: &parts[len(parts)-1]}))
		}},
		{id: "acl-put", title: "The platform's web ACL is put before an own load balancer by its controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(acls(s).AssociateWebACL(ctx, &wafv2.AssociateWebACLInput{WebACLArn: &m.webACL, ResourceArn: &m.made.balancer}))
		}},
		{id: "acl-of", title: "The web ACL before a load balancer is looked up by its controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(acls(s).GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: &m.made.balancer}))
		}},
		{id: "acl-take", title: "The web ACL is taken from before an own load balancer by its controller", by: by, do: func(ctx context.Context, s session) error {
			return answer(acls(s).DisassociateWebACL(ctx, &wafv2.DisassociateWebACLInput{ResourceArn: &m.made.balancer}))
		}},
		{id: "acl-put-other", title: "Another web ACL is put before a load balancer by nobody", do: func(ctx context.Context, s session) error {
			other := strings.TrimSuffix(m.webACL, parts[len(parts)-1]) + "00000000-0000-0000-0000-000000000000"
			return answer(acls(s).AssociateWebACL(ctx, &wafv2.AssociateWebACLInput{WebACLArn: &other, ResourceArn: &m.made.balancer}))
		}},
		{id: "linked-role", title: "The role that load balancers act by is made by their controller", by: by, do: func(ctx context.Context, s session) error {
			out, err := iam.NewFromConfig(s.aws).CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("elasticloadbalancing.amazonaws.com")})
			if err == nil {
				m.made.linkedRole = aws.ToString(out.Role.RoleName)
			}
			return err
		}},
		{id: "linked-role-other", title: "The role of another service is made by nobody", do: func(ctx context.Context, s session) error {
			return answer(iam.NewFromConfig(s.aws).CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com")}))
		}},
	}
}

// endAsks remove what the controller made.
func (w *world) endAsks() []ask {
	m := &w.material
	end := func(id, what string, do do) ask {
		return ask{id: id, title: what + " is removed by the load balancer controller", by: []string{balancer}, do: do}
	}
	return []ask{
		end("rule-remove", "An own rule", func(ctx context.Context, s session) error {
			return answer(balancers(s).DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: &m.made.forward}))
		}),
		end("listener-remove", "An own listener", func(ctx context.Context, s session) error {
			return answer(balancers(s).DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &m.made.listener}))
		}),
		end("balancer-remove", "An own load balancer", func(ctx context.Context, s session) error {
			return answer(balancers(s).DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &m.made.balancer}))
		}),
		end("targets-remove", "An own target group", func(ctx context.Context, s session) error {
			return answer(balancers(s).DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &m.made.targets}))
		}),
		end("group-remove", "An own security group", func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &m.made.group}))
		}),
	}
}

func (w *world) firewall(name, mark string, into *string) do {
	return func(ctx context.Context, s session) error {
		in := &ec2.CreateSecurityGroupInput{GroupName: aws.String("e2e-" + name), Description: aws.String("load balancer"), VpcId: &w.material.vpc}
		if mark != "" {
			in.TagSpecifications = specs(map[string]string{"elbv2.k8s.aws/cluster": mark}, ec2types.ResourceTypeSecurityGroup)
		}
		out, err := machines(s).CreateSecurityGroup(ctx, in)
		if err == nil {
			*into = aws.ToString(out.GroupId)
		}
		return err
	}
}

func (w *world) loadBalancer(name, mark string, into *string) do {
	return func(ctx context.Context, s session) error {
		in := &elb.CreateLoadBalancerInput{Name: aws.String("e2e-" + name), Type: elbtypes.LoadBalancerTypeEnumApplication, Subnets: w.material.public}
		if mark != "" {
			in.Tags = []elbtypes.Tag{{Key: aws.String("elbv2.k8s.aws/cluster"), Value: &mark}}
		}
		out, err := balancers(s).CreateLoadBalancer(ctx, in)
		if err == nil {
			*into = aws.ToString(out.LoadBalancers[0].LoadBalancerArn)
		}
		return err
	}
}

// targets makes a target group with a cluster's mark, or with none.
func (w *world) targets(name, mark string, into *string) do {
	return func(ctx context.Context, s session) error {
		in := &elb.CreateTargetGroupInput{Name: aws.String("e2e-" + name), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080),
			TargetType: elbtypes.TargetTypeEnumIp, VpcId: &w.material.vpc}
		if mark != "" {
			in.Tags = []elbtypes.Tag{{Key: aws.String("elbv2.k8s.aws/cluster"), Value: &mark}}
		}
		out, err := balancers(s).CreateTargetGroup(ctx, in)
		if err == nil {
			*into = aws.ToString(out.TargetGroups[0].TargetGroupArn)
		}
		return err
	}
}
