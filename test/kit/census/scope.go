package census

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Scope says which resources of an account belong to a run.
type Scope struct {
	// Regions are those in which the run may have created something.
	Regions []string
	// Baseline is what was there before; none of it belongs to the run.
	Baseline Set
	// Prefix starts the name of everything that the run makes, and Tags are on
	// everything that can carry tags. One of them is enough to belong.
	Prefix string
	Tags   map[string]string
	// Own says that nobody else uses the account: whatever is not in the baseline
	// belongs to the run. Refused with a real account.
	Own bool
	// Types are the Terraform types that the run can have made; nil means that
	// this is not known, and that every one counts.
	Types []string
}

// shortestPrefix keeps a prefix like "a" from claiming what belongs to others.
const shortestPrefix = 6

// check refuses a scope under which resources of others could be claimed, or
// nothing at all be found.
func (s Scope) check(cfg aws.Config) error {
	switch {
	case len(s.Regions) == 0:
		return fmt.Errorf("census: the scope names no region")
	case s.Own && !Emulated(cfg):
		return fmt.Errorf("census: an account behind the real AWS endpoints is never a run's own: give a prefix and tags")
	case s.Own:
		return nil
	case s.Prefix == "" && len(s.Tags) == 0:
		return fmt.Errorf("census: in a shared account the scope needs the prefix or the tags of the run")
	case s.Prefix != "" && len(s.Prefix) < shortestPrefix:
		return fmt.Errorf("census: prefix %q is too short to tell the run's resources from others': give at least %d characters", s.Prefix, shortestPrefix)
	}
	for k, v := range s.Tags {
		if k == "" || v == "" {
			return fmt.Errorf("census: tag %q=%q would claim resources of others", k, v)
		}
	}
	return nil
}

// ownerTags are tags by which AWS services and controllers name the resource for
// which they made another one; what they made for ours is ours.
var ownerTags = []string{
	"Name",
	"aws:autoscaling:groupName",
	"aws:eks:cluster-name",
	"eks:cluster-name",
	"elbv2.k8s.aws/cluster",
	"karpenter.k8s.aws/cluster",
	"KubernetesCluster",
}

// clusterTag is followed by a cluster's name in the key itself.
const clusterTag = "kubernetes.io/cluster/"

// Owns reports whether the resource, its tags known, belongs to the run in an
// account shared with others.
func (s Scope) Owns(r Resource) bool {
	if s.named(r.Name) || s.tagged(r.Tags) {
		return true
	}
	for _, k := range ownerTags {
		if s.named(r.Tags[k]) {
			return true
		}
	}
	for k := range r.Tags {
		if cluster, ok := strings.CutPrefix(k, clusterTag); ok && s.named(cluster) {
			return true
		}
	}
	return false
}

// named reports whether the name, or a part of it between separators, starts
// with the prefix: "ft-1a2b3c-db", "/aws/rds/instance/ft-1a2b3c-db/postgresql".
// Where a hyphen is not allowed in a name, modules write an underscore.
func (s Scope) named(name string) bool {
	if s.Prefix == "" {
		return false
	}
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return strings.ContainsRune("/.:", c) }) {
		if strings.HasPrefix(strings.ReplaceAll(part, "_", "-"), strings.ReplaceAll(s.Prefix, "_", "-")) {
			return true
		}
	}
	return false
}

func (s Scope) tagged(tags map[string]string) bool {
	for k, v := range s.Tags {
		if tags[k] != v {
			return false
		}
	}
	return len(s.Tags) > 0
}

// Emulated reports whether the settings lead to an emulator rather than to AWS.
func Emulated(cfg aws.Config) bool {
	if cfg.BaseEndpoint == nil {
		return false
	}
	u, err := url.Parse(*cfg.BaseEndpoint)
	if err != nil {
		return false
	}
	for _, domain := range []string{"amazonaws.com", "amazonaws.com.cn", "api.aws"} {
		if h := u.Hostname(); h == domain || strings.HasSuffix(h, "."+domain) {
			return false
		}
	}
	return true
}
