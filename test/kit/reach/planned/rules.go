package planned

import (
	"fmt"
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

// kindred are rules of one resource that differ in nothing but the group that they
// name.
type kindred struct {
	scope       *scope
	kind, name  string
	group, what string
}

// rules puts the rules that are resources of their own into their groups. Where a
// plan does not say which of several groups a rule names, as many like rules as
// groups will do: no group takes two like rules (AuthorizeSecurityGroupIngress,
// "InvalidPermission.Duplicate"), so each names one.
func (r *reader) rules() {
	like := map[kindred][]*node{}
	var order []kindred
	for _, kind := range []string{"aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_security_group_rule"} {
		for _, n := range r.all(kind) {
			g, found := r.holder(n)
			if !found {
				continue
			}
			if kind == "aws_security_group_rule" {
				r.admit(n, g, r.old(n, "protocol", []string{"source_security_group_id"}, g)...)
				continue
			}
			rule, peers := r.peer(n)
			switch {
			case len(peers) == 1:
				rule.Group = peers[0].Address
				fallthrough
			case rule.Prefix.IsValid() || rule.PrefixList != "":
				r.admit(n, g, rule)
			case len(peers) > 1:
				key := kindred{n.scope, kind, n.Name, g, fmt.Sprint(rule.Protocol, rule.Ports)}
				if like[key] == nil {
					order = append(order, key)
				}
				like[key] = append(like[key], n)
			}
		}
	}
	for _, key := range order {
		list := like[key]
		rule, peers := r.peer(list[0])
		if len(peers) != len(list) {
			r.bad("%s: the plan does not say which of %s its referenced_security_group_id is", list[0].Address, addresses(peers))
			continue
		}
		for i, p := range peers {
			rule.ID, rule.Group = list[i].Address, p.Address
			r.admit(list[i], key.group, rule)
		}
	}
}

// holder is the group that a rule is in.
func (r *reader) holder(n *node) (string, bool) {
	found := r.sure(n, "security_group_id", "aws_security_group", "aws_default_security_group")
	if len(found) != 1 {
		r.bad("%s: the plan does not say which aws_security_group its security_group_id is (%d may be)", n.Address, len(found))
		return "", false
	}
	return found[0].Address, true
}

// admit adds rules to a group, in the direction that n says.
func (r *reader) admit(n *node, group string, rules ...reach.Rule) {
	i := slices.IndexFunc(r.e.Groups, func(g reach.Group) bool { return g.ID == group })
	way := n.text("type")
	switch {
	case i < 0:
		r.bad("%s: its security group %s cannot be read", n.Address, group)
	case n.Type == "aws_vpc_security_group_ingress_rule" || way == "ingress":
		r.e.Groups[i].In = append(r.e.Groups[i].In, rules...)
	case n.Type == "aws_vpc_security_group_egress_rule" || way == "egress":
		r.e.Groups[i].Out = append(r.e.Groups[i].Out, rules...)
	default:
		r.bad("%s: its type is %q: want ingress or egress", n.Address, way)
	}
}

// peer is a rule that names exactly one peer, and the groups that it may name.
func (r *reader) peer(n *node) (out reach.Rule, peers []*node) {
	out, ok := r.traffic(n, "ip_protocol")
	if !ok {
		return out, nil
	}
	var given []string
	for _, attr := range []string{"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"} {
		if n.has(attr) {
			given = append(given, attr)
		}
	}
	if len(given) != 1 {
		r.bad("%s: it names %d peers (%v): want one", n.Address, len(given), given)
		return out, nil
	}
	switch given[0] {
	case "prefix_list_id":
		if list := r.given(n, given[0], "aws_ec2_managed_prefix_list"); len(list) == 1 {
			out.PrefixList = list[0].Address
		}
	case "referenced_security_group_id":
		peers = r.given(n, given[0], "aws_security_group", "aws_default_security_group")
	default:
		out.Prefix, _ = r.prefix(n, given[0])
	}
	return out, peers
}
