// Package applied holds every role of an applied platform against the intent.
package applied

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/iam"
)

// file is the intent's.
const file = "policies/intent/access.yaml"

// intent reads the intent of this repository.
func intent() (*access.Intent, *iam.Catalogue, error) {
	known, err := iam.KnownActions()
	if err != nil {
		return nil, nil, err
	}
	root, err := repository()
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return nil, nil, err
	}
	in, err := access.Parse(file, text, known)
	return in, known, err
}

// repository is the folder of go.mod, above where the tests run.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}

// facts are what the intent's names stand for in an applied platform.
func facts(s *deploy.Stack) access.Facts {
	text := func(layer, variable string) string {
		var v string
		s.Deployment(layer).Variable(variable, &v)
		return v
	}
	environment := text("platform", "environment")
	f := access.Facts{
		Account: s.Sandbox.Account, Region: s.Sandbox.Region, Partition: "aws",
		Issuer: strings.TrimPrefix(fmt.Sprint(s.Deployment("compute").Outputs["oidc_issuer"]), "https://"),
		Named: map[string]string{
			"name": text("platform", "name"), "environment": environment, "long_name": access.LongNames[environment],
			"dr_region": text("security", "dr_region"), "domain": text("platform", "domain"), "github_role_prefix": text("security", "github_role_prefix"),
		},
		Outputs: map[string]map[string]any{},
	}
	for _, layer := range s.Order {
		f.Outputs[layer] = s.Deployment(layer).Outputs
	}
	return f
}
