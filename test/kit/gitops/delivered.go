package gitops

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Delivered says how a Secret is not the declared one, "" when it is: keys alone are
// named, since values are secret. A Secret that is not there lacks every key.
func Delivered(declared, got map[string]string) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		switch value, ok := got[key]; {
		case !ok:
			out = append(out, "it lacks "+key)
		case value != declared[key]:
			out = append(out, key+" has another value")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := declared[key]; !ok {
			out = append(out, fmt.Sprintf("%s is not declared", key))
		}
	}
	if len(declared) == 0 {
		out = append(out, "nothing is declared")
	}
	return strings.Join(out, ", ")
}

// Stayed reports that a Secret that was there is as it was.
func Stayed(before, after map[string]string) bool {
	return len(before) > 0 && maps.Equal(before, after)
}

// FailedFor reports that a condition says False, and that what was said names every
// reason: another failure is none of this one.
func FailedFor(condition, said string, reasons ...string) bool {
	for _, r := range reasons {
		if !strings.Contains(said, r) {
			return false
		}
	}
	return condition == "False" && len(reasons) > 0
}

// Untrusting are the webhooks of a configuration of admission that the API server does
// not trust by this authority, in base64; one without webhooks is named too.
func Untrusting(configuration Object, authority string) (out []string) {
	webhooks := list(configuration.At("webhooks"))
	if len(webhooks) == 0 || authority == "" {
		return []string{configuration.ID() + " has no webhooks, or there is no authority"}
	}
	for _, w := range webhooks {
		if text(w, "clientConfig", "caBundle") != authority {
			out = append(out, fmt.Sprintf("%s of %s has another authority", text(w, "name"), configuration.ID()))
		}
	}
	return out
}
