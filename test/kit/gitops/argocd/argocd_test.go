package argocd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/stretchr/testify/require"
)

func TestSettingsAreThoseOfTheChart(t *testing.T) {
	s, err := argocd.ReadSettings(map[string]any{"configs": map[string]any{"cm": map[string]any{"timeout.reconciliation": "90s", "other": "kept"}}})
	require.NoError(t, err)
	require.Equal(t, 90*time.Second, s.Reconciliation)
	require.Equal(t, time.Minute, s.Jitter, "Argo CD's own default")
	require.Equal(t, "kept", s.ConfigMap["other"])
	for name, c := range map[string]struct {
		cm   map[string]any
		says string
	}{
		"no time at all":           {nil, `configs.cm.timeout.reconciliation is ""`},
		"a time without a unit":    {map[string]any{"timeout.reconciliation": "60"}, `is "60": want a duration, as 60s`},
		"a jitter that is no time": {map[string]any{"timeout.reconciliation": "60s", "timeout.reconciliation.jitter": "some"}, "timeout.reconciliation.jitter"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := argocd.ReadSettings(map[string]any{"configs": map[string]any{"cm": c.cm}})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAStatusIsGoodOnlyWhenEverythingOfItIs(t *testing.T) {
	read := func(text string) argocd.Status {
		var a argocd.Application
		require.NoError(t, json.Unmarshal([]byte(text), &a))
		return a.Read()
	}
	for name, c := range map[string]struct {
		text string
		good bool
		says string
	}{
		"synced and healthy": {`{"metadata":{"name":"a"},"status":{"sync":{"status":"Synced","revision":"r1"},"health":{"status":"Healthy"},"operationState":{"phase":"Succeeded"}}}`, true, "a is Synced and Healthy"},
		"not synced yet":     {`{"metadata":{"name":"a"},"status":{"sync":{"status":"OutOfSync"},"health":{"status":"Healthy"},"operationState":{"phase":"Succeeded"}}}`, false, "a is OutOfSync and Healthy"},
		"not healthy yet":    {`{"metadata":{"name":"a"},"status":{"sync":{"status":"Synced"},"health":{"status":"Progressing"},"operationState":{"phase":"Succeeded"}}}`, false, "Progressing"},
		"its sync goes on":   {`{"metadata":{"name":"a"},"status":{"sync":{"status":"Synced"},"health":{"status":"Healthy"},"operationState":{"phase":"Running","message":"waits"}}}`, false, "its sync Running: waits"},
		"never looked at":    {`{"metadata":{"name":"a"}}`, false, "a is  and "},
		"an error is said":   {`{"metadata":{"name":"a"},"status":{"sync":{"status":"Unknown"},"conditions":[{"type":"ComparisonError","message":"no chart"}]}}`, false, "(ComparisonError: no chart)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := read(c.text)
			require.Equal(t, c.good, s.Good())
			require.Contains(t, s.String(), c.says)
			all := map[string]argocd.Status{"a": s}
			require.Equal(t, c.good, len(argocd.Bad(all, "")) == 0)
			require.Empty(t, argocd.Bad(all, "", "a"), "it is excepted")
			if c.good {
				require.Empty(t, argocd.Bad(all, "r1"))
				require.Equal(t, []string{"a was not compared with the commit"}, argocd.Bad(all, "r2"))
			}
		})
	}
	many := read(`{"status":{"sync":{"revisions":["r1","r2"]}}}`)
	require.True(t, many.At("r2"), "an Application of several sources has several revisions")
	require.False(t, many.At("r3"))
}

func TestARepositoryTakesWhatIsChanged(t *testing.T) {
	from := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(from, "gitops"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(from, "gitops", "values.yaml"), []byte("tag: main-1\nsize: 1\n"), 0o644))
	r, first, err := argocd.NewRepository(t.Context(), filepath.Join(t.TempDir(), "platform"), from, "gitops")
	require.NoError(t, err)
	require.Len(t, first, 40)
	require.ErrorContains(t, r.Replace("gitops/values.yaml", "tag: main-2", "x"), `has "tag: main-2" 0 times`)
	_, err = r.Commit(t.Context(), "nobody", "Nothing")
	require.ErrorContains(t, err, "nothing to commit")
	require.NoError(t, r.Replace("gitops/values.yaml", "main-1", "main-2"))
	second, err := r.Commit(t.Context(), "updater", "Take the next build")
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	_, _, err = argocd.NewRepository(t.Context(), r.Dir, from, "gitops")
	require.ErrorContains(t, err, "exists")
}
