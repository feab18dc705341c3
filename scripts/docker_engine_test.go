package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// engineless is a machine without an engine, with stand-ins for what starts one: the
// engine "answers" while bin/dockerd runs, and says so in the files up and down.
func engineless(t *testing.T) *repository {
	r := newRepository(t, nil)
	r.onlyPrograms("head", "pgrep", "touch")
	r.program("bin/go", `echo go version go1.26.6 linux/amd64`)
	r.program("bin/id", `echo 0`)
	r.program("bin/docker", `case $1 in
version) test -e `+r.root+`/up ;;
ps) test -e `+r.root+`/removed || echo left-by-a-killed-run ;;
network) test $2 != ls || echo 123abc ;;
rm) echo "$*" >>`+r.root+`/asked; test $(grep -c . `+r.root+`/asked) -lt 2 || touch `+r.root+`/removed ;;
esac`)
	r.program("bin/dockerd", `echo "$*" >`+r.root+`/up
trap 'rm `+r.root+`/up; touch `+r.root+`/down; exit 0' TERM
while :; do sleep 0.1; done`)
	for _, name := range []string{"iptables", "ip6tables", "iptables-save", "jq", "ip", "umount"} {
		r.program("bin/"+name, `:`)
	}
	r.program("bin/setpriv", `shift 2; exec "$@"`)
	r.program("bin/setsid", `exec "$@"`)
	return r
}

func (r *repository) has(name string) bool {
	_, err := os.Stat(filepath.Join(r.root, name))
	return err == nil
}

func TestDockerEngineUsesTheOneThatAnswers(t *testing.T) {
	t.Parallel()
	r := engineless(t)
	r.write("up", "")
	if out := r.must("scripts/docker-engine", "sh", "-c", "echo host=$DOCKER_HOST"); out != "host=\n" {
		t.Errorf("the command said %q", out)
	}
	if r.has("down") || r.has("asked") {
		t.Error("an engine of somebody else was touched")
	}
}

func TestDockerEngineStopsWhatItStarted(t *testing.T) {
	t.Parallel()
	r := engineless(t)
	out, code := r.run("scripts/docker-engine", "sh", "-c", "echo host=$DOCKER_HOST; exit 7")
	if code != 7 || !strings.Contains(out, "host=unix://") {
		t.Errorf("exit code %d, want the command's 7, with an engine of its own:\n%s", code, out)
	}
	if !r.has("down") || r.has("up") {
		t.Error("the engine still runs")
	}
	asked, err := os.ReadFile(filepath.Join(r.root, "asked"))
	if err != nil || strings.Count(string(asked), "rm -f -v left-by-a-killed-run") != 2 {
		t.Errorf("containers are removed before the command and after it; asked was: %s %v", asked, err)
	}
}

func TestDockerEngineStopsTheEngineWhenItIsStopped(t *testing.T) {
	t.Parallel()
	r := engineless(t)
	out, code := r.run("scripts/docker-engine", "sh", "-c", "kill -TERM $PPID; exec sleep 60")
	if code != 143 || !r.has("down") || r.has("up") {
		t.Errorf("exit code %d, want 143 and no engine; it said:\n%s", code, out)
	}
}

func TestDockerEngineRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*repository)
		args    []string
		want    []string
	}{
		"no command":                     {func(*repository) {}, nil, []string{"no COMMAND"}},
		"an engine that does not answer": {func(r *repository) { r.set("DOCKER_HOST", "unix:///none") }, []string{"true"}, []string{"DOCKER_HOST=unix:///none does not answer", "unset DOCKER_HOST"}},
		"a user who is not root":         {func(r *repository) { r.program("bin/id", "echo 1000") }, []string{"true"}, []string{"needs root", "sudo -E make test-network ENV=kind"}},
		"another system":                 {func(r *repository) { r.program("bin/uname", "echo Darwin") }, []string{"true"}, []string{"Linux alone", "Docker Desktop"}},
		"no dockerd and no apt-get":      {func(r *repository) { r.remove("bin/dockerd") }, []string{"true"}, []string{"dockerd is missing", "docker.io"}},
		"an engine that does not start":  {func(r *repository) { r.program("bin/dockerd", "echo no room; exit 1") }, []string{"true"}, []string{"no room", "does not start", "dockerd.log"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := engineless(t)
			c.prepare(r)
			out, code := r.run("scripts/docker-engine", c.args...)
			r.wantRefusal(out, code, c.want...)
		})
	}
}
