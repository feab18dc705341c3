package modules_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/modules"
	"github.com/stretchr/testify/require"
)

func TestContentWithAnotherHashIsRefused(t *testing.T) {
	pin := modules.Pin{Module: "sigs.k8s.io/yaml", Version: "v1.6.0", Sum: "h1:AAAA"}
	_, err := modules.Find(t.Context(), []modules.Pin{pin})
	require.ErrorContains(t, err, "pinned is h1:AAAA")
	pin.Sum = "h1:G8fkbMSAFqgEFgh4b1wmtzDnioxFCUgTZhlbj5P9QYs="
	dirs, err := modules.Find(t.Context(), []modules.Pin{pin})
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dirs["sigs.k8s.io/yaml"], "yaml.go"))
	pin.CRDs = []string{"*.crd"}
	_, err = modules.CRDs([]modules.Pin{pin}, dirs)
	require.ErrorContains(t, err, "no file matches *.crd")
}

func TestBadPinsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no hash":          {"- {module: a, version: v1}\n", "entry 1 (a): module, version and sum must all be given"},
		"an unknown field": {"- {module: a, version: v1, sum: h1, crd: [x]}\n", `unknown field "crd"`},
		"broken YAML":      {"- {module: a\n", "line"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "modules.yaml")
			require.NoError(t, os.WriteFile(file, []byte(c.text), 0o644))
			_, err := modules.Read(file)
			require.ErrorContains(t, err, c.says)
		})
	}
}
