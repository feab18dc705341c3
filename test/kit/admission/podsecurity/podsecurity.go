// Package podsecurity judges pods by the Pod Security Standards, with the library that
// the API server's own admission plugin uses.
package podsecurity

import (
	"fmt"

	"github.com/fintrack/platform/test/kit/gitops"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// levelLabel is the label of a namespace that is enforced.
const levelLabel = "pod-security.kubernetes.io/enforce"

// Judge finds workloads whose pods the level of their namespace refuses. A namespace
// that the tree does not declare, or that has no level, is judged as the given default.
func Judge(t gitops.Tree, otherwise string) ([]gitops.Finding, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	levels := map[string]string{}
	for _, o := range t.Of("", "Namespace") {
		levels[o.Name()] = o.Text("metadata", "labels", levelLabel)
	}
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	var out []gitops.Finding
	for _, w := range workloads {
		name := levels[w.Object.Namespace]
		if name == "" {
			name = otherwise
		}
		level, err := api.ParseLevel(name)
		if err != nil {
			return nil, fmt.Errorf("namespace %s: %w", w.Object.Namespace, err)
		}
		results := evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &w.Template.ObjectMeta, &w.Template.Spec)
		if r := policy.AggregateCheckResults(results); !r.Allowed {
			out = append(out, gitops.Finding{Subject: w.Object.ID(), Origin: w.Object.Origin, Problem: fmt.Sprintf("the level %s refuses its pods: %s", level, r.ForbiddenDetail())})
		}
	}
	return out, nil
}
