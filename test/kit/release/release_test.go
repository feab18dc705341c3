package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/release"
	"github.com/stretchr/testify/require"
)

// repository is a small repository of its own.
type repository struct {
	t    *testing.T
	root string
}

func newRepository(t *testing.T) repository {
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.git("config", "user.name", "maintainers")
	r.git("config", "user.email", "maintainers@example.com")
	r.git("config", "commit.gpgsign", "false")
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	out, err := exec.Command("git", append([]string{"-C", r.root}, args...)...).CombinedOutput()
	require.NoError(r.t, err, string(out))
	return string(out)
}

func (r repository) commit(name, text string) string {
	r.t.Helper()
	r.write(name, text)
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "change "+name)
	return r.git("rev-parse", "HEAD")[:40]
}

func (r repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o644))
}

func TestTheNewestTagIsTheLastRelease(t *testing.T) {
	r := newRepository(t)
	r.commit("modules/rds/main.tf", "one")
	r.git("tag", "rds/v1.9.0")
	want := r.commit("modules/rds/main.tf", "two")
	r.git("tag", "rds/v1.10.0")
	r.git("tag", "rds-other/v3.0.0")
	r.git("switch", "-q", "-c", "ahead")
	r.commit("modules/rds/main.tf", "three")
	r.git("tag", "rds/v2.0.0")
	r.git("switch", "-q", "main")
	got, err := release.Last(t.Context(), r.root, "rds")
	require.NoError(t, err)
	require.Equal(t, release.Release{Module: "rds", Version: "1.10.0", Commit: want}, got, "1.10 is after 1.9, and 2.0 is not in this history")
	require.Equal(t, "rds/v1.10.0", got.String())
}

func TestWithoutATagTheFileNamesTheRelease(t *testing.T) {
	r := newRepository(t)
	first := r.commit("modules/rds/main.tf", "one")
	r.write(release.File, `{"rds":{"version":"0.1.0","commit":"`+first+`"},"vpc":{"version":"0.1.0"},"kms":{"version":"0.1.0","commit":"0123456789012345678901234567890123456789"}}`)
	got, err := release.Last(t.Context(), r.root, "rds")
	require.NoError(t, err)
	require.Equal(t, release.Release{Module: "rds", Version: "0.1.0", Commit: first}, got)
	for module, says := range map[string]string{"s3": "has no tag s3/vX.Y.Z and no entry", "vpc": "no entry with version and commit"} {
		_, err = release.Last(t.Context(), r.root, module)
		require.ErrorContains(t, err, says)
	}
	_, err = release.Last(t.Context(), r.root, "kms")
	require.ErrorIs(t, err, release.ErrHistory)
	require.ErrorContains(t, err, "git fetch --unshallow")
	_, err = release.Last(t.Context(), t.TempDir(), "rds")
	require.ErrorIs(t, err, release.ErrHistory)
}

func TestAReleaseIsTakenOutAsItWas(t *testing.T) {
	r := newRepository(t)
	r.write("modules/vpc/main.tf", "neighbour")
	first := r.commit("modules/rds/main.tf", "one")
	x := release.Release{Module: "rds", Version: "0.1.0", Commit: first}
	same := func(folders ...string) bool {
		t.Helper()
		ok, err := x.Same(t.Context(), r.root, folders...)
		require.NoError(t, err)
		return ok
	}
	require.True(t, same("modules/rds", "modules/vpc"))
	r.write("modules/vpc/new.tf", "not known to git")
	require.True(t, same("modules/rds"))
	require.False(t, same("modules/rds", "modules/vpc"))
	r.write("modules/rds/main.tf", "two")
	require.False(t, same("modules/rds"))

	dir := t.TempDir()
	require.NoError(t, x.Extract(t.Context(), r.root, "modules", dir))
	b, err := os.ReadFile(filepath.Join(dir, "modules", "rds", "main.tf"))
	require.NoError(t, err)
	require.Equal(t, "one", string(b))
	require.NoFileExists(t, filepath.Join(dir, "modules", "vpc", "new.tf"))
	require.Error(t, x.Extract(t.Context(), r.root, "gone", dir))
}
