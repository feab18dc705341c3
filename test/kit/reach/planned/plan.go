// Package planned makes an estate of a Terraform plan, in the form that terraform
// show -json prints: what routes and network ACLs will let pass once it is applied.
// It does no I/O.
//
// A plan knows few ids. What belongs together follows from the references that the
// configuration makes; where those leave a choice that matters, the plan is refused.
// Two things a plan does not say: an index is taken to be the key itself where the
// key alone is referred to, and a list made of a resource to hold all its instances.
//
// Layers are read as one estate: what one takes of another's state is what that one's
// output is made of (layers.go). What a plan's configuration leaves out, dynamic blocks
// and local values, is read in the sources that were planned (sources.go).
//
// A security group is what its rules name by reference; where one rule of a for_each
// names which of several groups is not said, as many like rules as groups will do.
// The group that EKS makes for a cluster is in no plan: it is what AWS documents.
package planned

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// The parts of a plan that are read (JSON Output Format, "Plan Representation").
type plan struct {
	FormatVersion string `json:"format_version"`
	Variables     map[string]struct{ Value any }
	Planned       struct {
		Root module `json:"root_module"`
	} `json:"planned_values"`
	Prior struct {
		Values struct {
			Root module `json:"root_module"`
		}
	} `json:"prior_state"`
	Changes []struct {
		Address string
		Change  struct {
			Unknown any `json:"after_unknown"`
		}
	} `json:"resource_changes"`
	Configuration struct {
		Root configuration `json:"root_module"`
	} `json:"configuration"`
}

type module struct {
	Address   string
	Resources []resource
	Children  []module `json:"child_modules"`
}

type resource struct {
	Address, Mode, Type, Name string
	Index                     any
	Values                    map[string]any
}

type configuration struct {
	Outputs map[string]struct{ Expression json.RawMessage }
	Items   []item          `json:"resources"`
	Calls   map[string]call `json:"module_calls"`
}

type item struct {
	Mode, Type, Name string
	Expressions      map[string]json.RawMessage
	ForEach          json.RawMessage `json:"for_each_expression"`
}

type call struct {
	Source      string
	Expressions map[string]json.RawMessage
	Module      configuration
}

// references are what an expression refers to; blocks inside blocks have none here.
func references(raw json.RawMessage) []string {
	var e struct{ References []string }
	if json.Unmarshal(raw, &e) != nil {
		return nil
	}
	return e.References
}

// scope is a module of the configuration.
type scope struct {
	path     string
	conf     *configuration
	parent   *scope
	call     *call
	name     string              // what the parent calls it
	children map[string][]*scope // by name: one, or one for each index
	byName   map[string][]*node  // by type and name
	layer    *layer
	folder   *folder // its sources; nil where they are not given
}

// node is an instance of a managed resource. Its address is its id.
type node struct {
	resource
	scope *scope
	item  *item
	// later is what only an apply will tell of it, as after_unknown says.
	later map[string]any
	// within is the block of the resource that it is, empty for the resource itself.
	within string
	// hidden says why the expressions of a block are not known.
	hidden error
}

func (n *node) text(attr string) string {
	s, _ := n.Values[attr].(string)
	return s
}

func (n *node) name() string {
	tags, _ := n.Values["tags"].(map[string]any)
	s, _ := tags["Name"].(string)
	return s
}

type reader struct {
	errs   []error
	nodes  map[string]*node // by address
	byID   map[string]*node // where the plan knows the id
	byType map[string][]*node
	e      reach.Estate
	layers []*layer
	pools  []pool
	// clusterGroup is the security group that EKS will make for a cluster.
	clusterGroup map[*node]*node
}

