package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/plain"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/gitops/render"
)

// planted is the sample of a policy that a chart then renders.
const (
	planted   = "policies/gatekeeper/no-host-path/samples/refused-node-folder.yaml"
	plantedAt = "gitops/addons/external-secrets/manifests/templates/planted.yaml"
)

func lay() *cobra.Command {
	var plant bool
	c := &cobra.Command{Use: "lay-out ENVIRONMENT FOLDER", Short: "Copy the tree, and lay out what helm template and gator test need to judge it", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := known(args[0]); err != nil {
				return err
			}
			folder, err := filepath.Abs(args[1])
			if err != nil {
				return err
			}
			tree := filepath.Join(folder, "tree")
			for _, top := range []string{"gitops", "policies", "terraform"} {
				if err := os.CopyFS(filepath.Join(tree, top), os.DirFS(top)); err != nil {
					return err
				}
			}
			if plant {
				text, err := os.ReadFile(planted)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(tree, plantedAt), text, 0o644); err != nil {
					return err
				}
			}
			p, charts, err := rendered(c.Context(), tree, args[0])
			if err != nil {
				return err
			}
			l, err := layOut(p, charts, folder)
			if err != nil {
				return err
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(l)
		}}
	c.Flags().BoolVar(&plant, "plant", false, "plant one violation, which a chart renders")
	return c
}

// writer lays out one environment below a folder.
type writer struct {
	tree   gitops.Tree
	root   string // of the tree
	charts render.Charts
	folder string
}

func layOut(p platform.Platform, charts render.Charts, folder string) (plain.Layout, error) {
	w := writer{tree: p.Tree, root: p.Root, charts: charts, folder: folder}
	l := plain.Layout{Environment: p.Tree.Environment, KubeVersion: platform.KubeVersion, APIVersions: platform.APIVersions, Namespaces: filepath.Join(folder, "namespaces.yaml")}
	for _, o := range p.Tree.Of("templates.gatekeeper.sh", "ConstraintTemplate") {
		if l.Policies != "" && l.Policies != o.Application {
			return l, fmt.Errorf("policies are of two Applications, %s and %s: gator test is given those of one", l.Policies, o.Application)
		}
		l.Policies = o.Application
	}
	if l.Policies == "" {
		return l, fmt.Errorf("no Application renders a ConstraintTemplate")
	}
	var namespaces []string
	for _, o := range p.Tree.Of("", "Namespace") {
		text, err := yaml.Marshal(o.Fields)
		if err != nil {
			return l, err
		}
		namespaces = append(namespaces, string(text))
	}
	if err := os.WriteFile(l.Namespaces, []byte(strings.Join(namespaces, "---\n")), 0o644); err != nil {
		return l, err
	}
	for _, a := range p.Tree.Applications {
		out, err := w.application(a)
		if err != nil {
			return l, fmt.Errorf("the Application %s: %w", a.Object.Name(), err)
		}
		l.Applications = append(l.Applications, out)
	}
	return l, nil
}

func (w writer) application(a gitops.Application) (plain.Application, error) {
	out := plain.Application{Name: a.Object.Name()}
	for i, s := range a.Sources {
		var dir string
		switch {
		case s.Chart != "":
			found, ok := w.charts[render.ChartID{Repository: s.RepoURL, Name: s.Chart, Version: s.TargetRevision}]
			if !ok {
				continue // our engine has no such chart either
			}
			var err error
			if dir, err = w.copied(found.Dir, filepath.Join("charts", s.Chart)); err != nil {
				return out, err
			}
		case s.Path == "":
			continue // a source of values alone
		default:
			var err error
			if dir, err = w.copied(filepath.Join(w.root, s.Path), s.Path); err != nil {
				return out, err
			}
			if _, err := os.Stat(filepath.Join(dir, "Chart.yaml")); s.Directory != nil || err != nil {
				if d := s.Directory; d != nil && d.Include+d.Exclude != "" {
					return out, fmt.Errorf("the source %s reads some files of its folder alone, which gator test cannot", s.Path)
				}
				out.Folders = append(out.Folders, dir)
				continue
			}
		}
		r := plain.Release{Name: render.ReleaseName(a, s), Namespace: a.Namespace, Chart: dir}
		files, err := render.ValueFiles(a, s, w.tree.Repository)
		if err != nil {
			return out, err
		}
		for _, f := range files {
			r.Values = append(r.Values, filepath.Join(w.root, f))
		}
		text, err := yaml.Marshal(s.Helm.ValuesObject)
		if err != nil {
			return out, err
		}
		given := filepath.Join(w.folder, fmt.Sprintf("given-%s-%d.yaml", out.Name, i))
		if err := os.WriteFile(given, text, 0o644); err != nil {
			return out, err
		}
		r.Values = append(r.Values, given)
		out.Releases = append(out.Releases, r)
	}
	return out, nil
}

// copied copies a folder. A chart in it gets the charts that it depends on by file://
// below charts, as helm dependency build makes it; helm template asks for them. One that
// is not there is struck out of Chart.yaml: our engine renders without it too, since
// values switch it off.
func (w writer) copied(from, at string) (string, error) {
	to := filepath.Join(w.folder, "plain", at)
	if _, err := os.Stat(to); err == nil {
		return to, nil // of another source
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", err
	}
	file := filepath.Join(to, "Chart.yaml")
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return to, nil
	}
	if err != nil {
		return "", err
	}
	var c chart.Metadata
	if err := yaml.Unmarshal(text, &c); err != nil {
		return "", fmt.Errorf("%s/Chart.yaml: %w", at, err)
	}
	var there []*chart.Dependency
	for _, d := range c.Dependencies {
		if local, ok := strings.CutPrefix(d.Repository, "file://"); ok {
			if err := os.CopyFS(filepath.Join(to, "charts", d.Name), os.DirFS(filepath.Join(from, local))); err != nil {
				return "", err
			}
		}
		if found, err := filepath.Glob(filepath.Join(to, "charts", d.Name+"*")); err == nil && len(found) > 0 {
			there = append(there, d)
		}
	}
	if len(there) == len(c.Dependencies) {
		return to, nil
	}
	c.Dependencies = there
	if text, err = yaml.Marshal(c); err != nil {
		return "", err
	}
	return to, os.WriteFile(file, text, 0o644)
}
