// Package describe makes an estate of the documents that AWS's Describe calls
// return, in the form in which the AWS CLI and the SDK print them. It does no I/O.
//
// A document of an unknown shape is refused: a list that is missing, a page that has
// a next one, a field of a route, a rule or an association that this package does
// not know, a route or a gateway for which the model has no rule. Half of what
// decides who reaches whom would be worse than none.
package describe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// Documents are what calls answered, by the name of the call. A call about one thing
// has the thing's id behind its name: "SearchTransitGatewayRoutes tgw-rtb-1".
type Documents map[string]json.RawMessage

// The calls that every account answers, with the list that each returns.
var always = map[string]string{
	"DescribeVpcs": "Vpcs", "DescribeSubnets": "Subnets", "DescribeRouteTables": "RouteTables", "DescribeNetworkAcls": "NetworkAcls",
	"DescribeSecurityGroups": "SecurityGroups", "DescribeInternetGateways": "InternetGateways", "DescribeNatGateways": "NatGateways",
	"DescribeEgressOnlyInternetGateways": "EgressOnlyInternetGateways", "DescribeVpnGateways": "VpnGateways",
	"DescribeVpcEndpoints": "VpcEndpoints", "DescribePrefixLists": "PrefixLists", "DescribeManagedPrefixLists": "PrefixLists",
	"DescribeTransitGateways": "TransitGateways", "DescribeTransitGatewayAttachments": "TransitGatewayAttachments",
	"DescribeTransitGatewayVpcAttachments": "TransitGatewayVpcAttachments", "DescribeTransitGatewayRouteTables": "TransitGatewayRouteTables",
	"DescribeVpcPeeringConnections": "VpcPeeringConnections", "DescribeNetworkInterfaces": "NetworkInterfaces",
	"DescribeDBInstances": "DBInstances", "DescribeCacheClusters": "CacheClusters", "DescribeCacheSubnetGroups": "CacheSubnetGroups",
	"DescribeLoadBalancers": "LoadBalancers", "ListClusters": "Clusters", "ListFunctions": "Functions",
}

// Calls are the names of the calls that every account must answer.
func Calls() []string { return slices.Sorted(maps.Keys(always)) }

// reader takes documents apart and gathers what is wrong with them.
type reader struct {
	docs Documents
	errs []error
	e    reach.Estate
	// kept for those who come later
	lists map[string]string // of AWS services, by the whole name of the service
	// own are the interfaces of endpoints, which are placed with their endpoint
	own map[string]bool
	// owners are the accounts of security groups; named are those that rules name.
	owners map[string]string
	named  []named
}

// named is a security group that a rule of another one names, with its account.
type named struct{ by, group, account string }

// Read makes an estate of documents, or lists all that it cannot read.
func Read(docs Documents) (reach.Estate, error) {
	r := read(docs)
	return r.e, errors.Join(r.errs...)
}

func read(docs Documents) *reader {
	r := &reader{docs: docs, lists: map[string]string{}, own: map[string]bool{}, owners: map[string]string{}}
	for name := range docs {
		call, _, about := strings.Cut(name, " ")
		_, known := always[call]
		if known && about || !known && !slices.Contains(single, call) {
			r.bad("%s: a call that this reader does not know; known are %s", name, strings.Join(slices.Concat(Calls(), single), ", "))
		}
	}
	r.networks()
	r.prefixLists()
	r.gateways()
	r.endpoints()
	r.tables()
	r.acls()
	r.groups()
	r.transit()
	r.members()
	return r
}

// single are the calls about one thing.
var single = []string{
	"DescribeVpcAttribute", "GetManagedPrefixListEntries", "GetTransitGatewayRouteTableAssociations", "SearchTransitGatewayRoutes",
	"DescribeListeners", "DescribeTargetHealth", "DescribeTargetGroups", "DescribeLoadBalancerAttributes", "DescribeTargetGroupAttributes", "DescribeRules", "DescribeCluster", "ListNodegroups", "DescribeNodegroup", "ListAddons", "DescribeAddon",
}

func (r *reader) bad(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// page decodes a document whose one field is field. Nothing else may stand there but
// the mark of a next page, which must be empty.
func page[T any](r *reader, call, field string) (out T) {
	doc, ok := r.docs[call]
	if !ok {
		r.bad("%s: there is no such document", call)
		return out
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(doc, &top); err != nil {
		r.bad("%s: want an object with %s: %w", call, field, err)
		return out
	}
	found := false
	for key, value := range top {
		switch {
		case strings.EqualFold(key, field):
			found = true
			d := json.NewDecoder(bytes.NewReader(value))
			d.DisallowUnknownFields()
			if err := d.Decode(&out); err != nil {
				r.bad("%s: %s: a shape that this reader does not know: %w", call, field, err)
			}
		case slices.Contains([]string{"nexttoken", "marker", "nextmarker"}, strings.ToLower(key)):
			if s := string(value); s != "null" && s != `""` {
				r.bad("%s: there is another page (%s): half of the answer is refused", call, key)
			}
		case key == "ResultMetadata" || key == "VpcId" || key == "AdditionalRoutesAvailable" && string(value) != "true":
		default:
			r.bad("%s: unknown field %q beside %s", call, key, field)
		}
	}
	if !found {
		r.bad("%s: no field %s", call, field)
	}
	return out
}

// loose is a list whose elements have many fields that say nothing about reach:
// those that are needed are checked where they are used.
func loose[T any](r *reader, call, field string) []T {
	var out []T
	for i, raw := range page[[]json.RawMessage](r, call, field) {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			r.bad("%s: %s[%d]: %w", call, field, i, err)
		}
		out = append(out, v)
	}
	return out
}

// all is the list of a call that every account answers.
func all[T any](r *reader, call string) []T { return page[[]T](r, call, always[call]) }

// prefix reads a range; where names the place of a bad one.
func (r *reader) prefix(where, text string) netip.Prefix {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		r.bad("%s: %q is no range of addresses", where, text)
		return netip.Prefix{}
	}
	return p.Masked()
}

// ignored is what this package knows of and needs not.
type ignored = json.RawMessage

// tag is one of AWS's tags.
type tag struct{ Key, Value string }

func tags(list []tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}

func name(list []tag) string { return tags(list)["Name"] }
