// Package live reads the documents of an account's network by the AWS SDK. It
// changes nothing: every call is a Describe, a Get, a List or a Search.
package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/fintrack/platform/test/kit/reach/describe"
)

// most is how many pages of one call are read: more is an answer that does not end.
const most = 1000

type fetcher struct {
	ctx  context.Context
	docs describe.Documents
	err  error
}

// Documents reads the whole network of a configuration's account and Region.
func Documents(ctx context.Context, cfg aws.Config) (describe.Documents, error) {
	f := &fetcher{ctx: ctx, docs: describe.Documents{}}
	f.network(ec2.NewFromConfig(cfg))
	f.transit(ec2.NewFromConfig(cfg))
	f.services(cfg)
	return f.docs, f.err
}

// call keeps all pages of a call as one document. next returns a page's list and
// the mark of the next one, or nil.
func call[T any](f *fetcher, name, field string, next func(mark *string) ([]T, *string, error)) []T {
	if f.err != nil {
		return nil
	}
	all := []T{}
	var mark *string
	for range most {
		list, more, err := next(mark)
		if err != nil {
			f.err = fmt.Errorf("%s: %w", name, err)
			return nil
		}
		all = append(all, list...)
		if more == nil || *more == "" {
			f.keep(name, map[string]any{field: all})
			return all
		}
		mark = more
	}
	f.err = fmt.Errorf("%s: more than %d pages", name, most)
	return nil
}

// single keeps the document of a call that has no pages.
func (f *fetcher) single(name string, ask func() (any, error)) {
	if f.err != nil {
		return
	}
	v, err := ask()
	if err != nil {
		f.err = fmt.Errorf("%s: %w", name, err)
		return
	}
	f.keep(name, v)
}

func (f *fetcher) keep(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
	f.docs[name] = b
}

