package provider

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

const endpointVariable = "AWS_ENDPOINT_URL"

// emulated returns ErrReal unless an environment sends every AWS call to this
// machine: AWS_ENDPOINT_URL does, and no endpoint of a single service leads
// elsewhere (Service-specific endpoints in the AWS SDKs reference guide).
func emulated(env []string) error {
	last := map[string]string{}
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		last[k] = v
	}
	if last[endpointVariable] == "" {
		return fmt.Errorf("%s is not set: %w", endpointVariable, ErrReal)
	}
	for k, v := range last {
		if strings.HasPrefix(k, endpointVariable) && v != "" && !loopback(v) {
			return fmt.Errorf("%s=%s is not on this machine: %w", k, v, ErrReal)
		}
	}
	if v := strings.ToLower(last["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]); v == "true" {
		return fmt.Errorf("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is set: %w", ErrReal)
	}
	return nil
}

// loopback reports whether a URL leads to this machine.
func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
