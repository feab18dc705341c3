package describe

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// members places everything that has, or will have, an address: what the services
// say of themselves, in every subnet in which it may be, and the interfaces that
// are there now.
func (r *reader) members() {
	r.databases()
	r.caches()
	r.clusters()
	r.functions()
	r.balancers()
	r.interfaces()
}

// guarded places what AWS puts in no VPC without a security group: one without would
// look as if nobody reached it.
func (r *reader) guarded(kind reach.OwnerKind, owner string, subnets, groups []string, public bool) {
	if len(groups) == 0 || slices.Contains(groups, "") {
		r.bad("%s %s: the documents do not say which security groups it has", kind, owner)
	}
	r.place(kind, owner, subnets, groups, public)
}

// place adds an interface in each of subnets, which may have any address there.
func (r *reader) place(kind reach.OwnerKind, owner string, subnets, groups []string, public bool) {
	if len(subnets) == 0 {
		r.bad("%s %s: it is in no subnet", kind, owner)
	}
	if owner == "" {
		r.bad("a %s has no name", kind)
	}
	for _, s := range subnets {
		r.e.Interfaces = append(r.e.Interfaces, reach.Interface{ID: fmt.Sprintf("%s %s in %s", kind, owner, s), Subnet: s, Groups: groups, Kind: kind, Owner: owner, Public: public})
	}
}

func (r *reader) databases() {
	for _, d := range loose[struct {
		DBInstanceIdentifier string
		PubliclyAccessible   bool
		DBSubnetGroup        *struct {
			Subnets []struct{ SubnetIdentifier string }
		}
		VpcSecurityGroups []struct{ VpcSecurityGroupId string }
	}](r, "DescribeDBInstances", "DBInstances") {
		var subnets, groups []string
		if d.DBSubnetGroup != nil {
			for _, s := range d.DBSubnetGroup.Subnets {
				subnets = append(subnets, s.SubnetIdentifier)
			}
		}
		for _, g := range d.VpcSecurityGroups {
			groups = append(groups, g.VpcSecurityGroupId)
		}
		r.guarded(reach.Database, d.DBInstanceIdentifier, subnets, groups, d.PubliclyAccessible)
	}
}

func (r *reader) caches() {
	subnets := map[string][]string{}
	for _, g := range loose[struct {
		CacheSubnetGroupName string
		Subnets              []struct{ SubnetIdentifier string }
	}](r, "DescribeCacheSubnetGroups", "CacheSubnetGroups") {
		for _, s := range g.Subnets {
			subnets[g.CacheSubnetGroupName] = append(subnets[g.CacheSubnetGroupName], s.SubnetIdentifier)
		}
	}
	type member struct{ subnets, groups []string }
	seen := map[string]member{}
	for _, c := range loose[struct {
		CacheClusterId, ReplicationGroupId, CacheSubnetGroupName string
		SecurityGroups                                           []struct{ SecurityGroupId string }
	}](r, "DescribeCacheClusters", "CacheClusters") {
		owner := c.ReplicationGroupId
		if owner == "" {
			owner = c.CacheClusterId
		}
		var groups []string
		for _, g := range c.SecurityGroups {
			groups = append(groups, g.SecurityGroupId)
		}
		slices.Sort(groups)
		m := member{subnets[c.CacheSubnetGroupName], groups}
		if old, ok := seen[owner]; ok { // the nodes of one replication group are alike
			if !slices.Equal(old.groups, m.groups) || !slices.Equal(old.subnets, m.subnets) {
				r.bad("cache %s: its nodes differ in subnets or security groups", owner)
			}
			continue
		}
		seen[owner] = m
		r.guarded(reach.Cache, owner, m.subnets, m.groups, false)
	}
}

func (r *reader) functions() {
	for _, f := range loose[struct {
		FunctionName string
		VpcConfig    *struct{ SubnetIds, SecurityGroupIds []string }
	}](r, "ListFunctions", "Functions") {
		if f.VpcConfig != nil && len(f.VpcConfig.SubnetIds) > 0 { // else it is in no VPC
			r.guarded(reach.Function, f.FunctionName, f.VpcConfig.SubnetIds, f.VpcConfig.SecurityGroupIds, false)
		}
	}
}

func (r *reader) clusters() {
	for _, c := range page[[]string](r, "ListClusters", "clusters") {
		cluster := one[struct {
			ResourcesVpcConfig struct {
				ClusterSecurityGroupId      string
				SubnetIds, SecurityGroupIds []string
			}
		}](r, "DescribeCluster "+c, "cluster").ResourcesVpcConfig
		if cluster.ClusterSecurityGroupId == "" {
			r.bad("cluster %s: it has no security group", c)
			continue
		}
		own := []string{cluster.ClusterSecurityGroupId}
		r.place(reach.ControlPlane, c, cluster.SubnetIds, slices.Concat(own, cluster.SecurityGroupIds), false)
		// A launch template with groups of its own is not looked at: this repository's
		// has none, and EKS then gives nodes the cluster's group (Amazon EKS security
		// group requirements and considerations).
		for _, g := range page[[]string](r, "ListNodegroups "+c, "nodegroups") {
			n := one[struct{ Subnets []string }](r, "DescribeNodegroup "+c+" "+g, "nodegroup")
			r.place(reach.Nodes, g, n.Subnets, own, false)
		}
		if slices.Contains(page[[]string](r, "ListAddons "+c, "addons"), "vpc-cni") {
			r.pods(c)
		}
	}
}

