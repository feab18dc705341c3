package provider

import (
	"encoding/json"
	"fmt"
	"strings"
)

// reattachVariable is what Terraform reads the addresses of running providers from.
const reattachVariable = "TF_REATTACH_PROVIDERS"

// announcement is what a provider in debug mode prints about itself.
type announcement struct {
	// value is for TF_REATTACH_PROVIDERS.
	value string
	// pid is the process's number as it sees it, socket the path it listens on,
	// "" when it is no file.
	pid    int
	socket string
}

// readAnnouncement reads a line of a provider's output. ok is false for a line
// that is no announcement; a damaged one is an error.
func readAnnouncement(line string) (a announcement, ok bool, err error) {
	_, value, ok := strings.Cut(line, reattachVariable+"=")
	if !ok {
		return announcement{}, false, nil
	}
	value = strings.TrimSpace(value)
	if inner, quoted := strings.CutPrefix(value, "'"); quoted {
		// Quoted for a shell: an apostrophe inside is '"'"'.
		value = strings.ReplaceAll(strings.TrimSuffix(inner, "'"), `'"'"'`, "'")
	}
	var providers map[string]struct {
		Protocol string
		Pid      int
		Addr     struct{ Network, String string }
	}
	if err := json.Unmarshal([]byte(value), &providers); err != nil {
		return announcement{}, false, fmt.Errorf("the provider's announcement %q: %w", value, err)
	}
	p, ok := providers[source]
	if !ok || len(providers) != 1 || p.Protocol != "grpc" || p.Pid <= 0 || p.Addr.String == "" {
		return announcement{}, false, fmt.Errorf("the provider's announcement %q does not say how to reach %s", value, source)
	}
	a = announcement{value: value, pid: p.Pid}
	if p.Addr.Network == "unix" {
		a.socket = p.Addr.String
	}
	return a, true, nil
}

// announce is an announcement of a process at another address than its own. Test
// keeps Terraform from ending it.
func announce(pid int, socket string) string {
	type address struct{ Network, String string }
	b, _ := json.Marshal(map[string]any{source: struct { // it has no value that does not encode
		Protocol        string
		ProtocolVersion int
		Pid             int
		Test            bool
		Addr            address
	}{"grpc", protocol, pid, true, address{"unix", socket}}})
	return string(b)
}

// protocol is the version of Terraform's plugin protocol that the provider speaks.
const protocol = 5
