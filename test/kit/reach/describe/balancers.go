package describe

import (
	"net/netip"
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

// protocols are those of listeners and target groups of load balancers, by what
// connections of theirs are.
var protocols = map[string][]reach.Protocol{
	"HTTP": {reach.TCP}, "HTTPS": {reach.TCP}, "TCP": {reach.TCP}, "TLS": {reach.TCP}, "UDP": {reach.UDP}, "TCP_UDP": {reach.TCP, reach.UDP},
}

type balancer struct {
	LoadBalancerArn, LoadBalancerName, Type, Scheme, VpcId string
	AvailabilityZones                                      []struct{ SubnetId string }
	SecurityGroups                                         []string
}

func (r *reader) balancers() {
	for _, b := range loose[balancer](r, "DescribeLoadBalancers", "LoadBalancers") {
		if b.Type != "application" && b.Type != "network" {
			r.bad("load balancer %s is of type %q: the model has rules for application and network load balancers alone", b.LoadBalancerName, b.Type)
			continue
		}
		var subnets []string
		for _, z := range b.AvailabilityZones {
			subnets = append(subnets, z.SubnetId)
		}
		if b.Type == "application" && len(b.SecurityGroups) == 0 {
			r.bad("load balancer %s: the documents do not say which security groups it has", b.LoadBalancerName)
		}
		at := len(r.e.Interfaces)
		r.place(reach.Balancer, b.LoadBalancerArn, subnets, b.SecurityGroups, b.Scheme == "internet-facing")
		out := reach.LoadBalancer{ID: b.LoadBalancerArn, Name: b.LoadBalancerName, VPC: b.VpcId, Network: b.Type == "network"}
		if out.Network {
			// One that was made without a group never gets one (Update the security groups
			// for your Network Load Balancer).
			for i := range r.e.Interfaces[at:] {
				r.e.Interfaces[at+i].Unguarded = len(b.SecurityGroups) == 0
			}
			out.OneZone = !r.attributes("DescribeLoadBalancerAttributes "+b.LoadBalancerArn, "load_balancing.cross_zone.enabled")["load_balancing.cross_zone.enabled"]
		}
		targets := r.targets(&out)
		for _, l := range loose[struct {
			Port     int
			Protocol string
		}](r, "DescribeListeners "+b.LoadBalancerArn, "Listeners") {
			if l.Port < 1 || l.Port > 65535 || protocols[l.Protocol] == nil {
				r.bad("load balancer %s: a listener of %q on port %d: the model has no rule for that", b.LoadBalancerName, l.Protocol, l.Port)
				continue
			}
			// Which listener uses which target group is a matter of its rules; any of the
			// load balancer's of the same protocol is taken to be used by all.
			for _, p := range protocols[l.Protocol] {
				out.Listeners = append(out.Listeners, reach.Listener{Protocol: p, Port: reach.Port(l.Port),
					Targets: slices.DeleteFunc(slices.Clone(targets), func(t reach.Target) bool { return t.Protocol != p })})
			}
		}
		r.e.LoadBalancers = append(r.e.LoadBalancers, out)
	}
}

// attributes are switches that a call must tell.
func (r *reader) attributes(call string, keys ...string) map[string]bool {
	out, told := map[string]bool{}, map[string]string{}
	for _, a := range loose[struct{ Key, Value string }](r, call, "Attributes") {
		told[a.Key] = a.Value
	}
	for _, k := range keys {
		if told[k] != "true" && told[k] != "false" {
			r.bad("%s: %s is %q: want true or false", call, k, told[k])
		}
		out[k] = told[k] == "true"
	}
	return out
}

func (r *reader) targets(b *reach.LoadBalancer) []reach.Target {
	var out []reach.Target
	for _, g := range loose[struct{ TargetGroupArn, TargetType, Protocol string }](r, "DescribeTargetGroups "+b.ID, "TargetGroups") {
		known := protocols[g.Protocol]
		if known == nil {
			r.bad("target group %s: its protocol is %q: the model has no rule for that", g.TargetGroupArn, g.Protocol)
		}
		keeps := false
		if b.Network {
			call := "DescribeTargetGroupAttributes " + g.TargetGroupArn
			keeps = r.attributes(call, "preserve_client_ip.enabled")["preserve_client_ip.enabled"]
			b.OneZone = b.OneZone && !r.crossing(call)
		}
		for _, h := range loose[struct {
			Target struct {
				Id   string
				Port int
			}
		}](r, "DescribeTargetHealth "+g.TargetGroupArn, "TargetHealthDescriptions") {
			made := reach.Target{Group: g.TargetGroupArn, Port: reach.Port(h.Target.Port), ClientAddress: keeps}
			addr, err := netip.ParseAddr(h.Target.Id)
			switch {
			case h.Target.Port < 1 || h.Target.Port > 65535 || g.TargetType != "ip" && g.TargetType != "instance" || g.TargetType == "ip" && err != nil || h.Target.Id == "":
				r.bad("target group %s: target %s: the model has a rule for addresses and instances with ports alone", g.TargetGroupArn, h.Target.Id)
				continue
			case g.TargetType == "ip":
				made.Addr = addr
			default:
				made.Instance = h.Target.Id
			}
			for _, p := range known {
				made.Protocol = p
				out = append(out, made)
			}
		}
	}
	return out
}

// crossing says that a target group asks for cross-zone passing itself, whatever its
// load balancer says. One that forbids it is not believed: a path too many is seen, a
// path too few is not.
func (r *reader) crossing(call string) bool {
	for _, a := range loose[struct{ Key, Value string }](r, call, "Attributes") {
		if a.Key == "load_balancing.cross_zone.enabled" && a.Value == "true" {
			return true
		}
	}
	return false
}
