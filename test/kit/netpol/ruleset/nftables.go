package ruleset

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Table is the only table of nftables that a node's rules are in.
const Table = "inet fintrack-pods"

// NFT prints the rules for "nft -f -". It replaces the table as a whole in one
// transaction (nft(8), "-f"), so no packet ever meets half of it. out is the interface
// by which packets leave for the outside of the cluster; there they get the node's
// address.
func (r Rules) NFT(out string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "table %s\ndelete table %s\ntable %s {\n", Table, Table, Table)
	for _, h := range r.Held {
		fmt.Fprintf(&b, "\t# %s\n", h.Name)
		if h.Ingress {
			chain(&b, "in-"+h.UID, "saddr", h.In)
		}
		if h.Egress {
			chain(&b, "out-"+h.UID, "daddr", h.Out)
		}
	}
	b.WriteString("\tchain forward {\n\t\ttype filter hook forward priority filter + 10; policy accept;\n\t\tct state established,related accept\n")
	for _, family := range families {
		local, known := set(family, r.Local), set(family, singles(r.Known))
		for _, side := range []string{"saddr", "daddr"} {
			switch {
			case local == "":
			case known == "":
				fmt.Fprintf(&b, "\t\t%s %s %s drop\n", family, side, local)
			default:
				fmt.Fprintf(&b, "\t\t%s %s %s %s %s != %s drop\n", family, side, local, family, side, known)
			}
		}
		verdicts(&b, family, "saddr", "out-", r.Held, func(h Held) bool { return h.Egress })
		verdicts(&b, family, "daddr", "in-", r.Held, func(h Held) bool { return h.Ingress })
	}
	b.WriteString("\t}\n\tchain leave {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n")
	for _, family := range families {
		if cluster := set(family, r.Cluster); cluster != "" {
			fmt.Fprintf(&b, "\t\t%s saddr %s %s daddr != %s oifname %q masquerade\n", family, cluster, family, cluster, out)
		}
	}
	b.WriteString("\t}\n}\n")
	return b.String()
}

var families = []string{"ip", "ip6"}

// chain prints what a pod's policies of one direction admit. A packet that is admitted
// returns, since the other end may have policies too.
func chain(b *strings.Builder, name, side string, admits []Admit) {
	fmt.Fprintf(b, "\tchain %s {\n", name)
	for _, a := range admits {
		ports := ""
		switch {
		case a.Protocol != "" && a.First == 0:
			ports = "meta l4proto " + a.Protocol + " "
		case a.Protocol != "" && a.First == a.Last:
			ports = fmt.Sprintf("%s dport %d ", a.Protocol, a.First)
		case a.Protocol != "":
			ports = fmt.Sprintf("%s dport %d-%d ", a.Protocol, a.First, a.Last)
		}
		if a.Anyone {
			fmt.Fprintf(b, "\t\t%sreturn\n", ports)
			continue
		}
		for _, family := range families {
			peers, except := set(family, a.Peers), set(family, a.Except)
			if peers == "" {
				continue
			}
			peers = fmt.Sprintf("%s %s %s ", family, side, peers)
			if except != "" {
				peers += fmt.Sprintf("%s %s != %s ", family, side, except)
			}
			fmt.Fprintf(b, "\t\t%s%sreturn\n", peers, ports)
		}
	}
	b.WriteString("\t\tdrop\n\t}\n")
}

// verdicts sends packets of held pods to their chains.
func verdicts(b *strings.Builder, family, side, chain string, held []Held, is func(Held) bool) {
	var to []string
	for _, h := range held {
		for _, a := range h.Addrs {
			if is(h) && of(family, a) {
				to = append(to, fmt.Sprintf("%s : jump %s%s", a, chain, h.UID))
			}
		}
	}
	if len(to) > 0 {
		fmt.Fprintf(b, "\t\t%s %s vmap { %s }\n", family, side, strings.Join(to, ", "))
	}
}

// set prints the ranges of a family as an anonymous set, without those that another one
// holds already: nft refuses a set whose parts overlap.
func set(family string, all []netip.Prefix) string {
	kept := slices.DeleteFunc(sorted(all), func(p netip.Prefix) bool {
		return !of(family, p.Addr()) || slices.ContainsFunc(all, func(q netip.Prefix) bool { return q.Bits() < p.Bits() && q.Contains(p.Addr()) })
	})
	var words []string
	for _, p := range kept {
		if p.IsSingleIP() {
			words = append(words, p.Addr().String())
		} else {
			words = append(words, p.String())
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "{ " + strings.Join(words, ", ") + " }"
}

// singles are addresses as ranges.
func singles(of []netip.Addr) []netip.Prefix {
	out := make([]netip.Prefix, len(of))
	for i, a := range of {
		out[i] = netip.PrefixFrom(a, a.BitLen())
	}
	return out
}

func of(family string, a netip.Addr) bool { return a.Is4() == (family == "ip") }
