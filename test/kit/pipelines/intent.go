package pipelines

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Intent is what policies/intent/pipelines.yaml declares.
type Intent struct {
	Organization string            `yaml:"organization"`
	Repositories map[string]string `yaml:"repositories"`
	Shared       []string          `yaml:"shared"`
}

// ReadIntent reads the file.
func ReadIntent(name string, text []byte) (Intent, error) {
	var in Intent
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf("%s: %w", name, err)
	}
	if in.Organization == "" || len(in.Repositories) == 0 {
		return in, fmt.Errorf("%s: needs organization and repositories", name)
	}
	return in, nil
}

// Rightful are the claims with which a job asks for its role.
func (in Intent) Rightful(a Assumption) (Claims, error) {
	repository, ok := in.Repositories[Workflow{File: a.File}.Name()]
	if !ok {
		return Claims{}, fmt.Errorf("%s:%d: policies/intent/pipelines.yaml does not say in which repository it runs", a.File, a.Line)
	}
	return Claims{
		Repository: in.Organization + "/" + repository, Environment: a.Environment,
		Ref: "refs/heads/main", Audience: "sts.amazonaws.com",
	}, nil
}

// IsShared tells whether a role is for all repositories of the organization.
func (in Intent) IsShared(role string) bool { return slices.Contains(in.Shared, role) }