func (r *reader) bad(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// Read makes an estate of one plan, or lists all that it cannot read.
func Read(text []byte) (reach.Estate, error) { return On(reach.Estate{}, Layer{Plan: text}) }

// On is what there will be when the plans of layers are applied beside what is there
// already: ids that the plans know and do not make are those of base, which is left as
// it is. A plan that changes what base holds is refused.
func On(base reach.Estate, layers ...Layer) (reach.Estate, error) {
	r := &reader{nodes: map[string]*node{}, byID: map[string]*node{}, byType: map[string][]*node{}, clusterGroup: map[*node]*node{}}
	r.found(base)
	for _, l := range layers {
		if err := r.take(l); err != nil {
			return reach.Estate{}, err
		}
	}
	r.learn()
	r.networks()
	r.gateways()
	r.tables()
	r.acls()
	r.transit()
	r.groups()
	r.members()
	if len(r.e.VPCs) == 0 {
		r.bad("the plan makes no VPC, and none is there")
	}
	return r.e, errors.Join(r.errs...)
}

// shapes are types of resources that decide where packets go; read are those of them
// that this package has a rule for, or that decide nothing between tiers.
var (
	shapes = regexp.MustCompile(`^aws_(vpc|subnet|route(_|$)|network_acl|network_interface|nat_|internet_gateway|egress|vpn|dx_|customer_gateway|ec2_(transit|managed_prefix|carrier|local)|default_(vpc|subnet|route|network|security)|main_route|networkmanager|networkfirewall|security_group|instance$|spot_instance|db_instance|db_proxy$|rds_cluster|docdb|neptune|redshift|msk_|mq_|elasticache_(replication|cluster|serverless)|memorydb|eks_(cluster|node|addon|fargate)|lambda_function$|elb$|a?lb$|ecs_service|autoscaling_group|opensearch_domain|efs_mount|fsx_)`)
	read   = []string{
		"aws_vpc", "aws_vpc_ipv4_cidr_block_association", "aws_subnet", "aws_route_table", "aws_route_table_association", "aws_route", "aws_network_acl",
		"aws_network_acl_rule", "aws_internet_gateway", "aws_nat_gateway", "aws_vpc_endpoint", "aws_ec2_transit_gateway", "aws_ec2_transit_gateway_route_table",
		"aws_ec2_transit_gateway_vpc_attachment", "aws_ec2_transit_gateway_route_table_association", "aws_ec2_transit_gateway_route_table_propagation",
		"aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_security_group_rule", "aws_security_group", "aws_default_security_group",
		"aws_db_instance", "aws_elasticache_replication_group", "aws_eks_cluster", "aws_eks_node_group", "aws_eks_addon", "aws_lambda_function",
	}
)

// gather finds every managed resource with its configuration.
func (r *reader) gather(m module, s *scope) {
	s.path, s.children, s.byName = m.Address, map[string][]*scope{}, map[string][]*node{}
	for _, x := range m.Resources {
		if x.Mode != "managed" {
			continue
		}
		n := &node{resource: x, scope: s, later: s.layer.later[x.Address]}
		n.Address = s.layer.prefix + x.Address
		i := slices.IndexFunc(s.conf.Items, func(c item) bool { return c.Mode == "managed" && c.Type == x.Type && c.Name == x.Name })
		if i < 0 {
			if shapes.MatchString(x.Type) {
				r.bad("%s: the plan's configuration has no such resource", n.Address)
			}
			continue
		}
		n.item = &s.conf.Items[i]
		if shapes.MatchString(x.Type) && !slices.Contains(read, x.Type) {
			r.bad("%s: the model has no rule for %s", n.Address, x.Type)
		}
		r.nodes[n.Address] = n
		if id := n.text("id"); id != "" && shapes.MatchString(x.Type) {
			if r.byID[id] != nil {
				r.bad("%s: it is %s, which is there already: want a plan of new things beside those", n.Address, id)
			}
			r.byID[id] = n
		}
		r.byType[x.Type] = append(r.byType[x.Type], n)
		s.byName[x.Type+"."+x.Name] = append(s.byName[x.Type+"."+x.Name], n)
	}
	for _, child := range m.Children {
		at := called.FindStringSubmatch(strings.TrimPrefix(strings.TrimPrefix(child.Address, m.Address), "."))
		if at == nil {
			r.bad("%s: its address is none of a module", child.Address)
			continue
		}
		c, ok := s.conf.Calls[at[1]]
		if !ok {
			r.bad("%s: the plan's configuration has no such module", child.Address)
			continue
		}
		inner := &scope{conf: &c.Module, parent: s, call: &c, name: at[1], layer: s.layer, folder: r.beneath(s, c.Source)}
		r.gather(child, inner)
		s.children[at[1]] = append(s.children[at[1]], inner)
	}
}

// called is a call of a module: its name, and an index.
var called = regexp.MustCompile(`^module\.([A-Za-z0-9_-]+)(\[(?:"[^"]*"|\d+)\])?`)

// all are the instances of a type, by address.
func (r *reader) all(kind string) []*node {
	return slices.SortedFunc(slices.Values(r.byType[kind]), byAddress)
}

func (r *reader) prefix(n *node, attr string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(n.text(attr))
	if err != nil {
		r.bad("%s: its %s is not known before an apply, or no range: %q", n.Address, attr, n.text(attr))
	}
	return p.Masked(), err == nil
}

func (r *reader) tags(n *node) map[string]string {
	out := map[string]string{}
	tags, _ := n.Values["tags"].(map[string]any)
	for k, v := range maps.All(tags) {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}
