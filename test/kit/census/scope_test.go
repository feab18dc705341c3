package census_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/census"
)

func TestWhatBelongsToARunInASharedAccount(t *testing.T) {
	scope := census.Scope{Prefix: "ft-1a2b3c", Tags: map[string]string{"fintrack:run": "r1", "fintrack:expires": "soon"}}
	both := map[string]string{"fintrack:run": "r1", "fintrack:expires": "soon", "Name": "other"}
	for _, c := range []struct {
		name string
		r    census.Resource
		want bool
	}{
		{"a name that is the prefix", census.Resource{Name: "ft-1a2b3c"}, true},
		{"a name that starts with the prefix", census.Resource{Name: "ft-1a2b3c-db"}, true},
		{"a name with underscores where hyphens are not allowed", census.Resource{Name: "ft_1a2b3c_audit"}, true},
		{"a path with the prefix in it", census.Resource{Name: "/aws/eks/ft-1a2b3c-main/cluster"}, true},
		{"a record in a zone", census.Resource{Name: "_x.ft-1a2b3c.example.com."}, true},
		{"every tag of the run", census.Resource{Name: "other", Tags: both}, true},
		{"a Name tag", census.Resource{Tags: map[string]string{"Name": "ft-1a2b3c-vpc"}}, true},
		{"a machine of our node group", census.Resource{Tags: map[string]string{"eks:cluster-name": "ft-1a2b3c-main"}}, true},
		{"a volume of our cluster", census.Resource{Tags: map[string]string{"kubernetes.io/cluster/ft-1a2b3c-main": "owned"}}, true},
		{"no name and no tags", census.Resource{}, false},
		{"another name", census.Resource{Name: "billing"}, false},
		{"the prefix in the middle of a word", census.Resource{Name: "draft-1a2b3c"}, false},
		{"another run's prefix", census.Resource{Name: "ft-1a2b3d-db"}, false},
		{"one tag of two", census.Resource{Tags: map[string]string{"fintrack:run": "r1"}}, false},
		{"another run's tag", census.Resource{Tags: map[string]string{"fintrack:run": "r2", "fintrack:expires": "soon"}}, false},
		{"the prefix in a tag that names no owner", census.Resource{Tags: map[string]string{"note": "ft-1a2b3c"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := scope.Owns(c.r); got != c.want {
				t.Errorf("Owns(%+v) = %v", c.r, got)
			}
		})
	}
}

func TestScopesThatCouldClaimWhatBelongsToOthersAreRefused(t *testing.T) {
	here := []string{"us-east-1"}
	for _, c := range []struct {
		name  string
		cfg   aws.Config
		scope census.Scope
		want  string
	}{
		{"no region", emulator, census.Scope{Own: true}, "no region"},
		{"a real account as the run's own", aws.Config{}, census.Scope{Regions: here, Own: true}, "never a run's own"},
		{"a real endpoint as the run's own", aws.Config{BaseEndpoint: aws.String("https://s3.us-east-1.amazonaws.com")}, census.Scope{Regions: here, Own: true}, "never a run's own"},
		{"neither prefix nor tags", aws.Config{}, census.Scope{Regions: here}, "needs the prefix or the tags"},
		{"a short prefix", aws.Config{}, census.Scope{Regions: here, Prefix: "ft-"}, "too short"},
		{"an empty tag", aws.Config{}, census.Scope{Regions: here, Tags: map[string]string{"fintrack:run": ""}}, "would claim"},
	} {
		t.Run(c.name, func(t *testing.T) {
			use(t, census.Lister{Service: "s", Types: []string{"t"}, List: func(context.Context, aws.Config) ([]census.Resource, error) {
				t.Error("a service was asked")
				return nil, nil
			}})
			if _, err := census.Take(t.Context(), c.cfg, c.scope); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Take: %v, want %q", err, c.want)
			}
			if _, _, err := census.Sweep(t.Context(), c.cfg, c.scope); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Sweep: %v, want %q", err, c.want)
			}
		})
	}
}
