package planned

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

// groups reads security groups, and their rules from wherever those are.
func (r *reader) groups() {
	r.clusterGroups()
	for _, n := range slices.Concat(r.all("aws_security_group"), r.all("aws_default_security_group")) {
		v := r.sure(n, "vpc_id", "aws_vpc")
		if len(v) != 1 {
			r.bad("%s: the plan does not say which aws_vpc its vpc_id is", n.Address)
			continue
		}
		// Terraform takes AWS's rule away that lets everything out (resource
		// aws_security_group, "NOTE on Egress rules").
		out := reach.Group{ID: n.Address, Name: cmp.Or(n.name(), n.text("name")), VPC: v[0].Address}
		out.In, out.Out = r.inline(n, "ingress"), r.inline(n, "egress")
		r.e.Groups = append(r.e.Groups, out)
	}
	r.rules()
}

// clusterGroups are those that EKS makes: everything among those that have it, and
// everything out (View Amazon EKS security group requirements for clusters).
func (r *reader) clusterGroups() {
	for _, c := range r.all("aws_eks_cluster") {
		subnets := r.sure(c.block("vpc_config"), "subnet_ids", "aws_subnet")
		if len(subnets) == 0 {
			r.bad("%s: the plan does not say in which subnets it is", c.Address)
			continue
		}
		s, _ := r.subnet(subnets[0])
		id := c.Address + " cluster security group"
		own := &node{resource: resource{Address: id, Type: "aws_security_group"}, scope: c.scope, item: &item{}}
		r.clusterGroup[c] = own
		all := func(p netip.Prefix) reach.Rule {
			return reach.Rule{Protocol: reach.Any, Ports: reach.AllPorts, Prefix: p}
		}
		r.e.Groups = append(r.e.Groups, reach.Group{ID: id, VPC: s.VPC, In: []reach.Rule{{Protocol: reach.Any, Ports: reach.AllPorts, Group: id}},
			Out: []reach.Rule{all(netip.PrefixFrom(netip.IPv4Unspecified(), 0)), all(netip.PrefixFrom(netip.IPv6Unspecified(), 0))}})
	}
}

// block is a block of a resource as if it were one itself. One that is not there has
// no values.
func (n *node) block(name string) *node {
	out := &node{resource: resource{Address: n.Address, Type: n.Type, Name: n.Name}, within: name, scope: n.scope, item: &item{ForEach: n.item.ForEach}}
	if list, _ := n.Values[name].([]any); len(list) > 0 {
		out.Values, _ = list[0].(map[string]any)
	}
	if list := expressions(n.item.Expressions[name]); len(list) > 0 {
		out.item.Expressions = list[0]
	} else if out.Values != nil {
		out.item.Expressions, out.hidden = n.content(name)
	}
	return out
}

// inline are the rules that stand in a group itself. All of them must be known.
func (r *reader) inline(n *node, way string) []reach.Rule {
	list, known := n.Values[way].([]any)
	if !known {
		if n.has(way) || len(n.dynamic(way)) > 0 {
			r.bad("%s: its %s is not known before an apply: use a resource of its own for each rule", n.Address, way)
		}
		return nil
	}
	var out []reach.Rule
	for i, x := range list {
		values, _ := x.(map[string]any)
		rule := &node{resource: resource{Address: fmt.Sprintf("%s.%s[%d]", n.Address, way, i), Values: values}, scope: n.scope, item: &item{}}
		for _, attr := range []string{"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups", "self"} {
			if _, known := values[attr]; !known {
				r.bad("%s: its %s is not known before an apply: use a resource of its own for each rule", rule.Address, attr)
			}
		}
		out = append(out, r.old(rule, "protocol", []string{"security_groups"}, n.Address)...)
	}
	return out
}

// old are the rules of an entry that may name many peers at once; own is the group
// that it is in.
func (r *reader) old(n *node, protocol string, groups []string, own string) []reach.Rule {
	base, ok := r.traffic(n, protocol)
	if !ok {
		return nil
	}
	var out []reach.Rule
	add := func(peer func(*reach.Rule)) {
		rule := base
		peer(&rule)
		out = append(out, rule)
	}
	for _, attr := range []string{"cidr_blocks", "ipv6_cidr_blocks"} {
		list, known := n.Values[attr].([]any)
		if !known && n.has(attr) {
			r.bad("%s: its %s are not known before an apply", n.Address, attr)
		}
		for _, x := range list {
			s, _ := x.(string)
			p, err := netip.ParsePrefix(s)
			if err != nil {
				r.bad("%s: its %s are not known before an apply, or no ranges: %q", n.Address, attr, s)
				continue
			}
			add(func(rule *reach.Rule) { rule.Prefix = p.Masked() })
		}
	}
	for _, l := range r.given(n, "prefix_list_ids", "aws_ec2_managed_prefix_list") {
		add(func(rule *reach.Rule) { rule.PrefixList = l.Address })
	}
	for _, attr := range groups {
		for _, g := range r.given(n, attr, "aws_security_group", "aws_default_security_group") {
			add(func(rule *reach.Rule) { rule.Group = g.Address })
		}
	}
	if n.Values["self"] == true {
		add(func(rule *reach.Rule) { rule.Group = own })
	}
	if len(out) == 0 {
		r.bad("%s: it has no peer that the plan knows", n.Address)
	}
	return out
}

// given is all that an attribute names; one that is not given, or empty, names none.
func (r *reader) given(n *node, attr string, want ...string) []*node {
	if list, known := n.Values[attr].([]any); !n.has(attr) || known && len(list) == 0 {
		return nil
	}
	found := r.sure(n, attr, want...)
	if len(found) == 0 {
		r.bad("%s: the plan does not say which %s its %s is", n.Address, want[0], attr)
	}
	return found
}

// traffic is the protocol and the ports of a rule.
func (r *reader) traffic(n *node, attr string) (out reach.Rule, ok bool) {
	p, err := reach.ParseProtocol(n.text(attr))
	if err != nil {
		r.bad("%s: its %s: %w", n.Address, attr, err)
		return out, false
	}
	out = reach.Rule{ID: n.Address, Description: n.text("description"), Protocol: p, Ports: reach.AllPorts}
	if p == reach.Any {
		return out, true
	}
	from, wrong := n.number("from_port")
	to, bad := n.number("to_port")
	switch icmp := p == reach.ICMP || p == reach.ICMPv6; {
	case p != reach.TCP && p != reach.UDP && !icmp:
	case wrong == nil && from == -1:
	case wrong != nil || !icmp && (bad != nil || from > to) || from < 0 || from > 65535 || to > 65535:
		r.bad("%s: ports %v to %v: want 0 to 65535, the lower first", n.Address, n.Values["from_port"], n.Values["to_port"])
		return out, false
	case icmp: // the first port is the type
		out.Ports = reach.Ports(reach.Port(from), reach.Port(from))
	default:
		out.Ports = reach.Ports(reach.Port(from), reach.Port(to))
	}
	return out, true
}
