// Package plain describes the way without this suite: helm template and gator test,
// each once for each Application. The bench holds the engines against it.
package plain

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Layout is what the programs are given. Paths are absolute.
type Layout struct {
	Environment string
	// KubeVersion and APIVersions are what charts are told of the cluster.
	KubeVersion string
	APIVersions []string
	// Policies is the Application that renders to the policies. Namespaces is a file
	// with all Namespaces, without which gator judges nothing in them.
	Policies, Namespaces string
	Applications         []Application
}

// Application is rendered from charts, and read from folders of plain files.
type Application struct {
	Name     string
	Releases []Release
	Folders  []string
}

// Release is one call of helm template.
type Release struct {
	Name, Namespace, Chart string
	// Values are files, the first one the weakest.
	Values []string
}

// Template are the arguments of helm that render a release.
func (l Layout) Template(r Release) []string {
	args := []string{"template", r.Name, r.Chart, "--namespace", r.Namespace, "--kube-version", l.KubeVersion, "--skip-tests"}
	for _, v := range l.APIVersions {
		args = append(args, "--api-versions", v)
	}
	for _, v := range r.Values {
		args = append(args, "--values", v)
	}
	return args
}

// Rendered is the file in dir that the output of helm for an Application is put into.
func (a Application) Rendered(dir string) string { return path.Join(dir, a.Name+".yaml") }

// Judge are the arguments of gator that judge an Application, whose releases were
// rendered into dir, by the policies.
func (l Layout) Judge(a Application, dir string) []string {
	files := append([]string{Application{Name: l.Policies}.Rendered(dir), l.Namespaces}, a.Folders...)
	if len(a.Releases) > 0 && a.Name != l.Policies {
		files = append(files, a.Rendered(dir))
	}
	args := []string{"test", "--output=json"}
	for _, f := range files {
		args = append(args, "--filename="+f)
	}
	return args
}

// Violation is what a constraint says of an object.
type Violation struct{ Constraint, Object, Message string }

func (v Violation) String() string {
	return fmt.Sprintf("%s: [%s] %s", v.Object, v.Constraint, v.Message)
}

// Judged is what our engine prints of an environment.
type Judged struct {
	Applications, Objects, Constraints int
	Violations                         []Violation
}

// Object names an object as a Violation does.
func Object(apiVersion, kind, namespace, name string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	return strings.TrimPrefix(fmt.Sprintf("%s/%s %s/%s", group, kind, namespace, name), "/")
}

// ReadGator reads what gator test --output=json printed.
func ReadGator(text []byte) ([]Violation, error) {
	var results []struct {
		Msg             string
		Constraint      struct{ Metadata struct{ Name string } }
		ViolatingObject struct {
			APIVersion, Kind string
			Metadata         struct{ Namespace, Name string }
		}
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("gator test printed no list of results: %w", err)
	}
	var out []Violation
	for _, r := range results {
		o := r.ViolatingObject
		v := Violation{Constraint: r.Constraint.Metadata.Name, Message: r.Msg, Object: Object(o.APIVersion, o.Kind, o.Metadata.Namespace, o.Metadata.Name)}
		if v.Constraint == "" || o.Kind == "" || o.Metadata.Name == "" {
			return nil, fmt.Errorf("gator test printed a result without a constraint or an object: %+v", r)
		}
		out = append(out, v)
	}
	return out, nil
}

// Verdict is what both ways say of one tree.
type Verdict struct{ Ours, Plain []Violation }

// Comparable says why the two ways did not do the same work, nil when they did: nothing
// is found in the tree as it is, and the planted violation by both, and nothing else.
func Comparable(clean, planted Verdict) error {
	if len(clean.Ours) > 0 || len(clean.Plain) > 0 {
		return fmt.Errorf("the tree as it is has violations, by our engine: %s; by gator: %s", words(clean.Ours), words(clean.Plain))
	}
	if len(planted.Ours) == 0 || len(planted.Plain) == 0 {
		return fmt.Errorf("a planted violation was not seen; our engine says: %s; gator says: %s", words(planted.Ours), words(planted.Plain))
	}
	if ours, theirs := words(planted.Ours), words(planted.Plain); ours != theirs {
		return fmt.Errorf("the two ways see different things in the tree with a planted violation; our engine: %s; gator: %s", ours, theirs)
	}
	return nil
}

func words(all []Violation) string {
	if len(all) == 0 {
		return "nothing"
	}
	var out []string
	for _, v := range all {
		out = append(out, v.String())
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}