func (f *fetcher) network(c *ec2.Client) {
	vpcs := call(f, "DescribeVpcs", "Vpcs", func(m *string) ([]types.Vpc, *string, error) {
		o, err := c.DescribeVpcs(f.ctx, &ec2.DescribeVpcsInput{NextToken: m})
		return unless(err, func() ([]types.Vpc, *string) { return o.Vpcs, o.NextToken })
	})
	for _, v := range vpcs {
		for field, name := range map[string]types.VpcAttributeName{"EnableDnsSupport": types.VpcAttributeNameEnableDnsSupport, "EnableDnsHostnames": types.VpcAttributeNameEnableDnsHostnames} {
			f.single("DescribeVpcAttribute "+aws.ToString(v.VpcId)+" "+string(name), func() (any, error) {
				o, err := c.DescribeVpcAttribute(f.ctx, &ec2.DescribeVpcAttributeInput{VpcId: v.VpcId, Attribute: name})
				if err != nil {
					return nil, err
				}
				value := o.EnableDnsSupport
				if field == "EnableDnsHostnames" {
					value = o.EnableDnsHostnames
				}
				return map[string]any{field: value}, nil
			})
		}
	}
	call(f, "DescribeSubnets", "Subnets", func(m *string) ([]types.Subnet, *string, error) {
		o, err := c.DescribeSubnets(f.ctx, &ec2.DescribeSubnetsInput{NextToken: m})
		return unless(err, func() ([]types.Subnet, *string) { return o.Subnets, o.NextToken })
	})
	call(f, "DescribeRouteTables", "RouteTables", func(m *string) ([]types.RouteTable, *string, error) {
		o, err := c.DescribeRouteTables(f.ctx, &ec2.DescribeRouteTablesInput{NextToken: m})
		return unless(err, func() ([]types.RouteTable, *string) { return o.RouteTables, o.NextToken })
	})
	call(f, "DescribeNetworkAcls", "NetworkAcls", func(m *string) ([]types.NetworkAcl, *string, error) {
		o, err := c.DescribeNetworkAcls(f.ctx, &ec2.DescribeNetworkAclsInput{NextToken: m})
		return unless(err, func() ([]types.NetworkAcl, *string) { return o.NetworkAcls, o.NextToken })
	})
	call(f, "DescribeSecurityGroups", "SecurityGroups", func(m *string) ([]types.SecurityGroup, *string, error) {
		o, err := c.DescribeSecurityGroups(f.ctx, &ec2.DescribeSecurityGroupsInput{NextToken: m})
		return unless(err, func() ([]types.SecurityGroup, *string) { return o.SecurityGroups, o.NextToken })
	})
	call(f, "DescribeInternetGateways", "InternetGateways", func(m *string) ([]types.InternetGateway, *string, error) {
		o, err := c.DescribeInternetGateways(f.ctx, &ec2.DescribeInternetGatewaysInput{NextToken: m})
		return unless(err, func() ([]types.InternetGateway, *string) { return o.InternetGateways, o.NextToken })
	})
	call(f, "DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways", func(m *string) ([]types.EgressOnlyInternetGateway, *string, error) {
		o, err := c.DescribeEgressOnlyInternetGateways(f.ctx, &ec2.DescribeEgressOnlyInternetGatewaysInput{NextToken: m})
		return unless(err, func() ([]types.EgressOnlyInternetGateway, *string) {
			return o.EgressOnlyInternetGateways, o.NextToken
		})
	})
	call(f, "DescribeVpnGateways", "VpnGateways", func(*string) ([]types.VpnGateway, *string, error) {
		o, err := c.DescribeVpnGateways(f.ctx, &ec2.DescribeVpnGatewaysInput{})
		return unless(err, func() ([]types.VpnGateway, *string) { return o.VpnGateways, nil })
	})
	call(f, "DescribeNatGateways", "NatGateways", func(m *string) ([]types.NatGateway, *string, error) {
		o, err := c.DescribeNatGateways(f.ctx, &ec2.DescribeNatGatewaysInput{NextToken: m})
		return unless(err, func() ([]types.NatGateway, *string) { return o.NatGateways, o.NextToken })
	})
	call(f, "DescribeVpcEndpoints", "VpcEndpoints", func(m *string) ([]types.VpcEndpoint, *string, error) {
		o, err := c.DescribeVpcEndpoints(f.ctx, &ec2.DescribeVpcEndpointsInput{NextToken: m})
		return unless(err, func() ([]types.VpcEndpoint, *string) { return o.VpcEndpoints, o.NextToken })
	})
	call(f, "DescribePrefixLists", "PrefixLists", func(m *string) ([]types.PrefixList, *string, error) {
		o, err := c.DescribePrefixLists(f.ctx, &ec2.DescribePrefixListsInput{NextToken: m})
		return unless(err, func() ([]types.PrefixList, *string) { return o.PrefixLists, o.NextToken })
	})
	lists := call(f, "DescribeManagedPrefixLists", "PrefixLists", func(m *string) ([]types.ManagedPrefixList, *string, error) {
		o, err := c.DescribeManagedPrefixLists(f.ctx, &ec2.DescribeManagedPrefixListsInput{NextToken: m})
		return unless(err, func() ([]types.ManagedPrefixList, *string) { return o.PrefixLists, o.NextToken })
	})
	for _, l := range lists {
		call(f, "GetManagedPrefixListEntries "+aws.ToString(l.PrefixListId), "Entries", func(m *string) ([]types.PrefixListEntry, *string, error) {
			o, err := c.GetManagedPrefixListEntries(f.ctx, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: l.PrefixListId, NextToken: m})
			return unless(err, func() ([]types.PrefixListEntry, *string) { return o.Entries, o.NextToken })
		})
	}
	call(f, "DescribeVpcPeeringConnections", "VpcPeeringConnections", func(m *string) ([]types.VpcPeeringConnection, *string, error) {
		o, err := c.DescribeVpcPeeringConnections(f.ctx, &ec2.DescribeVpcPeeringConnectionsInput{NextToken: m})
		return unless(err, func() ([]types.VpcPeeringConnection, *string) { return o.VpcPeeringConnections, o.NextToken })
	})
	call(f, "DescribeNetworkInterfaces", "NetworkInterfaces", func(m *string) ([]types.NetworkInterface, *string, error) {
		o, err := c.DescribeNetworkInterfaces(f.ctx, &ec2.DescribeNetworkInterfacesInput{NextToken: m})
		return unless(err, func() ([]types.NetworkInterface, *string) { return o.NetworkInterfaces, o.NextToken })
	})
}

// unless passes on an error, or what a page holds.
func unless[T any](err error, page func() ([]T, *string)) ([]T, *string, error) {
	if err != nil {
		return nil, nil, err
	}
	list, next := page()
	return list, next, nil
}

