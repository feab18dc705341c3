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
