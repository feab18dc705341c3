package reach

import (
	"fmt"
	"strconv"
	"strings"
)

// Protocol is an IP protocol number (IANA, Protocol Numbers); Any is every one.
type Protocol int

// The protocols that questions are asked about, and Any, which only rules use.
const (
	Any    Protocol = -1
	ICMP   Protocol = 1
	TCP    Protocol = 6
	UDP    Protocol = 17
	ICMPv6 Protocol = 58
)

// Ephemeral are the ports that a client may choose for its end. Linux takes 32768 to
// 60999, Windows 49152 to 65535, NAT gateways, load balancers and Lambda 1024 to
// 65535 (Amazon VPC, "Custom network ACLs for your VPC", "Ephemeral ports").
var Ephemeral = Ports(1024, 65535)

// The types of an echo and its reply (RFC 792, RFC 4443).
const (
	echo    Port = 8
	reply   Port = 0
	echo6   Port = 128
	reply6  Port = 129
	lastMsg Port = 255
)

var protocolNames = map[Protocol]string{Any: "any", ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPv6: "icmpv6"}

// String is the name, or the number.
func (p Protocol) String() string {
	if n, ok := protocolNames[p]; ok {
		return n
	}
	return strconv.Itoa(int(p))
}

// ParseProtocol reads a name or a number as AWS writes them: tcp, udp, icmp, icmpv6,
// all, -1, 6.
func ParseProtocol(s string) (Protocol, error) {
	for p, n := range protocolNames {
		if s == n {
			return p, nil
		}
	}
	if s == "all" {
		return Any, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < -1 || n > 255 {
		return 0, fmt.Errorf("protocol %q: want tcp, udp, icmp, icmpv6, all, or a number from -1 (all) to 255", s)
	}
	return Protocol(n), nil
}

// Known are the protocols that a question can be about.
var Known = []Protocol{TCP, UDP, ICMP, ICMPv6}

// family says which addresses carry the protocol: both, but for the two ICMPs.
func (p Protocol) family(v6 bool) bool {
	switch p {
	case ICMP:
		return !v6
	case ICMPv6:
		return v6
	}
	return true
}

// ends are the ports that a question may be about at the server's end, and those
// that a client may have.
func (p Protocol) ends() (server, client PortSet) {
	switch p {
	case ICMP:
		return Ports(echo, echo), Ports(reply, reply)
	case ICMPv6:
		return Ports(echo6, echo6), Ports(reply6, reply6)
	}
	return AllPorts, AllPorts
}

// usual are the ends that a client normally has: a connection works when it works
// from all of them.
func (p Protocol) usual() PortSet {
	if _, client := p.ends(); p == ICMP || p == ICMPv6 {
		return client
	}
	return Ephemeral
}

// ParsePorts reads "443", "8000-8080", "443,8080" or "all".
func ParsePorts(s string) (PortSet, error) {
	var out PortSet
	if s == "all" {
		return AllPorts, nil
	}
	for _, part := range strings.Split(s, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		lo, err := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
		hi := lo
		if err == nil && isRange {
			hi, err = strconv.ParseUint(strings.TrimSpace(high), 10, 16)
		}
		if err != nil || hi < lo {
			return PortSet{}, fmt.Errorf("ports %q: want a port from 0 to 65535, a range as in 8000-8080, several with commas, or all", s)
		}
		out = out.Union(Ports(Port(lo), Port(hi)))
	}
	return out, nil
}
