// Package cluster_test asks a real API server what it says of the platform's objects:
// the embedded control plane of the sandbox, with etcd, API server, controller manager
// and scheduler.
package cluster_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/suite"
)

const root = "../.."

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "cluster", "emulated")) }

// promise is a check of this suite.
func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "cluster." + id, Title: title, Subject: subject, Controls: controls, Next: "scripts/test-cluster shows the server's whole answer"}
}

// refusals collects what was refused and should not have been, and the other way round.
type refusals struct{ wrong []string }

func (r *refusals) add(what string, err error) {
	r.wrong = append(r.wrong, fmt.Sprintf("%s: %v", what, err))
}

func (r *refusals) record(s *check.Set, c check.Check, seen int, of string) {
	observed := fmt.Sprintf("as expected, %d %s", seen, of)
	if len(r.wrong) > 0 {
		observed = strings.Join(r.wrong, "\n            ")
	}
	s.That(c, len(r.wrong) == 0 && seen > 0, "what the API server answers is what the repository says", observed)
}

// of are the objects of the kinds, as "group/kind".
func of(objects []gitops.Object, kinds ...string) []gitops.Object {
	var out []gitops.Object
	for _, o := range objects {
		for _, k := range kinds {
			if o.Group()+"/"+o.Kind() == k {
				out = append(out, o)
			}
		}
	}
	return out
}
