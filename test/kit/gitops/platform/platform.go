// Package platform reads this repository's own tree: what gitops/ and policies/ render
// to in each environment, with what Terraform hands over and the charts and CRDs that
// the pinned modules hold.
package platform

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/gitops/modules"
	"github.com/fintrack/platform/test/kit/gitops/render"
)

// PinsFile is the list of modules, from the repository's folder.
const PinsFile = "test/gitops/modules.yaml"

// Accounts are made up, one for each environment; that of prod is the account of the
// policies' samples.
var Accounts = map[string]string{"dev": "111111111111", "staging": "222222222222", "prod": "123456789012"}

// KubeVersion is what charts are told of the cluster, and APIVersions are the groups
// that they ask for.
const KubeVersion = "v1.35.0"

// APIVersions are there because the add-ons are.
var APIVersions = []string{"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor", "policy/v1", "networking.k8s.io/v1"}

// Modules are the pinned modules and what they hold.
type Modules struct {
	Pins   []modules.Pin
	Dirs   map[string]string
	Charts render.Charts
	CRDs   []gitops.Object
}

// FindModules reads the pins of the repository at root and finds the modules.
func FindModules(ctx context.Context, root string) (m Modules, err error) {
	if m.Pins, err = modules.Read(filepath.Join(root, PinsFile)); err != nil {
		return m, err
	}
	if m.Dirs, err = modules.Find(ctx, m.Pins); err != nil {
		return m, err
	}
	m.Charts = render.Charts{}
	for _, pin := range m.Pins {
		if c := pin.Chart; c != nil {
			id := render.ChartID{Repository: c.Repository, Name: c.Name, Version: c.Version}
			m.Charts[id] = render.ChartDir{Dir: filepath.Join(m.Dirs[pin.Module], c.Path), Name: pin.Module + "/" + c.Path, Declares: c.Declares}
		}
	}
	m.CRDs, err = modules.CRDs(m.Pins, m.Dirs)
	return m, err
}

// Platform is one environment.
type Platform struct {
	// Root is the folder that it was read from.
	Root     string
	Given    handover.Given
	Handover handover.Handover
	Tree     gitops.Tree
}

// Render renders an environment of the repository at root, in its made-up account.
func Render(root, environment string, charts render.Charts) (Platform, error) {
	return RenderIn(root, environment, Accounts[environment], charts)
}

// RenderIn is Render in an account of 12 digits.
func RenderIn(root, environment, account string, charts render.Charts) (Platform, error) {
	p, err := handedOver(root, environment, account)
	if err != nil {
		return p, err
	}
	return p, p.render(charts)
}

// RenderLocal renders an environment of the repository at root as one that Argo CD reads
// at that address, on the branch, where no chart registry can be reached: our own objects
// alone. Charts are those of third parties that are left out.
func RenderLocal(root, environment, address, branch string) (p Platform, charts []gitops.Source, err error) {
	if p, err = handedOver(root, environment, Accounts[environment]); err != nil {
		return p, nil, err
	}
	if err = p.render(nil); err != nil {
		return p, nil, err
	}
	for _, u := range p.Tree.Unrendered {
		charts = append(charts, u.Source)
	}
	p.Handover.Values["git"] = map[string]any{"repository": address, "revision": branch}
	p.Handover.Values["addonCharts"] = false
	return p, charts, p.render(nil)
}

// handedOver is an environment that is not rendered yet.
func handedOver(root, environment, account string) (p Platform, err error) {
	p.Root = root
	if p.Given, err = handover.For(root, environment, account); err != nil {
		return p, err
	}
	p.Handover, err = handover.Evaluate(filepath.Join(root, "terraform", "platform"), p.Given)
	return p, err
}

func (p *Platform) render(charts render.Charts) (err error) {
	p.Tree, err = render.Tree(render.Input{Root: p.Root, Values: p.Handover.Values, Charts: charts, KubeVersion: KubeVersion, APIVersions: APIVersions})
	return err
}

// Values reads a file of values.
func Values(root, file string) (map[string]any, error) {
	b, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	return render.Values(file, b)
}

// Files are the files that Argo CD could read.
func Files(root string) ([]string, error) {
	var out []string
	for _, top := range []string{"gitops", "policies/gatekeeper", "policies/network"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, file)
			out = append(out, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ForPeople are patterns of files below those folders that Argo CD is not meant to
// read.
var ForPeople = []string{"*.md", "*/.helmignore", "gitops/bootstrap/argocd.yaml", "policies/gatekeeper/*/suite.yaml", "policies/gatekeeper/*/samples/*",
	// What test/alerts proves the rules, dashboards and parsers by.
	"gitops/addons/prometheus-stack/metrics.yaml", "gitops/addons/prometheus-stack/scenarios/*", "gitops/addons/prometheus-stack/dashboards/*", "gitops/addons/fluent-bit/samples/*"}
