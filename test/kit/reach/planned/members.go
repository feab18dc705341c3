package planned

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/describe"
)

// members places everything that will have an address, under the same names as the
// reader of Describe documents does.
func (r *reader) members() {
	for _, n := range r.all("aws_vpc_endpoint") {
		if n.text("vpc_endpoint_type") == "Interface" {
			r.place(reach.EndpointNode, n.Address, n, r.needs(n, "subnet_ids", "aws_subnet"), r.own(n, "security_group_ids"), false)
		}
	}
	for _, n := range r.all("aws_db_instance") {
		public, known := n.Values["publicly_accessible"].(bool)
		if !known {
			r.bad("%s: its publicly_accessible is not known before an apply", n.Address)
		}
		r.place(reach.Database, n.text("identifier"), n, r.grouped(r.source(n), "db_subnet_group_name", "aws_db_subnet_group"), r.own(n, "vpc_security_group_ids"), public)
	}
	for _, n := range r.all("aws_elasticache_replication_group") {
		r.place(reach.Cache, n.text("replication_group_id"), n, r.grouped(n, "subnet_group_name", "aws_elasticache_subnet_group"), r.own(n, "security_group_ids"), false)
	}
	for _, n := range r.all("aws_lambda_function") {
		if n.later["vpc_config"] == true {
			r.bad("%s: whether it has a vpc_config is not known before an apply", n.Address)
		}
		if list, _ := n.Values["vpc_config"].([]any); len(list) > 0 {
			in := n.block("vpc_config")
			r.place(reach.Function, n.text("function_name"), n, r.needs(in, "subnet_ids", "aws_subnet"), r.own(in, "security_group_ids"), false)
		}
	}
	r.clusters()
}

// place adds an interface in each of subnets, which may have any address there.
func (r *reader) place(kind reach.OwnerKind, owner string, n *node, subnets, groups []*node, public bool) {
	if owner == "" {
		r.bad("%s: what it is called is not known before an apply", n.Address)
	}
	var ids []string
	for _, g := range groups {
		ids = append(ids, g.Address)
	}
	for _, s := range subnets {
		r.e.Interfaces = append(r.e.Interfaces, reach.Interface{ID: fmt.Sprintf("%s %s in %s", kind, owner, s.Address), Subnet: s.Address, Groups: ids, Kind: kind, Owner: owner, Public: public})
	}
}

// needs is all that an attribute names, at least one.
func (r *reader) needs(n *node, attr string, want ...string) []*node {
	found := r.sure(n, attr, want...)
	if len(found) == 0 {
		r.bad("%s: the plan does not say which %s its %s are", n.Address, want[0], attr)
	}
	return found
}

// own are the security groups of a member. One that is given none gets the VPC's
// default group, whose rules a plan need not know.
func (r *reader) own(n *node, attr string) []*node {
	return r.needs(n, attr, "aws_security_group", "aws_default_security_group")
}

// source is the database that has the subnet group: a replica's may be its source's.
func (r *reader) source(n *node) *node {
	if n.has("db_subnet_group_name") || !n.has("replicate_source_db") {
		return n
	}
	if s := r.named(n, "replicate_source_db", "identifier", "aws_db_instance"); s != nil {
		return s
	}
	return n
}

// named is the one thing that an attribute names by its name, or by reference.
func (r *reader) named(n *node, attr, key, kind string) *node {
	var found []*node
	if name := n.text(attr); name != "" {
		for _, x := range r.all(kind) {
			if x.text(key) == name {
				found = append(found, x)
			}
		}
	} else {
		f := follower{r: r, want: []string{kind}}
		for _, ref := range references(n.item.Expressions[attr]) {
			if m := reference.FindStringSubmatch(ref); m != nil && m[0] == m[1] {
				f.follow(n.scope, n, []string{ref}, 0)
			}
		}
		found = f.found
	}
	if len(found) != 1 {
		r.bad("%s: the plan does not say which %s its %s is", n.Address, kind, attr)
		return nil
	}
	return found[0]
}

