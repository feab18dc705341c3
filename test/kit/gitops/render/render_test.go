package render_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/render"
	"github.com/stretchr/testify/require"
)

// repository is a small one: a bootstrap, an app of apps with one Application, and
// what that one renders.
var repository = map[string]string{
	"gitops/bootstrap/Chart.yaml":              "apiVersion: v2\nname: bootstrap\nversion: 1.0.0\n",
	"gitops/bootstrap/templates/root.yaml":     "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec: {project: p, source: {repoURL: ours, path: gitops/apps, targetRevision: main}, destination: {server: s, namespace: argocd}}\n",
	"gitops/apps/Chart.yaml":                   "apiVersion: v2\nname: apps\nversion: 1.0.0\n",
	"gitops/apps/templates/a.yaml":             "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec:\n  project: p\n  source:\n    repoURL: ours\n    targetRevision: main\n    path: services/a\n    helm: {valueFiles: [values.yaml]}\n  destination: {server: s, namespace: fintrack}\n",
	"services/a/Chart.yaml":                    "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: shared, alias: service, version: 2.0.0, repository: 'file://../../charts/shared'}]\n",
	"services/a/values.yaml":                   "service:\n  size: 3\n",
	"charts/shared/Chart.yaml":                 "apiVersion: v2\nname: shared\nversion: 2.0.0\n",
	"charts/shared/values.yaml":                "size: 1\nimage: x\n",
	"charts/shared/values.schema.json":         `{"type":"object","required":["size"],"properties":{"size":{"type":"integer","maximum":5}}}`,
	"charts/shared/templates/deployment.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  size: {{ .Values.size | quote }}\n",
	"charts/shared/templates/tests/probe.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: probe, annotations: {helm.sh/hook: test}}\n",
}

func write(t *testing.T, changed map[string]string) string {
	t.Helper()
	files := maps.Clone(repository)
	maps.Copy(files, changed)
	root := t.TempDir()
	for name, text := range files {
		if text == "" {
			continue
		}
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return root
}

func TestATreeIsRenderedFromItsRootOn(t *testing.T) {
	tree, err := render.Tree(render.Input{Root: write(t, nil), Values: map[string]any{"environment": "dev"}})
	require.NoError(t, err)
	require.Len(t, tree.Applications, 2)
	require.Len(t, tree.Objects, 2, "the child Application, and the ConfigMap without the test pod")
	require.Equal(t, "ConfigMap fintrack/a", tree.Objects[0].ID())
	require.Equal(t, "3", tree.Objects[0].Text("data", "size"))
	for _, file := range []string{"services/a/values.yaml", "charts/shared/templates/deployment.yaml", "gitops/apps/templates/a.yaml"} {
		require.True(t, tree.Files[file], "%s was read", file)
	}
}

func TestBadTreesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		changed map[string]string
		says    string
	}{
		"a broken file of values":       {map[string]string{"services/a/values.yaml": "service:\n  size: 3\n bad: [\n"}, "services/a/values.yaml: line "},
		"a key twice in values":         {map[string]string{"services/a/values.yaml": "service: {}\nservice: {}\n"}, `services/a/values.yaml: line 2: mapping key "service" already defined at line 1`},
		"a value above the schema's":    {map[string]string{"services/a/values.yaml": "service:\n  size: 6\n"}, "maximum"},
		"a missing value":               {map[string]string{"charts/shared/values.yaml": "image: x\n", "services/a/values.yaml": "service: {}\n"}, "missing property 'size'"},
		"a missing file of values":      {map[string]string{"services/a/values.yaml": ""}, "the value file services/a/values.yaml"},
		"a chart without a version":     {map[string]string{"services/a/Chart.yaml": "apiVersion: v2\nname: a\n"}, "services/a: validation: chart.metadata.version is required"},
		"a dependency's other version":  {map[string]string{"charts/shared/Chart.yaml": "apiVersion: v2\nname: shared\nversion: 2.1.0\n"}, "the dependency shared is 2.0.0, and ../../charts/shared has 2.1.0"},
		"a dependency without version":  {map[string]string{"services/a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: shared, repository: 'file://../../charts/shared'}]\n"}, "the dependency shared has no version"},
		"a template that fails":         {map[string]string{"charts/shared/templates/deployment.yaml": "a: b\n{{ .Values.none.at.all }}\n"}, "deployment.yaml:2"},
		"a template that is no YAML":    {map[string]string{"charts/shared/templates/deployment.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [}\n"}, "services/a/charts/service/templates/deployment.yaml: "},
		"an object without a kind":      {map[string]string{"charts/shared/templates/deployment.yaml": "apiVersion: v1\nmetadata: {name: a}\n"}, "the object has no kind"},
		"a path that is not there":      {map[string]string{"gitops/apps/templates/a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: ours, path: services/b}}\n"}, "the path services/b does not exist"},
		"a repository that is not ours": {map[string]string{"gitops/apps/templates/a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: theirs, path: services/a}}\n"}, "the source theirs is not our repository ours"},
		"a chart that needs itself":     {map[string]string{"charts/shared/Chart.yaml": "apiVersion: v2\nname: shared\nversion: 2.0.0\ndependencies: [{name: shared, version: 2.0.0, repository: 'file://../shared'}]\n"}, "depends on itself"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render.Tree(render.Input{Root: write(t, c.changed), Values: map[string]any{"environment": "dev"}})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAThirdPartysChartIsRenderedWhenItIsAtHand(t *testing.T) {
	app := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  sources:\n    - {repoURL: 'https://charts', chart: shared, targetRevision: 2.0.0, helm: {valueFiles: ['$ours/addon.yaml']}}\n    - {repoURL: ours, targetRevision: main, ref: ours}\n"
	root := write(t, map[string]string{"gitops/apps/templates/a.yaml": app, "addon.yaml": "size: 2\n"})
	values := map[string]any{"environment": "dev"}
	tree, err := render.Tree(render.Input{Root: root, Values: values})
	require.NoError(t, err)
	require.Equal(t, "shared", tree.Unrendered[0].Source.Chart)

	id := render.ChartID{Repository: "https://charts", Name: "shared", Version: "2.0.0"}
	charts := render.Charts{id: {Dir: filepath.Join(root, "charts/shared"), Name: "m/shared", Declares: "2.0.0"}}
	tree, err = render.Tree(render.Input{Root: root, Values: values, Charts: charts})
	require.NoError(t, err)
	require.Empty(t, tree.Unrendered)
	require.Equal(t, "2", tree.Objects[0].Text("data", "size"))

	charts[id] = render.ChartDir{Dir: filepath.Join(root, "charts/shared"), Name: "m/shared", Declares: "1.0.0"}
	_, err = render.Tree(render.Input{Root: root, Values: values, Charts: charts})
	require.ErrorContains(t, err, "m/shared has the version 2.0.0, pinned is 1.0.0")
	charts[id] = render.ChartDir{Dir: filepath.Join(root, "charts/shared"), Name: "m/shared", Declares: "2.0.0"}
	require.NoError(t, os.WriteFile(filepath.Join(root, "addon.yaml"), []byte("sizes: 2\n"), 0o644))
	_, err = render.Tree(render.Input{Root: root, Values: values, Charts: charts})
	require.ErrorContains(t, err, "the chart shared 2.0.0 knows no value sizes")
}
