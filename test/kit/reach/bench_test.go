package reach_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
)

// cpu reports the processor time of an operation beside the time by the clock, which
// says little on a machine that does other things too.
func cpu(b *testing.B) func() {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkPlatformMatrix asks every tier and service of the platform about every
// other one, on all ports of three protocols.
func BenchmarkPlatformMatrix(b *testing.B) {
	m, err := reach.New(platform())
	if err != nil {
		b.Fatal(err)
	}
	var all []reach.Party
	for _, p := range parties(m) {
		all = append(all, p)
	}
	open := 0
	defer cpu(b)()
	for b.Loop() {
		open = 0
		for _, c := range m.Matrix(all, []reach.Protocol{reach.TCP, reach.UDP, reach.ICMP}) {
			open += len(c.Pairs)
		}
	}
	b.ReportMetric(float64(open), "open-pairs")
}

// estate is a company: VPCs of 40 subnets each, joined by one transit gateway;
// interfaces with an address and two groups, every fiftieth of them data that ten
// groups and one network may ask on 5432.
func estate(vpcs, interfaces, groups int) reach.Estate {
	w := world{rand.New(rand.NewPCG(7, 7))}
	e := reach.Estate{TransitGateways: []reach.TransitGateway{{ID: "tgw", GroupReferences: true}}}
	hub := reach.TransitTable{ID: "tgw-rtb", TransitGateway: "tgw"}
	all := []reach.Entry{{Number: 100, Protocol: reach.Any, Prefix: pfx("0.0.0.0/0"), Ports: reach.AllPorts, Allow: true}}
	for g := range groups {
		group := reach.Group{ID: fmt.Sprintf("sg-%d", g), Out: []reach.Rule{everywhere}}
		for range 3 {
			group.In = append(group.In, fromGroup(443, fmt.Sprintf("sg-%d", w.IntN(groups))))
		}
		e.Groups = append(e.Groups, group)
	}
	data := reach.Group{ID: "sg-data", In: []reach.Rule{tcp(5432, "10.0.8.0/22")}}
	for range 10 {
		data.In = append(data.In, fromGroup(5432, fmt.Sprintf("sg-%d", w.IntN(groups))))
	}
	e.Groups = append(e.Groups, data)
	for v := range vpcs {
		id := fmt.Sprintf("vpc-%d", v)
		cidr := pfx(fmt.Sprintf("10.%d.0.0/16", v))
		e.VPCs = append(e.VPCs, reach.VPC{ID: id, CIDRs: []netip.Prefix{cidr}})
		e.InternetGateways = append(e.InternetGateways, reach.InternetGateway{ID: "igw-" + id, VPC: id})
		e.ACLs = append(e.ACLs, reach.ACL{ID: "acl-" + id, VPC: id, Default: true, In: all, Out: all})
		attachment := reach.Attachment{ID: "att-" + id, TransitGateway: "tgw", Kind: "vpc", VPC: id, Table: "tgw-rtb", GroupReferences: true}
		hub.Routes = append(hub.Routes, reach.TransitRoute{Prefix: cidr, Attachment: attachment.ID})
		e.NATGateways = append(e.NATGateways, reach.NATGateway{ID: "nat-" + id, VPC: id, Subnet: fmt.Sprintf("subnet-%d-0", v)})
		for s := range 40 {
			sub := fmt.Sprintf("subnet-%d-%d", v, s)
			e.Subnets = append(e.Subnets, reach.Subnet{ID: sub, VPC: id, Zone: string(rune('a' + s%3)), CIDRs: []netip.Prefix{pfx(fmt.Sprintf("10.%d.%d.0/22", v, s*4))}})
			if s < 3 {
				attachment.Subnets = append(attachment.Subnets, sub)
			}
			out := reach.Route{Prefix: pfx("0.0.0.0/0"), Kind: reach.ToNAT, Target: "nat-" + id}
			if s == 0 {
				out = reach.Route{Prefix: pfx("0.0.0.0/0"), Kind: reach.ToInternet, Target: "igw-" + id}
			}
			e.RouteTables = append(e.RouteTables, reach.RouteTable{ID: "rtb-" + sub, VPC: id, Subnets: []string{sub}, Routes: []reach.Route{{Prefix: pfx("10.0.0.0/8"), Kind: reach.ToTransit, Target: "tgw"}, out}})
		}
		e.Attachments = append(e.Attachments, attachment)
	}
	e.TransitTables = []reach.TransitTable{hub}
	for i := range interfaces {
		s := e.Subnets[i%len(e.Subnets)]
		a := s.CIDRs[0].Addr().As4()
		n := 4 + i/len(e.Subnets)
		a[2], a[3] = a[2]+byte(n>>8), byte(n)
		f := reach.Interface{ID: fmt.Sprintf("eni-%d", i), Subnet: s.ID, Addrs: []netip.Addr{netip.AddrFrom4(a)}, Groups: []string{fmt.Sprintf("sg-%d", w.IntN(groups)), fmt.Sprintf("sg-%d", w.IntN(groups))}}
		if i%50 == 0 {
			f.Kind, f.Groups = reach.Database, []string{"sg-data"}
		}
		e.Interfaces = append(e.Interfaces, f)
	}
	return e
}

// sizes grow fourfold to the size that is promised: 50 VPCs, 2,000 subnets, 20,000
// interfaces, 5,000 groups.
var sizes = []struct{ vpcs, interfaces, groups int }{{3, 1250, 312}, {12, 5000, 1250}, {50, 20000, 5000}}

func eachSize(b *testing.B, run func(b *testing.B, m *reach.Model)) {
	for _, s := range sizes {
		b.Run(fmt.Sprintf("interfaces=%d", s.interfaces), func(b *testing.B) {
			m, err := reach.New(estate(s.vpcs, s.interfaces, s.groups))
			if err != nil {
				b.Fatal(err)
			}
			run(b, m)
		})
	}
}

func BenchmarkModel(b *testing.B) {
	for _, s := range sizes {
		b.Run(fmt.Sprintf("interfaces=%d", s.interfaces), func(b *testing.B) {
			e := estate(s.vpcs, s.interfaces, s.groups)
			var m *reach.Model
			defer cpu(b)()
			for b.Loop() {
				var err error
				if m, err = reach.New(e); err != nil {
					b.Fatal(err)
				}
			}
			var stats runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&stats)
			b.ReportMetric(float64(stats.HeapAlloc)/(1<<20), "MiB-live")
			runtime.KeepAlive(m)
		})
	}
}

func BenchmarkOneQuestion(b *testing.B) {
	eachSize(b, func(b *testing.B, m *reach.Model) {
		from, _ := m.Interface("eni-777")
		to, _ := m.Interface("eni-850")
		defer cpu(b)()
		for b.Loop() {
			m.Ask(from, to, reach.TCP, reach.AllPorts)
		}
	})
}

func BenchmarkWhoReachesTheData(b *testing.B) {
	eachSize(b, func(b *testing.B, m *reach.Model) {
		data := m.Select("data", func(f reach.Interface, _ reach.Subnet) bool { return f.Kind == reach.Database })
		pairs := 0
		defer cpu(b)()
		for b.Loop() {
			pairs = len(m.WhoReaches(data, reach.TCP, reach.Ports(5432, 5432)))
		}
		b.ReportMetric(float64(pairs), "pairs")
	})
}

func BenchmarkWhatReachesTheInternet(b *testing.B) {
	eachSize(b, func(b *testing.B, m *reach.Model) {
		pairs := 0
		defer cpu(b)()
		for b.Loop() {
			pairs = len(m.ReachesInternet([]reach.Protocol{reach.TCP}))
		}
		b.ReportMetric(float64(pairs), "pairs")
	})
}
