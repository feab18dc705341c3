package checkout_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/evidence/checkout"
	"github.com/stretchr/testify/require"
)

type repository struct {
	t    *testing.T
	root string
}

func (r repository) git(args ...string) {
	r.t.Helper()
	out, err := exec.Command("git", append([]string{"-C", r.root, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...).CombinedOutput()
	require.NoError(r.t, err, string(out))
}

func (r repository) write(name, text string) {
	r.t.Helper()
	to := filepath.Join(r.root, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(r.t, os.WriteFile(to, []byte(text), 0o644))
}

func (r repository) state() checkout.State {
	r.t.Helper()
	s, err := checkout.Read(context.Background(), r.root)
	require.NoError(r.t, err)
	return s
}

func committed(t *testing.T) repository {
	r := repository{t, t.TempDir()}
	r.write("modules/a/main.tf", "a\n")
	r.write("modules/a/deep/x.tf", "x\n")
	r.write("gitops/charts/c/Chart.yaml", "c\n")
	r.write("README.md", "r\n")
	r.git("init", "-q", "-b", "main")
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "one")
	return r
}

func names(ts []evidence.Tree) (out []string) {
	for _, t := range ts {
		out = append(out, t.Name)
	}
	return out
}

func TestACheckoutHasItsCommitAndTheHashOfEachPart(t *testing.T) {
	t.Parallel()
	s := committed(t).state()
	require.Len(t, s.Commit, 40)
	require.False(t, s.Modified)
	require.Equal(t, []string{"gitops/charts", "gitops/charts/c", "modules/a"}, names(s.Trees))
	// printf 'x\n' | sha256sum; printf 'a\n' | sha256sum; by name, hashed again.
	want := exec.Command("bash", "-c", `cd "$1" && find . -type f | cut -c3- | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1`, "-", filepath.Join(committed(t).root, "modules/a"))
	out, err := want.Output()
	require.NoError(t, err)
	require.Equal(t, string(out), s.Trees[2].DirHash+"\n")
}

func TestAChangeThatNoCommitHoldsIsSeen(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(repository){
		"a changed file": func(r repository) { r.write("modules/a/main.tf", "b\n") },
		"a new file":     func(r repository) { r.write("modules/a/new.tf", "b\n") },
		"a removed file": func(r repository) { require.NoError(r.t, os.Remove(filepath.Join(r.root, "modules/a/main.tf"))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			change(r)
			require.True(t, r.state().Modified)
		})
	}
}

func TestAFolderThatIsNoCheckoutSaysSo(t *testing.T) {
	t.Parallel()
	_, err := checkout.Read(context.Background(), t.TempDir())
	require.ErrorContains(t, err, "git log in")
}

func TestToolsHaveVersionsAndDigests(t *testing.T) {
	t.Parallel()
	tools, err := checkout.Tools(context.Background(), "../../../..")
	require.NoError(t, err)
	require.Len(t, tools, 5)
	for _, x := range tools {
		require.NotEmpty(t, x.Version, x.Name)
		require.Len(t, x.SHA256, 64, x.Name)
	}
}
