// Package intent reads what must hold of the network, policies/intent/reachability.yaml,
// and compares it with a model, both ways: what is declared works, and nothing else
// does.
package intent

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
	"go.yaml.in/yaml/v3"
)

// Intent is what must hold.
type Intent struct {
	// Outside are networks outside AWS, by name.
	Outside map[string]Outside
	// Tiers are kinds of subnets, by name. Between tiers the network alone decides:
	// what passes between them passes for something with any security group.
	Tiers map[string]Tier
	// Services are what runs, by name, with the security groups that it has.
	Services map[string]Service
	// BetweenTiers and BetweenServices are all that may be reached; BetweenStrangers
	// is what services and whatever may be placed in a tier may reach of each other.
	BetweenTiers, BetweenServices, BetweenStrangers []Rule
	// AWS says who reaches which AWS services, and by endpoints alone.
	AWS []AWSRule
}

// Place is where something is declared.
type Place struct {
	File string
	Line int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Outside is a network outside AWS: everything public, or ranges.
type Outside struct {
	Internet bool
	Ranges   []netip.Prefix
}

// Tier is the subnets that have all of these tags.
type Tier struct {
	Tags map[string]string
	// LeadsTo is all that their route tables lead to; none, when that is open.
	LeadsTo []reach.TargetKind
}

// Service is everything of a kind.
type Service struct {
	Kind reach.OwnerKind
	// MadeBy is what makes it after the apply, or empty: where it has not, nothing can
	// be proven of it.
	MadeBy string
}

// Rule says that members of From reach members of To.
type Rule struct {
	At       Place
	From, To []string
	Traffic  []Traffic
	Because  string
}

// Traffic is ports of a protocol.
type Traffic struct {
	Protocol reach.Protocol
	Ports    reach.PortSet
	// Client are the ports at the client's end; all when nothing is said.
	Client reach.PortSet
}

// AWSRule says that members of From reach services of AWS on tcp 443 by endpoints.
type AWSRule struct {
	At             Place
	From, Services []string
}

// kinds are the kinds of things that a service may be.
var kinds = []reach.OwnerKind{reach.Database, reach.Cache, reach.ControlPlane, reach.Nodes, reach.Pods, reach.Function, reach.EndpointNode, reach.Balancer, reach.Instance}

// Protocols are what every pair is asked about.
var Protocols = []reach.Protocol{reach.TCP, reach.UDP, reach.ICMP, reach.ICMPv6}

type parser struct {
	file string
	errs []error
}

func (p *parser) bad(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %w", p.file, n.Line, fmt.Errorf(format, args...)))
}

// Parse reads an intent. file is how errors name the text. All errors are listed,
// each with its line; an unknown name is told with the nearest known ones.
func Parse(file string, text []byte) (Intent, error) {
	p := &parser{file: file}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Intent{}, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return Intent{}, fmt.Errorf("%s: it is empty", file)
	}
	in := Intent{Outside: map[string]Outside{}, Tiers: map[string]Tier{}, Services: map[string]Service{}}
	top := p.fields(doc.Content[0], "outside", "tiers", "services", "between-tiers", "between-services", "between-strangers", "aws")
	p.outside(top["outside"], &in)
	p.tiers(top["tiers"], &in)
	p.services(top["services"], &in)
	outside := slices.Collect(maps.Keys(in.Outside))
	in.BetweenTiers = p.rules(top["between-tiers"], slices.Concat(slices.Collect(maps.Keys(in.Tiers)), outside))
	in.BetweenServices = p.rules(top["between-services"], slices.Concat(slices.Collect(maps.Keys(in.Services)), outside))
	strangers := slices.Collect(maps.Keys(in.Services))
	for name := range in.Tiers {
		strangers = append(strangers, stranger(name))
	}
	in.BetweenStrangers = p.rules(top["between-strangers"], strangers)
	for _, n := range p.items(top["aws"]) {
		f := p.fields(n, "from", "services", "because")
		in.AWS = append(in.AWS, AWSRule{At: Place{file, n.Line}, From: p.names(f["from"], "service", slices.Collect(maps.Keys(in.Services))), Services: p.words(f["services"])})
	}
	return in, errors.Join(p.errs...)
}

// fields are the values of a mapping. An unknown key is an error that names the
// nearest; a missing one is nil.
func (p *parser) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	if n == nil {
		return out
	}
	if n.Kind != yaml.MappingNode {
		p.bad(n, "want a mapping with %s", strings.Join(known, ", "))
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case len(known) > 0 && !slices.Contains(known, key.Value):
			p.bad(key, "unknown key %q; the nearest are %s", key.Value, reach.Nearest(key.Value, known))
		case out[key.Value] != nil:
			p.bad(key, "%q is there twice", key.Value)
		}
		out[key.Value] = n.Content[i+1]
	}
	return out
}

func (p *parser) items(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		p.bad(n, "want a list")
		return nil
	}
	return n.Content
}