// pods are placed where the network plugin's configuration says (Deploy Pods in
// alternate subnets with custom networking).
func (r *reader) pods(cluster string) {
	call := "DescribeAddon " + cluster + " vpc-cni"
	text := one[struct{ ConfigurationValues string }](r, call, "addon").ConfigurationValues
	if text == "" {
		return // pods are where their nodes are
	}
	subnets, err := PodSubnets(text)
	if err != nil {
		r.bad("%s: %w", call, err)
		return
	}
	for _, s := range subnets {
		r.place(reach.Pods, cluster, []string{s.ID}, s.SecurityGroups, false)
	}
}

// PodSubnet is where pods of one zone get their addresses, and with which groups.
type PodSubnet struct {
	ID             string
	SecurityGroups []string
}

// PodSubnets reads the eniConfig of the network plugin's configuration, by zone.
func PodSubnets(configuration string) ([]PodSubnet, error) {
	var values struct {
		EniConfig *struct {
			Subnets map[string]struct {
				ID             string   `json:"id"`
				SecurityGroups []string `json:"securityGroups"`
			}
		} `json:"eniConfig"`
	}
	if err := json.Unmarshal([]byte(configuration), &values); err != nil {
		return nil, fmt.Errorf("configuration of the network plugin: %w", err)
	}
	if values.EniConfig == nil {
		return nil, nil
	}
	var out []PodSubnet
	for zone, s := range values.EniConfig.Subnets {
		if s.ID == "" || len(s.SecurityGroups) == 0 {
			return nil, fmt.Errorf("configuration of the network plugin: zone %s: want an id and securityGroups", zone)
		}
		out = append(out, PodSubnet{s.ID, s.SecurityGroups})
	}
	slices.SortFunc(out, func(a, b PodSubnet) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// one is the object of a call about one thing.
func one[T any](r *reader, call, field string) (out T) {
	if raw := page[json.RawMessage](r, call, field); len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			r.bad("%s: %w", call, err)
		}
	}
	return out
}

func (r *reader) interfaces() {
	for _, f := range loose[struct {
		NetworkInterfaceId, SubnetId, InterfaceType, Description string
		SourceDestCheck                                          *bool
		Association                                              *struct{ PublicIp string }
		Groups                                                   []struct{ GroupId string }
		PrivateIpAddresses                                       []struct {
			PrivateIpAddress string
			Association      *struct{ PublicIp string }
		}
		Ipv6Addresses    []struct{ Ipv6Address string }
		Ipv4Prefixes     []struct{ Ipv4Prefix string }
		Ipv6Prefixes     []struct{ Ipv6Prefix string }
		TagSet           []tag
		Attachment       *struct{ InstanceId string }
		RequesterManaged bool
	}](r, "DescribeNetworkInterfaces", "NetworkInterfaces") {
		out := reach.Interface{ID: f.NetworkInterfaceId, Name: name(f.TagSet), Subnet: f.SubnetId, Kind: reach.Other, Public: f.Association != nil && f.Association.PublicIp != ""}
		if f.Attachment != nil && f.Attachment.InstanceId != "" {
			out.Kind, out.Owner = reach.Instance, f.Attachment.InstanceId
		}
		if f.InterfaceType == "nat_gateway" || f.InterfaceType == "natGateway" {
			continue // the gateway itself is in the model
		}
		if f.InterfaceType == "network_load_balancer" {
			continue // placed with its load balancer
		}
		if r.own[f.NetworkInterfaceId] {
			continue // placed with its endpoint, whose groups it has
		}
		if len(f.Ipv4Prefixes)+len(f.Ipv6Prefixes) == 0 { // with prefixes it may have any address
			for _, a := range f.PrivateIpAddresses {
				out.Addrs = append(out.Addrs, r.addr(f.NetworkInterfaceId, a.PrivateIpAddress))
				out.Public = out.Public || a.Association != nil && a.Association.PublicIp != ""
			}
			for _, a := range f.Ipv6Addresses {
				out.Addrs = append(out.Addrs, r.addr(f.NetworkInterfaceId, a.Ipv6Address))
			}
		}
		for _, g := range f.Groups {
			out.Groups = append(out.Groups, g.GroupId)
		}
		r.e.Interfaces = append(r.e.Interfaces, out)
	}
}

func (r *reader) addr(where, text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		r.bad("interface %s: %q is no address", where, text)
	}
	return a
}