func (f *fetcher) transit(c *ec2.Client) {
	gateways := call(f, "DescribeTransitGateways", "TransitGateways", func(m *string) ([]types.TransitGateway, *string, error) {
		o, err := c.DescribeTransitGateways(f.ctx, &ec2.DescribeTransitGatewaysInput{NextToken: m})
		return unless(err, func() ([]types.TransitGateway, *string) { return o.TransitGateways, o.NextToken })
	})
	if f.err == nil && len(gateways) == 0 { // nothing can be attached to it
		for _, name := range []string{"TransitGatewayAttachments", "TransitGatewayVpcAttachments", "TransitGatewayRouteTables"} {
			f.keep("Describe"+name, map[string]any{name: []any{}})
		}
		return
	}
	call(f, "DescribeTransitGatewayAttachments", "TransitGatewayAttachments", func(m *string) ([]types.TransitGatewayAttachment, *string, error) {
		o, err := c.DescribeTransitGatewayAttachments(f.ctx, &ec2.DescribeTransitGatewayAttachmentsInput{NextToken: m})
		return unless(err, func() ([]types.TransitGatewayAttachment, *string) { return o.TransitGatewayAttachments, o.NextToken })
	})
	call(f, "DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", func(m *string) ([]types.TransitGatewayVpcAttachment, *string, error) {
		o, err := c.DescribeTransitGatewayVpcAttachments(f.ctx, &ec2.DescribeTransitGatewayVpcAttachmentsInput{NextToken: m})
		return unless(err, func() ([]types.TransitGatewayVpcAttachment, *string) {
			return o.TransitGatewayVpcAttachments, o.NextToken
		})
	})
	tables := call(f, "DescribeTransitGatewayRouteTables", "TransitGatewayRouteTables", func(m *string) ([]types.TransitGatewayRouteTable, *string, error) {
		o, err := c.DescribeTransitGatewayRouteTables(f.ctx, &ec2.DescribeTransitGatewayRouteTablesInput{NextToken: m})
		return unless(err, func() ([]types.TransitGatewayRouteTable, *string) { return o.TransitGatewayRouteTables, o.NextToken })
	})
	for _, t := range tables {
		if t.State == types.TransitGatewayRouteTableStateDeleted || t.State == types.TransitGatewayRouteTableStateDeleting {
			continue
		}
		call(f, "GetTransitGatewayRouteTableAssociations "+aws.ToString(t.TransitGatewayRouteTableId), "Associations", func(m *string) ([]types.TransitGatewayRouteTableAssociation, *string, error) {
			o, err := c.GetTransitGatewayRouteTableAssociations(f.ctx, &ec2.GetTransitGatewayRouteTableAssociationsInput{TransitGatewayRouteTableId: t.TransitGatewayRouteTableId, NextToken: m})
			return unless(err, func() ([]types.TransitGatewayRouteTableAssociation, *string) { return o.Associations, o.NextToken })
		})
		f.single("SearchTransitGatewayRoutes "+aws.ToString(t.TransitGatewayRouteTableId), func() (any, error) {
			o, err := c.SearchTransitGatewayRoutes(f.ctx, &ec2.SearchTransitGatewayRoutesInput{TransitGatewayRouteTableId: t.TransitGatewayRouteTableId,
				Filters: []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}}})
			if err != nil {
				return nil, err
			}
			if aws.ToBool(o.AdditionalRoutesAvailable) {
				return nil, fmt.Errorf("it has more routes than one answer holds")
			}
			return map[string]any{"Routes": slices.Concat([]types.TransitGatewayRoute{}, o.Routes)}, nil
		})
	}
}

func (f *fetcher) services(cfg aws.Config) {
	f.stores(cfg)
	f.clusters(eks.NewFromConfig(cfg))
	f.balancers(elb.NewFromConfig(cfg))
	functions := lambda.NewFromConfig(cfg)
	call(f, "ListFunctions", "Functions", func(m *string) ([]any, *string, error) {
		o, err := functions.ListFunctions(f.ctx, &lambda.ListFunctionsInput{Marker: m})
		return unless(err, func() ([]any, *string) { return each(o.Functions), o.NextMarker })
	})
}

// each is a list whose elements' types do not matter here.
func each[T any](list []T) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

func (f *fetcher) stores(cfg aws.Config) {
	databases, caches := rds.NewFromConfig(cfg), elasticache.NewFromConfig(cfg)
	call(f, "DescribeDBInstances", "DBInstances", func(m *string) ([]any, *string, error) {
		o, err := databases.DescribeDBInstances(f.ctx, &rds.DescribeDBInstancesInput{Marker: m})
		return unless(err, func() ([]any, *string) { return each(o.DBInstances), o.Marker })
	})
	call(f, "DescribeCacheClusters", "CacheClusters", func(m *string) ([]any, *string, error) {
		o, err := caches.DescribeCacheClusters(f.ctx, &elasticache.DescribeCacheClustersInput{Marker: m})
		return unless(err, func() ([]any, *string) { return each(o.CacheClusters), o.Marker })
	})
	call(f, "DescribeCacheSubnetGroups", "CacheSubnetGroups", func(m *string) ([]any, *string, error) {
		o, err := caches.DescribeCacheSubnetGroups(f.ctx, &elasticache.DescribeCacheSubnetGroupsInput{Marker: m})
		return unless(err, func() ([]any, *string) { return each(o.CacheSubnetGroups), o.Marker })
	})
}

