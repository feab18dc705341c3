package describe

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	"github.com/fintrack/platform/test/kit/reach"
)

// Join makes one estate of the documents of several accounts, each of which tells
// of what it owns and of what others share with it: transit gateways with their
// attachments, peering connections, prefix lists. What two of them tell of one thing
// must fit together. A group that a rule names is that of the account that the rule
// names.
func Join(accounts ...Documents) (reach.Estate, error) {
	j := &joiner{owners: map[string]string{}}
	var rules []named
	for i, docs := range accounts {
		r := read(docs)
		for _, err := range r.errs {
			j.errs = append(j.errs, fmt.Errorf("documents %d of %d: %w", i+1, len(accounts), err))
		}
		j.estate(r.e)
		for group, owner := range r.owners {
			j.owners[group] = owner
		}
		rules = append(rules, r.named...)
	}
	for _, n := range rules {
		if owner := j.owners[n.group]; owner != "" && n.account != "" && owner != n.account {
			j.errs = append(j.errs, fmt.Errorf("%s: a rule names group %s of account %s, and the group is of account %s", n.by, n.group, n.account, owner))
		}
	}
	return j.e, errors.Join(j.errs...)
}

type joiner struct {
	e      reach.Estate
	errs   []error
	owners map[string]string
}

// estate adds what one account tells. Names come of tags, which each account has of
// its own.
func (j *joiner) estate(e reach.Estate) {
	to := &j.e
	merge(j, "VPC", &to.VPCs, e.VPCs, func(x reach.VPC) string { return x.ID }, nil)
	merge(j, "subnet", &to.Subnets, e.Subnets, func(x reach.Subnet) string { return x.ID }, nil)
	merge(j, "route table", &to.RouteTables, e.RouteTables, func(x reach.RouteTable) string { return x.ID }, nil)
	merge(j, "prefix list", &to.PrefixLists, e.PrefixLists, func(x reach.PrefixList) string { return x.ID }, nil)
	merge(j, "network ACL", &to.ACLs, e.ACLs, func(x reach.ACL) string { return x.ID }, nil)
	merge(j, "security group", &to.Groups, e.Groups, func(x reach.Group) string { return x.ID }, nil)
	merge(j, "internet gateway", &to.InternetGateways, e.InternetGateways, func(x reach.InternetGateway) string { return x.ID }, nil)
	merge(j, "egress-only internet gateway", &to.EgressGateways, e.EgressGateways, func(x reach.EgressGateway) string { return x.ID }, nil)
	merge(j, "NAT gateway", &to.NATGateways, e.NATGateways, func(x reach.NATGateway) string { return x.ID }, nil)
	merge(j, "virtual private gateway", &to.VPNGateways, e.VPNGateways, func(x reach.VPNGateway) string { return x.ID }, nil)
	merge(j, "endpoint", &to.Endpoints, e.Endpoints, func(x reach.Endpoint) string { return x.ID }, nil)
	merge(j, "transit gateway route table", &to.TransitTables, e.TransitTables, func(x reach.TransitTable) string { return x.ID }, nil)
	merge(j, "load balancer", &to.LoadBalancers, e.LoadBalancers, func(x reach.LoadBalancer) string { return x.ID }, nil)
	merge(j, "interface", &to.Interfaces, e.Interfaces, func(x reach.Interface) string { return x.ID }, nil)
	merge(j, "transit gateway", &to.TransitGateways, e.TransitGateways, func(x reach.TransitGateway) string { return x.ID }, func(a, b *reach.TransitGateway) {
		a.Name, b.Name = either(a.Name, b.Name)
	})
	merge(j, "peering connection", &to.Peerings, e.Peerings, func(x reach.Peering) string { return x.ID }, func(a, b *reach.Peering) {
		a.Name, b.Name = either(a.Name, b.Name)
	})
	// The account of the gateway knows the route table, that of the VPC the subnets.
	merge(j, "attachment", &to.Attachments, e.Attachments, func(x reach.Attachment) string { return x.ID }, func(a, b *reach.Attachment) {
		a.Name, b.Name = either(a.Name, b.Name)
		a.Table, b.Table = cmp.Or(a.Table, b.Table), cmp.Or(b.Table, a.Table)
		if len(a.Subnets) == 0 {
			a.Subnets, a.GroupReferences = b.Subnets, b.GroupReferences
		} else if len(b.Subnets) == 0 {
			b.Subnets, b.GroupReferences = a.Subnets, a.GroupReferences
		}
	})
}

// either is the first name that there is, twice.
func either(a, b string) (string, string) { return cmp.Or(a, b), cmp.Or(a, b) }

// merge adds things to those that are there. One that is there already must be told
// alike; fit, when given, fills in what either leaves out.
func merge[T any](j *joiner, kind string, to *[]T, from []T, id func(T) string, fit func(a, b *T)) {
	at := map[string]int{}
	for i, x := range *to {
		at[id(x)] = i
	}
	for _, x := range from {
		i, known := at[id(x)]
		if !known {
			*to = append(*to, x)
			continue
		}
		if fit != nil {
			fit(&(*to)[i], &x)
		}
		if !reflect.DeepEqual((*to)[i], x) {
			j.errs = append(j.errs, fmt.Errorf("%s %s: two accounts tell of it, and not alike", kind, id(x)))
		}
	}
}
