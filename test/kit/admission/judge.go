// Package admission judges objects as the cluster's admission does, with the libraries
// of the programs that do it there: Gatekeeper's for constraints.
package admission

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/go-logr/logr"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/gator/test"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// The library says by this logger what findings say better.
func init() { log.SetLogger(logr.Discard()) }

// Judge finds the objects that the policies among them refuse. Constraint templates,
// constraints and expansion templates are policies; a Deployment is judged by the pods
// that it would make. The number of constraints is returned too: none would find
// nothing.
func Judge(objects []gitops.Object) (findings []gitops.Finding, constraints int, err error) {
	var all []*unstructured.Unstructured
	origins := map[string]gitops.Object{}
	for _, o := range objects {
		u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(o.Fields)}
		if o.Namespace != "" {
			u.SetNamespace(o.Namespace)
		}
		if o.Group() == "constraints.gatekeeper.sh" {
			constraints++
		}
		if o.Kind() == "CustomResourceDefinition" {
			continue
		}
		origins[key(u)] = o
		all = append(all, u)
	}
	responses, err := test.Test(all)
	if err != nil {
		return nil, constraints, fmt.Errorf("judge by Gatekeeper's library: %w", err)
	}
	for _, r := range responses.Results() {
		o := origins[key(r.ViolatingObject)]
		findings = append(findings, gitops.Finding{Subject: o.ID(), Origin: o.Origin, Problem: fmt.Sprintf("[%s] %s", r.Constraint.GetName(), r.Msg)})
	}
	return findings, constraints, nil
}

func key(u *unstructured.Unstructured) string {
	return strings.Join([]string{u.GetAPIVersion(), u.GetKind(), u.GetNamespace(), u.GetName()}, "|")
}

// Sample is an example that a policy allows or refuses.
type Sample struct {
	Policy, Name string
	Refused      bool
	Object       gitops.Object
}

// Samples reads the samples of all policies: files named allowed-... and refused-...
// in policies/<policy>/samples.
func Samples(policies fs.FS) ([]Sample, error) {
	files, err := fs.Glob(policies, "*/samples/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []Sample
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".yaml")
		s := Sample{Policy: path.Dir(path.Dir(f)), Name: name, Refused: strings.HasPrefix(name, "refused-")}
		if !s.Refused && !strings.HasPrefix(name, "allowed-") {
			continue // what a policy looks up
		}
		text, err := fs.ReadFile(policies, f)
		if err != nil {
			return nil, err
		}
		objects, err := gitops.Parse(f, text)
		if err != nil {
			return nil, err
		}
		if len(objects) != 1 {
			return nil, fmt.Errorf("%s: %d objects, a sample is one", f, len(objects))
		}
		s.Object = objects[0]
		s.Object.Namespace = s.Object.Text("metadata", "namespace")
		out = append(out, s)
	}
	return out, nil
}

// Shape finds policies that lack one of their parts, or a sample of either kind, and
// samples that no case of their suite names.
func Shape(policies fs.FS) ([]gitops.Finding, error) {
	folders, err := fs.Glob(policies, "*/template.yaml")
	if err != nil {
		return nil, err
	}
	var out []gitops.Finding
	miss := func(file, problem string) {
		out = append(out, gitops.Finding{Subject: "policy " + strings.Split(file, "/")[0], Origin: gitops.Origin{File: file}, Problem: problem})
	}
	for _, f := range folders {
		dir := path.Dir(f)
		for _, name := range []string{"constraint.yaml", "suite.yaml"} {
			if _, err := fs.Stat(policies, dir+"/"+name); err != nil {
				miss(dir+"/"+name, "the file is missing")
			}
		}
		suite, err := fs.ReadFile(policies, dir+"/suite.yaml")
		if err != nil {
			continue
		}
		samples, err := fs.Glob(policies, dir+"/samples/*.yaml")
		if err != nil {
			return nil, err
		}
		for _, prefix := range []string{"allowed-", "refused-"} {
			if !slices.ContainsFunc(samples, func(s string) bool { return strings.HasPrefix(path.Base(s), prefix) }) {
				miss(dir+"/samples", "there is no sample "+prefix+"*.yaml")
			}
		}
		for _, s := range samples {
			if !strings.Contains(string(suite), strings.TrimPrefix(s, dir+"/")) {
				miss(s, "no case of suite.yaml uses it")
			}
		}
	}
	return out, nil
}
