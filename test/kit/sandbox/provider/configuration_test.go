package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// root copies a root module of testdata into a folder of its own.
func root(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))))
	return dir
}

func TestAConfigurationOfOurProviderAloneMayReattach(t *testing.T) {
	for name, reason := range map[string]string{
		"single":      "",
		"none":        "",
		"nested":      "",
		"aliased":     "",
		"json":        "",
		"asking":      "",
		"configuring": "",
		"others":      "uses further providers: hashicorp/random",
		"implied":     "uses further providers: hashicorp/tls",
		"renamed":     "uses further providers: example/aws",
		"remote":      `calls a module from "terraform-aws-modules/vpc/aws", which cannot be looked into`,
		"broken":      "cannot be read:",
	} {
		t.Run(name, func(t *testing.T) {
			ok, got, err := provider.Reattachable(root(t, name))
			require.NoError(t, err)
			require.Equal(t, reason == "", ok, got)
			require.Contains(t, got, reason)
			require.Equal(t, reason == "", got == "")
		})
	}
	_, _, err := provider.Reattachable(filepath.Join(t.TempDir(), "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAConfigurationIsReadByWhatItMeans(t *testing.T) {
	for name, want := range map[string]provider.Configuration{
		"aliased":      {Blocks: []provider.Block{{Name: "aws"}, {Name: "aws", Alias: "dr"}}},
		"json":         {Blocks: []provider.Block{{Name: "aws"}, {Name: "aws", Alias: "dr"}}},
		"none":         {},
		"renamed":      {Blocks: []provider.Block{{Name: "amazon", Alias: "dr"}}, Others: []string{"example/aws"}},
		"others":       {Blocks: []provider.Block{{Name: "aws"}}, Others: []string{"hashicorp/random"}},
		"asking/child": {ConfigurationAliases: []string{"aws.dr", "aws.audit"}},
		"nested/child": {Modules: []string{"./grandchild", "../child/grandchild"}},
	} {
		got, err := provider.Read(filepath.Join("testdata", filepath.FromSlash(name)))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

func TestEveryProviderBlockGetsTheEmulatorsSettings(t *testing.T) {
	for name, want := range map[string]string{
		"none":    "aws",
		"single":  "aws",
		"aliased": "aws aws.dr",
		"json":    "aws aws.dr",
		"renamed": "aws amazon.dr",
		"broken":  "aws",
	} {
		dir := root(t, name)
		require.NoError(t, provider.Override(dir, provider.Settings{AccessKey: "a", SecretKey: `${"}`, Token: "c"}))
		path := filepath.Join(dir, "sandbox_override.tf")
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), "it holds keys")

		n := len(strings.Fields(want))
		for _, setting := range []string{
			`access_key                  = "a"`, `secret_key                  = "$${\"}"`, `token                       = "c"`,
			"skip_credentials_validation = true", "skip_metadata_api_check     = true", "s3_use_path_style           = true",
			"max_retries                 = 2",
		} {
			require.Equal(t, n, strings.Count(string(b), setting), "%s in %s:\n%s", setting, name, b)
		}
		require.NotContains(t, string(b), "region", "that is the configuration's own")

		// What was written is read as the same blocks, under a name that is read.
		other := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(other, "main.tf"), b, 0o600))
		c, err := provider.Read(other)
		require.NoError(t, err)
		require.NoError(t, c.Broken)
		var got []string
		for _, x := range c.Blocks {
			got = append(got, strings.TrimSuffix(x.Name+"."+x.Alias, "."))
		}
		if name == "renamed" { // nothing in the override says what amazon is
			got = append(got, "amazon.dr")
		}
		require.Equal(t, want, strings.Join(got, " "), name)

		before, err := provider.Read(filepath.Join("testdata", name))
		require.NoError(t, err)
		after, err := provider.Read(dir)
		require.NoError(t, err)
		require.Equal(t, before.Blocks, after.Blocks, "an override is no configuration")
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"aliased", "asking/child", "broken", "others", "renamed"} {
		b, err := os.ReadFile(filepath.Join("testdata", name, "main.tf"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, false)
	}
	f.Add([]byte(`{"provider": {"aws": [{"alias": 1}, {"alias": null}]}}`), true)
	f.Add([]byte(`terraform { required_providers { aws = { source = null, configuration_aliases = aws } } }`), false)
	f.Fuzz(func(t *testing.T, src []byte, json bool) {
		dir := t.TempDir()
		name := "main.tf"
		if json {
			name += ".json"
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), src, 0o644))
		_, err := provider.Read(dir)
		require.NoError(t, err)
		require.NoError(t, provider.Override(dir, provider.Settings{}))
	})
}