// words are a list of texts, or one text.
func (p *parser) words(n *yaml.Node) []string {
	if n != nil && n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, x := range p.items(n) {
		out = append(out, x.Value)
	}
	return out
}

// names are words out of known ones.
func (p *parser) names(n *yaml.Node, what string, known []string) []string {
	if n == nil {
		return nil
	}
	slices.Sort(known)
	out := p.words(n)
	for _, w := range out {
		if !slices.Contains(known, w) {
			p.bad(n, "unknown %s %q; the nearest are %s", what, w, reach.Nearest(w, known))
		}
	}
	return out
}

func (p *parser) outside(n *yaml.Node, in *Intent) {
	for name, v := range p.fields(n) {
		if v.Kind == yaml.ScalarNode && v.Value == "internet" {
			in.Outside[name] = Outside{Internet: true}
			continue
		}
		var o Outside
		for _, w := range p.words(v) {
			r, err := netip.ParsePrefix(w)
			if err != nil {
				p.bad(v, "outside name %q: %q is no range: want internet, or ranges as in 10.100.0.0/16", name, w)
				continue
			}
			o.Ranges = append(o.Ranges, r)
		}
		in.Outside[name] = o
	}
}

func (p *parser) tiers(n *yaml.Node, in *Intent) {
	for name, v := range p.fields(n) {
		t := Tier{Tags: map[string]string{}}
		f := p.fields(v, "tags", "leads-to")
		for key, value := range p.fields(f["tags"]) {
			t.Tags[key] = value.Value
		}
		for _, w := range p.names(f["leads-to"], "target", strings.Split(join(leads), ", ")) {
			t.LeadsTo = append(t.LeadsTo, reach.TargetKind(w))
		}
		if len(t.Tags) == 0 {
			p.bad(v, "tier %q: want tags, by which its subnets are known", name)
		}
		in.Tiers[name] = t
	}
}

func (p *parser) services(n *yaml.Node, in *Intent) {
	for name, v := range p.fields(n) {
		f := p.fields(v, "kind", "made-by")
		kind, by := f["kind"], ""
		if f["made-by"] != nil {
			by = f["made-by"].Value
		}
		if kind == nil {
			p.bad(v, "service %q: want a kind: %s", name, join(kinds))
			continue
		}
		if !slices.Contains(kinds, reach.OwnerKind(kind.Value)) {
			p.bad(kind, "service %q: unknown kind %q; the nearest are %s", name, kind.Value, reach.Nearest(kind.Value, strings.Split(join(kinds), ", ")))
		}
		in.Services[name] = Service{Kind: reach.OwnerKind(kind.Value), MadeBy: by}
	}
}

func (p *parser) rules(n *yaml.Node, known []string) []Rule {
	var out []Rule
	for _, x := range p.items(n) {
		f := p.fields(x, "from", "to", "traffic", "client-ports", "because")
		r := Rule{At: Place{p.file, x.Line}, From: p.names(f["from"], "name", known), To: p.names(f["to"], "name", known)}
		if f["because"] == nil || strings.TrimSpace(f["because"].Value) == "" {
			p.bad(x, "the rule does not say why: give it because")
		} else {
			r.Because = f["because"].Value
		}
		if len(r.From) == 0 || len(r.To) == 0 {
			p.bad(x, "the rule wants from and to")
		}
		client := reach.AllPorts
		if c := f["client-ports"]; c != nil {
			var err error
			if client, err = reach.ParsePorts(c.Value); err != nil {
				p.bad(c, "client-ports: %w", err)
			}
		}
		if f["traffic"] == nil {
			p.bad(x, "the rule wants traffic: all, or as in tcp 5432")
		}
		for _, w := range p.words(f["traffic"]) {
			r.Traffic = append(r.Traffic, p.traffic(f["traffic"], w, client)...)
		}
		out = append(out, r)
	}
	return out
}

// traffic reads "all", "icmp", "tcp 443", "udp 53".
func (p *parser) traffic(n *yaml.Node, text string, client reach.PortSet) []Traffic {
	if text == "all" {
		var out []Traffic
		for _, q := range Protocols {
			out = append(out, Traffic{q, reach.AllPorts, client})
		}
		return out
	}
	name, ports, _ := strings.Cut(text, " ")
	protocol, err := reach.ParseProtocol(name)
	if err == nil && !slices.Contains(Protocols, protocol) {
		err = fmt.Errorf("protocol %q: want tcp, udp, icmp or icmpv6", name)
	}
	if err != nil {
		p.bad(n, "traffic %q: %w", text, err)
		return nil
	}
	if protocol == reach.ICMP || protocol == reach.ICMPv6 {
		return []Traffic{{protocol, reach.AllPorts, reach.AllPorts}}
	}
	set, err := reach.ParsePorts(strings.TrimSpace(ports))
	if err != nil {
		p.bad(n, "traffic %q: %w", text, err)
		return nil
	}
	return []Traffic{{protocol, set, client}}
}
