// Package contract_test proves what the layers say of each other, without an
// apply: outputs that are read exist and fit, nothing needs itself, environments
// give what layers take, and prod is nowhere weaker than staging.
package contract_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/layers"
	"github.com/stretchr/testify/require"
)

func platform(t *testing.T) (fs.FS, *layers.Platform) {
	t.Helper()
	tree := os.DirFS(filepath.Join("..", "..", "..", "terraform"))
	p, err := layers.Load(tree)
	require.NoError(t, err)
	return tree, p
}

func lines(found []layers.Finding) (out []string) {
	for _, f := range found {
		out = append(out, "terraform/"+f.String())
	}
	return out
}

func TestOutputsThatAreReadExistAndFit(t *testing.T) {
	_, p := platform(t)
	require.Empty(t, lines(p.Contract()))
	references := 0
	for name, l := range p.Layers {
		references += len(l.References)
		require.Equal(t, len(p.Needs(name)), len(l.Needed), "layer %s looks first whether what it needs is applied", name)
	}
	require.NotZero(t, references, "no layer reads another's state")
	t.Logf("%d reads of other layers' outputs", references)
}

func TestTheSixLayersFollowEachOther(t *testing.T) {
	_, p := platform(t)
	require.Equal(t, []string{"compute", "data", "networking", "observability", "platform", "security"}, p.Names())
	order, err := p.Order()
	require.NoError(t, err)
	// As the platform is described: each layer reads only those before it.
	rank := map[string]int{}
	for i, name := range []string{"networking", "security", "data", "compute", "platform", "observability"} {
		rank[name] = i
	}
	for _, name := range order {
		for _, need := range p.Needs(name) {
			require.Less(t, rank[need], rank[name], "layer %s reads the state of %s", name, need)
		}
	}
}

func TestEnvironmentsGiveWhatLayersTake(t *testing.T) {
	tree, p := platform(t)
	names, err := layers.Environments(tree)
	require.NoError(t, err)
	require.Equal(t, []string{"dev", "prod", "staging"}, names)
	for _, name := range names {
		values, err := p.Environment(tree, name)
		require.NoError(t, err)
		require.Len(t, values, len(p.Layers), "environment %s has a tfvars for each layer", name)
		for layer, v := range values {
			_, err := p.Effective(layer, v)
			require.NoError(t, err)
			require.Equal(t, name, v.Values["environment"].AsString(), v.File)
		}
	}
}

func TestProdIsNowhereWeakerThanStaging(t *testing.T) {
	tree, p := platform(t)
	text, err := fs.ReadFile(tree, "environments/consistency.yaml")
	require.NoError(t, err)
	rules, err := layers.ParseConsistency(text)
	require.NoError(t, err)
	staging, err := p.Environment(tree, "staging")
	require.NoError(t, err)
	prod, err := p.Environment(tree, "prod")
	require.NoError(t, err)
	found, err := p.Compare(staging, prod, rules)
	require.NoError(t, err)
	require.Empty(t, lines(found))
}
