package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/gobwas/glob"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// Charts are the charts of third parties that are at hand, by repository, name and
// version.
type Charts map[ChartID]ChartDir

// ChartID names a chart as an Application does.
type ChartID struct{ Repository, Name, Version string }

// ChartDir is where one is, how its files are called, and the version that its
// Chart.yaml must have.
type ChartDir struct{ Dir, Name, Declares string }

// Input is what a tree is made from.
type Input struct {
	// Root is the repository's folder.
	Root string
	// Values are those of gitops/bootstrap, as Terraform hands them over.
	Values map[string]any
	Charts Charts
	// KubeVersion and APIVersions are the cluster's.
	KubeVersion string
	APIVersions []string
	// Only renders these Applications alone, all when empty.
	Only []string
}

// Tree renders everything from the bootstrap on. All that is wrong is one error with
// a line for each Application.
func Tree(in Input) (gitops.Tree, error) {
	t := gitops.Tree{Files: map[string]bool{}}
	w := walker{in: in, tree: &t, values: map[string]map[string]any{}}
	t.Environment, _ = in.Values["environment"].(string)
	boot, err := w.chart("gitops/bootstrap", Release{Name: "bootstrap", Namespace: "argocd", Values: []map[string]any{in.Values}})
	if err != nil {
		return t, err
	}
	var root *gitops.Application
	for _, o := range boot {
		o.Namespace = o.Text("metadata", "namespace")
		switch o.Kind() {
		case "AppProject":
			t.Projects = append(t.Projects, o)
		case "Application":
			a, err := gitops.AsApplication(o)
			if err != nil {
				return t, err
			}
			root = &a
			t.Repository, t.Revision = a.Sources[0].RepoURL, a.Sources[0].TargetRevision
		}
	}
	if root == nil {
		return t, fmt.Errorf("gitops/bootstrap makes no Application")
	}
	t.Applications = append(t.Applications, *root)
	children, err := w.application(*root)
	if err != nil {
		return t, err
	}
	var errs []error
	for _, o := range children {
		a, err := gitops.AsApplication(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(in.Only) > 0 && !contains(in.Only, o.Name()) {
			continue
		}
		t.Applications = append(t.Applications, a)
		objects, err := w.application(a)
		if err != nil {
			errs = append(errs, fmt.Errorf("the Application %s: %w", o.Name(), err))
		}
		t.Objects = append(t.Objects, objects...)
	}
	t.Objects = append(t.Objects, children...)
	return t, errors.Join(errs...)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

type walker struct {
	in     Input
	tree   *gitops.Tree
	values map[string]map[string]any // value files that were read, by path
}

// application renders all sources of an Application.
func (w *walker) application(a gitops.Application) ([]gitops.Object, error) {
	var out []gitops.Object
	var errs []error
	for _, s := range a.Sources {
		objects, err := w.source(a, s)
		if err != nil {
			errs = append(errs, err)
		}
		for _, o := range objects {
			o.Application, o.Namespace = a.Object.Name(), o.Text("metadata", "namespace")
			if o.Namespace == "" && gitops.Namespaced(o) {
				o.Namespace = a.Namespace
			}
			out = append(out, o)
		}
	}
	return out, errors.Join(errs...)
}

func (w *walker) source(a gitops.Application, s gitops.Source) ([]gitops.Object, error) {
	release := Release{Name: ReleaseName(a, s), Namespace: a.Namespace}
	files, err := ValueFiles(a, s, w.tree.Repository)
	if err != nil {
		return nil, err
	}
	for _, at := range files {
		v, err := w.valueFile(at)
		if err != nil {
			return nil, err
		}
		release.Values = append(release.Values, v)
	}
	release.Values = append(release.Values, s.Helm.ValuesObject)
	switch {
	case s.Chart != "":
		dir, ok := w.in.Charts[ChartID{s.RepoURL, s.Chart, s.TargetRevision}]
		if !ok {
			w.tree.Unrendered = append(w.tree.Unrendered, gitops.Unrendered{Application: a.Object.Name(), Source: s})
			return nil, nil
		}
		release.CRDs = true
		c, err := load(dir.Dir, nil)
		if err != nil {
			return nil, err
		}
		if c.Metadata.Version != dir.Declares {
			return nil, fmt.Errorf("%s has the version %s, pinned is %s", dir.Name, c.Metadata.Version, dir.Declares)
		}
		if unknown := unknownValues(c, release.Values); len(unknown) > 0 {
			return nil, fmt.Errorf("gitops/addons/%s/values.yaml: the chart %s %s knows no value %s", a.Object.Name(), s.Chart, s.TargetRevision, strings.Join(unknown, ", "))
		}
		release.KubeVersion, release.APIVersions = w.in.KubeVersion, w.in.APIVersions
		return render(c, dir.Name, release)
	case s.Path == "":
		return nil, nil // a source of values alone
	case s.RepoURL != w.tree.Repository:
		return nil, fmt.Errorf("the source %s is not our repository %s, and names no chart", s.RepoURL, w.tree.Repository)
	case s.Directory == nil && exists(filepath.Join(w.in.Root, s.Path, "Chart.yaml")):
		return w.chart(s.Path, release)
	default:
		return w.folder(s)
	}
}

// chart renders one of our own charts.
func (w *walker) chart(dir string, r Release) ([]gitops.Object, error) {
	r.KubeVersion, r.APIVersions = w.in.KubeVersion, w.in.APIVersions
	full := filepath.Join(w.in.Root, dir)
	c, err := load(full, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	w.read(dir, c)
	return render(c, dir, r)
}

// read notes the files of a chart and of those beside it that it depends on.
func (w *walker) read(dir string, c *chart.Chart) {
	for _, f := range c.Raw {
		w.tree.Files[path.Join(dir, f.Name)] = true
	}
	for _, d := range c.Metadata.Dependencies {
		if local, ok := strings.CutPrefix(d.Repository, "file://"); ok {
			for _, sub := range c.Dependencies() {
				if sub.Name() == d.Name {
					w.read(path.Join(dir, local), sub)
				}
			}
		}
	}
}

func (w *walker) valueFile(at string) (map[string]any, error) {
	w.tree.Files[at] = true
	if v, ok := w.values[at]; ok {
		return v, nil
	}
	b, err := os.ReadFile(filepath.Join(w.in.Root, at))
	if err != nil {
		return nil, fmt.Errorf("the value file %s: %w", at, err)
	}
	v, err := Values(at, b)
	w.values[at] = v
	return v, err
}

// folder reads plain files.
func (w *walker) folder(s gitops.Source) ([]gitops.Object, error) {
	d := gitops.Directory{}
	if s.Directory != nil {
		d = *s.Directory
	}
	var include, exclude glob.Glob
	var err error
	if d.Include != "" {
		if include, err = glob.Compile(d.Include); err != nil {
			return nil, fmt.Errorf("directory.include %q: %w", d.Include, err)
		}
	}
	if d.Exclude != "" {
		if exclude, err = glob.Compile(d.Exclude); err != nil {
			return nil, fmt.Errorf("directory.exclude %q: %w", d.Exclude, err)
		}
	}
	top := filepath.Join(w.in.Root, s.Path)
	var out []gitops.Object
	err = filepath.WalkDir(top, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		if e.IsDir() {
			if rel != "." && !d.Recurse {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(file); ext != ".yaml" && ext != ".yml" && ext != ".json" {
			return nil
		}
		if include != nil && !include.Match(rel) || exclude != nil && exclude.Match(rel) {
			return nil
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := path.Join(s.Path, filepath.ToSlash(rel))
		w.tree.Files[name] = true
		objects, err := gitops.Parse(name, b)
		out = append(out, objects...)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the path %s does not exist", s.Path)
	}
	if err == nil && len(out) == 0 {
		return nil, fmt.Errorf("the path %s holds no object", s.Path)
	}
	return out, err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