// grouped are the subnets of a member's subnet group.
func (r *reader) grouped(n *node, attr, kind string) []*node {
	if g := r.named(n, attr, "name", kind); g != nil {
		return r.needs(g, "subnet_ids", "aws_subnet")
	}
	return nil
}

func (r *reader) clusters() {
	for _, t := range r.all("aws_launch_template") {
		if r.ownGroups(t) {
			r.bad("%s: it names security groups for nodes: the model has no rule for that", t.Address)
		}
	}
	for _, c := range r.all("aws_eks_cluster") {
		own := r.clusterGroup[c]
		if own == nil {
			continue // reported before
		}
		in := c.block("vpc_config")
		groups := append([]*node{own}, r.given(in, "security_group_ids", "aws_security_group", "aws_default_security_group")...)
		r.place(reach.ControlPlane, c.text("name"), c, r.needs(in, "subnet_ids", "aws_subnet"), groups, false)
	}
	for _, n := range r.all("aws_eks_node_group") {
		if c := r.named(n, "cluster_name", "name", "aws_eks_cluster"); c != nil && r.clusterGroup[c] != nil {
			name := n.text("node_group_name")
			if name == "" {
				name = n.Address // it gets a prefix and a number
			}
			r.place(reach.Nodes, name, n, r.needs(n, "subnet_ids", "aws_subnet"), []*node{r.clusterGroup[c]}, false)
		}
	}
	for _, n := range r.all("aws_eks_addon") {
		if n.text("addon_name") == "vpc-cni" {
			r.pods(n)
		}
	}
}

// ownGroups says that a launch template names security groups.
func (r *reader) ownGroups(t *node) bool {
	faces, _ := t.Values["network_interfaces"].([]any)
	return len(t.ids("vpc_security_group_ids")) > 0 || len(faces) > 0 || t.item.Expressions["vpc_security_group_ids"] != nil || t.item.Expressions["network_interfaces"] != nil || t.later["network_interfaces"] == true
}

// pods are placed where the network plugin's configuration says.
func (r *reader) pods(n *node) {
	c := r.named(n, "cluster_name", "name", "aws_eks_cluster")
	if c == nil || r.clusterGroup[c] == nil {
		return
	}
	if _, known := n.Values["configuration_values"]; known || !n.has("configuration_values") {
		r.knownPods(n, c)
		return
	}
	// The text is not known, what it is made of is: the subnets, the cluster's group,
	// and the region, which says nothing about either.
	f := follower{r: r, want: []string{"aws_subnet", "aws_security_group"}, strict: true}
	f.follow(n.scope, n, references(n.item.Expressions["configuration_values"]), 0)
	lost := slices.DeleteFunc(f.lost, func(ref string) bool {
		return strings.HasSuffix(ref, ".region") || strings.HasPrefix(ref, "data.aws_region.")
	})
	slices.SortFunc(f.found, byAddress)
	var subnets, groups []*node
	for _, x := range slices.Compact(f.found) {
		if x.Type == "aws_subnet" {
			subnets = append(subnets, x)
		} else {
			groups = append(groups, x)
		}
	}
	if len(subnets) == 0 || len(groups) != 1 || len(lost) > 0 {
		r.bad("%s: the plan does not say in which subnets pods are, or with which group (%s)", n.Address, strings.Join(lost, ", "))
		return
	}
	r.place(reach.Pods, c.text("name"), n, subnets, groups, false)
}

func (r *reader) knownPods(n, c *node) {
	text := n.text("configuration_values")
	if text == "" {
		return // pods are where their nodes are
	}
	list, err := describe.PodSubnets(text)
	if err != nil {
		r.bad("%s: %w", n.Address, err)
	}
	for _, s := range list {
		in := &node{resource: resource{Address: n.Address, Values: map[string]any{"subnet": s.ID, "groups": anys(s.SecurityGroups)}}, scope: n.scope, item: &item{}}
		r.place(reach.Pods, c.text("name"), n, r.needs(in, "subnet", "aws_subnet"), r.own(in, "groups"), false)
	}
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
