package gitops

import (
	"encoding/json"
	"fmt"
)

// Application is what of an Argo CD Application matters here (Argo CD's documentation,
// "Application Specification Reference").
type Application struct {
	Object  Object `json:"-"`
	Project string
	Sources []Source
	Server  string
	// Namespace is the destination's.
	Namespace string
}

// Source is where an Application's objects come from.
type Source struct {
	RepoURL        string     `json:"repoURL"`
	Chart          string     `json:"chart"`
	Path           string     `json:"path"`
	TargetRevision string     `json:"targetRevision"`
	Ref            string     `json:"ref"`
	Helm           Helm       `json:"helm"`
	Directory      *Directory `json:"directory"`
}

// Helm is how a chart is rendered.
type Helm struct {
	ReleaseName  string         `json:"releaseName"`
	ValueFiles   []string       `json:"valueFiles"`
	ValuesObject map[string]any `json:"valuesObject"`
}

// Directory is how a folder of plain files is read.
type Directory struct {
	Recurse bool   `json:"recurse"`
	Include string `json:"include"`
	Exclude string `json:"exclude"`
}

// AsApplication reads an Application from its object.
func AsApplication(o Object) (Application, error) {
	var spec struct {
		Project     string   `json:"project"`
		Source      *Source  `json:"source"`
		Sources     []Source `json:"sources"`
		Destination struct{ Server, Namespace string }
	}
	b, err := json.Marshal(o.At("spec"))
	if err == nil {
		err = json.Unmarshal(b, &spec)
	}
	if err != nil {
		return Application{}, fmt.Errorf("%s: %s: %w", o.Origin, o.ID(), err)
	}
	a := Application{Object: o, Project: spec.Project, Sources: spec.Sources, Server: spec.Destination.Server, Namespace: spec.Destination.Namespace}
	if spec.Source != nil {
		a.Sources = append(a.Sources, *spec.Source)
	}
	if len(a.Sources) == 0 {
		return a, fmt.Errorf("%s: %s: it has no source", o.Origin, o.ID())
	}
	return a, nil
}

// Wave is the sync wave of an object, 0 when it says none.
func (o Object) Wave() int {
	n := 0
	fmt.Sscanf(o.Text("metadata", "annotations", "argocd.argoproj.io/sync-wave"), "%d", &n)
	return n
}