func (f *fetcher) clusters(c *eks.Client) {
	names := call(f, "ListClusters", "clusters", func(m *string) ([]string, *string, error) {
		o, err := c.ListClusters(f.ctx, &eks.ListClustersInput{NextToken: m})
		return unless(err, func() ([]string, *string) { return o.Clusters, o.NextToken })
	})
	for _, name := range names {
		f.single("DescribeCluster "+name, func() (any, error) {
			o, err := c.DescribeCluster(f.ctx, &eks.DescribeClusterInput{Name: &name})
			if err != nil {
				return nil, err
			}
			return map[string]any{"cluster": o.Cluster}, nil
		})
		groups := call(f, "ListNodegroups "+name, "nodegroups", func(m *string) ([]string, *string, error) {
			o, err := c.ListNodegroups(f.ctx, &eks.ListNodegroupsInput{ClusterName: &name, NextToken: m})
			return unless(err, func() ([]string, *string) { return o.Nodegroups, o.NextToken })
		})
		for _, g := range groups {
			f.single("DescribeNodegroup "+name+" "+g, func() (any, error) {
				o, err := c.DescribeNodegroup(f.ctx, &eks.DescribeNodegroupInput{ClusterName: &name, NodegroupName: &g})
				if err != nil {
					return nil, err
				}
				return map[string]any{"nodegroup": o.Nodegroup}, nil
			})
		}
		addons := call(f, "ListAddons "+name, "addons", func(m *string) ([]string, *string, error) {
			o, err := c.ListAddons(f.ctx, &eks.ListAddonsInput{ClusterName: &name, NextToken: m})
			return unless(err, func() ([]string, *string) { return o.Addons, o.NextToken })
		})
		if slices.Contains(addons, "vpc-cni") {
			f.single("DescribeAddon "+name+" vpc-cni", func() (any, error) {
				o, err := c.DescribeAddon(f.ctx, &eks.DescribeAddonInput{ClusterName: &name, AddonName: aws.String("vpc-cni")})
				if err != nil {
					return nil, err
				}
				return map[string]any{"addon": o.Addon}, nil
			})
		}
	}
}

func (f *fetcher) balancers(c *elb.Client) {
	var arns []string
	network := map[string]bool{}
	call(f, "DescribeLoadBalancers", "LoadBalancers", func(m *string) ([]any, *string, error) {
		o, err := c.DescribeLoadBalancers(f.ctx, &elb.DescribeLoadBalancersInput{Marker: m})
		if err == nil {
			for _, b := range o.LoadBalancers {
				arns = append(arns, aws.ToString(b.LoadBalancerArn))
				network[aws.ToString(b.LoadBalancerArn)] = b.Type == elbtypes.LoadBalancerTypeEnumNetwork
			}
		}
		return unless(err, func() ([]any, *string) { return each(o.LoadBalancers), o.NextMarker })
	})
	for _, arn := range arns {
		if network[arn] {
			f.single("DescribeLoadBalancerAttributes "+arn, func() (any, error) {
				o, err := c.DescribeLoadBalancerAttributes(f.ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
				if err != nil {
					return nil, err
				}
				return map[string]any{"Attributes": slices.Concat(o.Attributes)}, nil
			})
		}
		call(f, "DescribeListeners "+arn, "Listeners", func(m *string) ([]any, *string, error) {
			o, err := c.DescribeListeners(f.ctx, &elb.DescribeListenersInput{LoadBalancerArn: &arn, Marker: m})
			return unless(err, func() ([]any, *string) { return each(o.Listeners), o.NextMarker })
		})
		var groups []string
		call(f, "DescribeTargetGroups "+arn, "TargetGroups", func(m *string) ([]any, *string, error) {
			o, err := c.DescribeTargetGroups(f.ctx, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &arn, Marker: m})
			if err == nil {
				for _, g := range o.TargetGroups {
					groups = append(groups, aws.ToString(g.TargetGroupArn))
				}
			}
			return unless(err, func() ([]any, *string) { return each(o.TargetGroups), o.NextMarker })
		})
		for _, g := range groups {
			if network[arn] {
				f.single("DescribeTargetGroupAttributes "+g, func() (any, error) {
					o, err := c.DescribeTargetGroupAttributes(f.ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &g})
					if err != nil {
						return nil, err
					}
					return map[string]any{"Attributes": slices.Concat(o.Attributes)}, nil
				})
			}
			f.single("DescribeTargetHealth "+g, func() (any, error) {
				o, err := c.DescribeTargetHealth(f.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g})
				if err != nil {
					return nil, err
				}
				return map[string]any{"TargetHealthDescriptions": slices.Concat(o.TargetHealthDescriptions)}, nil
			})
		}
	}
}
