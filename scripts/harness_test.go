// Package scripts_test runs the scripts of this folder on small repositories of
// its own, with stand-ins for the programs that they look for.
package scripts_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository is a folder that looks like this one to the scripts.
type repository struct {
	t    *testing.T
	root string
	// env is the whole environment of the scripts.
	env []string
}

// newRepository makes a repository with the real scripts and with the given
// further files, by path.
func newRepository(t *testing.T, files map[string]string) *repository {
	t.Helper()
	r := &repository{t: t, root: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C"}}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(r.root, "scripts"), os.DirFS(here)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", ".terraform-docs.yml", ".shellcheckrc"} {
		b, err := os.ReadFile(filepath.Join(here, "..", name))
		if err != nil {
			t.Fatal(err)
		}
		r.write(name, string(b))
	}
	r.write("go.mod", "module github.com/fintrack/platform\n\ngo 1.26.6\n")
	r.write("test/kit/sandbox/moto/requirements.txt", "moto==5.2.1\n")
	for name, text := range files {
		r.write(name, text)
	}
	return r
}

func (r *repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// program makes a stand-in, a shell script, and returns its path.
func (r *repository) program(name, script string) string {
	r.t.Helper()
	r.write(name, "#!/bin/sh\n"+script+"\n")
	path := filepath.Join(r.root, name)
	if err := os.Chmod(path, 0o755); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// onlyPrograms makes PATH a folder with links to the named programs of this
// machine and whatever the test puts into bin/.
func (r *repository) onlyPrograms(names ...string) {
	r.t.Helper()
	links := r.t.TempDir()
	for _, n := range slices.Concat(names, []string{
		"awk", "basename", "bash", "cat", "chmod", "cksum", "cp", "cut", "date", "diff", "dirname", "du", "env", "find", "flock", "grep",
		"id", "ln", "ls", "mkdir", "mktemp", "mv", "paste", "rm", "sed", "sh", "sleep", "sort", "tail", "tr", "uname", "xargs", "git",
	}) {
		path, err := exec.LookPath(n)
		if err != nil {
			r.t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(links, n)); err != nil {
			r.t.Fatal(err)
		}
	}
	r.set("PATH", filepath.Join(r.root, "bin")+":"+links)
}

// realTools lets the scripts use what this machine has settled: the pinned tools
// and the Terraform of the repository's own cache, built at most once.
func (r *repository) realTools() {
	r.t.Helper()
	here, err := filepath.Abs("..")
	if err != nil {
		r.t.Fatal(err)
	}
	cache := os.Getenv("FINTRACK_CACHE")
	if cache == "" {
		cache = filepath.Join(here, ".cache")
	}
	if err := os.MkdirAll(filepath.Join(cache, "tools"), 0o755); err != nil {
		r.t.Fatal(err)
	}
	own := filepath.Join(r.root, ".cache")
	if err := os.MkdirAll(own, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(cache, "tools"), filepath.Join(own, "tools")); err != nil {
		r.t.Fatal(err)
	}
	for _, name := range []string{"tools/lint/go.mod", "tools/lint/go.sum"} {
		b, err := os.ReadFile(filepath.Join(here, name))
		if err != nil {
			r.t.Fatal(err)
		}
		r.write(name, string(b))
	}
	out, err := exec.CommandContext(r.t.Context(), "go", "env", "GOCACHE", "GOMODCACHE", "GOFLAGS").Output()
	if err != nil {
		r.t.Fatal(err)
	}
	dirs := strings.Split(string(out), "\n")
	r.set("GOCACHE", dirs[0])
	r.set("GOMODCACHE", dirs[1])
	r.set("GOFLAGS", dirs[2])
	for _, key := range []string{"FINTRACK_PROVIDER_MIRROR", "FINTRACK_TERRAFORM", "HOME"} {
		if v := os.Getenv(key); v != "" {
			r.set(key, v)
		}
	}
}

func (r *repository) set(key, value string) {
	r.env = append(slices.DeleteFunc(r.env, func(kv string) bool { return strings.HasPrefix(kv, key+"=") }), key+"="+value)
}

// run runs a program in the repository and returns its output, both streams in
// one, and its exit code.
func (r *repository) run(program string, args ...string) (string, int) {
	r.t.Helper()
	if strings.HasPrefix(program, "scripts/") {
		program = filepath.Join(r.root, program)
	}
	cmd := exec.CommandContext(r.t.Context(), program, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.root, r.env, &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// must runs a program that has to succeed.
func (r *repository) must(program string, args ...string) string {
	r.t.Helper()
	out, code := r.run(program, args...)
	if code != 0 {
		r.t.Fatalf("%s %v: exit code %d\n%s", program, args, code, out)
	}
	return out
}

// wantRefusal asserts exit code 2 and that the message holds every part.
func (r *repository) wantRefusal(out string, code int, parts ...string) {
	r.t.Helper()
	if code != 2 {
		r.t.Errorf("exit code %d, want 2\n%s", code, out)
	}
	for _, p := range parts {
		if !strings.Contains(out, p) {
			r.t.Errorf("the message does not say %q:\n%s", p, out)
		}
	}
}
