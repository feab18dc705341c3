// Package render turns folders and charts into objects as Argo CD's repo server does,
// with Helm as a library: no program is run and nothing is fetched.
package render

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
	yamlv3 "go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Release is one rendering of a chart.
type Release struct {
	Name, Namespace string
	// Values override the chart's own, the later ones the earlier.
	Values []map[string]any
	// KubeVersion and APIVersions are what the cluster says of itself.
	KubeVersion string
	APIVersions []string
	// CRDs are rendered as well, as Argo CD does.
	CRDs bool
}

// Chart renders the chart in dir. name is how dir is called in the origins of the
// objects. A value that the chart's schema refuses, a template that fails and text
// that is no YAML are errors that name file and line where there is one.
func Chart(dir, name string, r Release) ([]gitops.Object, error) {
	c, err := load(dir, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return render(c, name, r)
}

func render(c *chart.Chart, name string, r Release) ([]gitops.Object, error) {
	values := map[string]any{}
	for _, v := range r.Values {
		values = loader.MergeMaps(values, v)
	}
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	capabilities := common.DefaultCapabilities.Copy()
	if r.KubeVersion != "" {
		v, err := common.ParseKubeVersion(r.KubeVersion)
		if err != nil {
			return nil, err
		}
		capabilities.KubeVersion = *v
	}
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), r.APIVersions...)
	full, err := util.ToRenderValues(c, values, common.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, IsInstall: true, Revision: 1}, capabilities)
	if err != nil {
		return nil, fmt.Errorf("%s, release %s: %s", name, r.Name, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	texts, err := engine.Engine{Strict: false, LintMode: false}.Render(c, full)
	if err != nil {
		return nil, fmt.Errorf("%s, release %s: %w", name, r.Name, err)
	}
	var out []gitops.Object
	for _, file := range sortedKeys(texts) {
		if base := path.Base(file); strings.HasPrefix(base, "_") || base == "NOTES.txt" {
			continue
		}
		at := path.Join(name, strings.TrimPrefix(file, c.Name()+"/"))
		text := separator.ReplaceAllString(texts[file], "---\n$1")
		objects, err := gitops.Parse(at, []byte(text))
		if err != nil {
			return nil, fmt.Errorf("as rendered for release %s: %w%s", r.Name, err, excerpt(err, text))
		}
		for _, o := range objects {
			// A line of what was rendered is no line of the template.
			o.Origin.Line = 0
			if hook(o) {
				continue
			}
			out = append(out, o)
		}
	}
	if r.CRDs {
		for _, crd := range c.CRDObjects() {
			objects, err := gitops.Parse(path.Join(name, crd.Filename), crd.File.Data)
			if err != nil {
				return nil, err
			}
			out = append(out, objects...)
		}
	}
	return out, nil
}

// separator is one to which Helm, but not YAML, lets text be attached.
var separator = regexp.MustCompile(`(?m)^---([^\s-])`)

// hook reports an object that Helm makes only beside a command of its own: a test.
func hook(o gitops.Object) bool {
	return strings.Contains(o.Text("metadata", "annotations", "helm.sh/hook"), "test")
}

// excerpt shows the rendered line that an error names.
func excerpt(err error, text string) string {
	var line int
	if i := strings.Index(err.Error(), "line "); i >= 0 {
		fmt.Sscanf(err.Error()[i:], "line %d", &line)
	}
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return fmt.Sprintf(": %q", strings.TrimSpace(lines[line-1]))
}

// load reads a chart, and the charts beside it on which it depends by file://.
func load(dir string, above []string) (*chart.Chart, error) {
	dir = filepath.Clean(dir)
	if slices.Contains(above, dir) {
		return nil, fmt.Errorf("the chart depends on itself: %s", strings.Join(append(above, dir), " on "))
	}
	if _, err := os.Stat(filepath.Join(dir, "Chart.yaml")); err != nil {
		return nil, fmt.Errorf("there is no Chart.yaml: %w", err)
	}
	if err := wellFormed(dir); err != nil {
		return nil, err
	}
	c, err := loader.LoadDir(dir)
	if err != nil {
		return nil, err
	}
	if c.Metadata.Version == "" {
		return nil, fmt.Errorf("in Chart.yaml: version is missing")
	}
	for _, d := range c.Metadata.Dependencies {
		local, found := strings.CutPrefix(d.Repository, "file://")
		if !found {
			continue // vendored below charts/, or switched off
		}
		if d.Version == "" {
			return nil, fmt.Errorf("in Chart.yaml: the dependency %s has no version", d.Name)
		}
		sub, err := load(filepath.Join(dir, local), append(above, dir))
		if err != nil {
			return nil, fmt.Errorf("dependency %s: %w", d.Name, err)
		}
		if sub.Metadata.Version != d.Version {
			return nil, fmt.Errorf("in Chart.yaml: the dependency %s is %s, and %s has %s", d.Name, d.Version, local, sub.Metadata.Version)
		}
		c.AddDependency(sub)
	}
	return c, nil
}

// wellFormed parses the YAML files at the top of a chart, since Helm's own errors name
// no line.
func wellFormed(dir string) error {
	for _, name := range []string{"Chart.yaml", "values.yaml"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := Values(name, b); err != nil {
			return err
		}
	}
	return nil
}

// Values parses a file of values as Helm does; a broken one, or one that names a key
// twice, is an error with file and line. A key beside a merged one (<<) is no second.
func Values(file string, text []byte) (map[string]any, error) {
	complain := func(err error) error {
		s := strings.NewReplacer("error converting YAML to JSON: ", "", "yaml: ", "", "unmarshal errors:\n  ", "").Replace(err.Error())
		return fmt.Errorf("%s: %s", file, s)
	}
	var once map[string]any
	if err := yamlv3.Unmarshal(text, &once); err != nil {
		return nil, complain(err)
	}
	out := map[string]any{}
	if err := yaml.Unmarshal(bytes.TrimSpace(text), &out); err != nil {
		return nil, complain(err)
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
