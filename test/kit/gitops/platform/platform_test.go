package platform_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/stretchr/testify/require"
)

func TestEveryEnvironmentRenders(t *testing.T) {
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	for _, environment := range []string{"dev", "staging", "prod"} {
		p, err := platform.Render(root, environment, m.Charts)
		require.NoError(t, err)
		require.Equal(t, environment, p.Tree.Environment)
		require.Greater(t, len(p.Tree.Objects), 200)
	}
}

func TestWithoutARegistryOurOwnObjectsAreLeft(t *testing.T) {
	p, charts, err := platform.RenderLocal(root, "prod", "file:///a/repository", "main")
	require.NoError(t, err)
	require.Len(t, charts, 13)
	require.Empty(t, p.Tree.Unrendered)
	require.Equal(t, "file:///a/repository", p.Tree.Repository)
	for _, a := range p.Tree.Applications {
		for _, s := range a.Sources {
			require.Equal(t, p.Tree.Repository, s.RepoURL, "a source of %s", a.Object.Name())
		}
	}
	require.Len(t, p.Tree.Of("apps", "Deployment"), 6, "the six services")
}
