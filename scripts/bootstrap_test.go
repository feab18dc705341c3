package scripts_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// complete is a repository in which everything is there, by stand-ins.
func complete(t *testing.T) *repository {
	r := newRepository(t, nil)
	r.onlyPrograms()
	r.program("bin/go", `echo "go version go1.26.6 linux/amd64"`)
	r.program("bin/terraform", `echo '{ "terraform_version": "1.11.4" }'`)
	r.program(providerIn("mirror"), "exit 0")
	r.set("FINTRACK_PROVIDER_MIRROR", filepath.Join(r.root, "mirror"))
	r.write("site/moto/__init__.py", "")
	r.program("bin/python3", `echo "`+r.root+`/bin/python3:`+r.root+`/site/moto/__init__.py"`)
	return r
}

func providerIn(mirror string) string {
	return mirror + "/registry.terraform.io/hashicorp/aws/5.100.0/" + runtime.GOOS + "_" + runtime.GOARCH + "/terraform-provider-aws_v5.100.0_x5"
}

func (r *repository) settled() string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.root, ".cache", "env"))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func TestBootstrapSettlesInSilence(t *testing.T) {
	t.Parallel()
	r := complete(t)
	for range 2 {
		if out := r.must("scripts/bootstrap"); out != "" {
			t.Errorf("nothing is missing, yet it says %q", out)
		}
	}
	for _, line := range []string{
		"FINTRACK_TERRAFORM=" + r.root + "/bin/terraform\n",
		"FINTRACK_PROVIDER=" + r.root + "/" + providerIn("mirror") + "\n",
		"FINTRACK_PROVIDER_MIRROR=" + r.root + "/mirror\n",
		"FINTRACK_PYTHON=" + r.root + "/bin/python3\n",
	} {
		if !strings.Contains(r.settled(), line) {
			t.Errorf(".cache/env has no line %q:\n%s", line, r.settled())
		}
	}
}

func TestBootstrapDoesNotLookTwice(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.program("bin/terraform", `echo asked >>'`+r.root+`/asked'; echo '{ "terraform_version": "1.11.4" }'`)
	r.must("scripts/bootstrap")
	r.must("scripts/bootstrap")
	asked, err := os.ReadFile(filepath.Join(r.root, "asked"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(asked), "\n"); n != 1 {
		t.Errorf("terraform was asked for its version %d times, want once", n)
	}
	r.program("bin/terraform", `echo '{ "terraform_version": "1.5.7" }'`)
	out, code := r.run("scripts/bootstrap")
	r.wantRefusal(out, code, "Terraform 1.11.0 or newer is missing", "bin/terraform is 1.5.7")
}

func TestBootstrapNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil func(r *repository)
		want  []string
	}{
		"no Go": {
			func(r *repository) { r.remove("bin/go") },
			[]string{"Go 1.26.6 or newer is missing", "https://go.dev/dl/go1.26.6"},
		},
		"a Go that is too old and cannot fetch a newer one": {
			func(r *repository) { r.program("bin/go", `echo "go version go1.19.8 linux/amd64"`) },
			[]string{"fetching that toolchain", "Go 1.26.6 or newer is needed", "could not be fetched", "https://go.dev/dl/go1.26.6"},
		},
		"no Terraform": {
			func(r *repository) { r.remove("bin/terraform") },
			[]string{"Terraform 1.11.0 or newer is missing", "https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"},
		},
		"a named mirror without the provider": {
			func(r *repository) { r.set("FINTRACK_PROVIDER_MIRROR", r.root+"/empty") },
			[]string{"FINTRACK_PROVIDER_MIRROR=", "/empty has no AWS provider 5.100.0", "terraform providers mirror"},
		},
		"a named Python without moto": {
			func(r *repository) { r.set("FINTRACK_PYTHON", r.program("bin/python", "exit 1")) },
			[]string{"FINTRACK_PYTHON=", "has no moto 5.2.1", "-m pip install 'moto[server]==5.2.1'"},
		},
		"no Python": {
			func(r *repository) { r.remove("bin/python3") },
			[]string{"Python 3.11 or newer is missing", "apt-get install -y python3 python3-venv"},
		},
		"a Python without venv, and no right to install one": {
			func(r *repository) {
				r.program("bin/python3", `case "$2" in *moto*|*ensurepip*) exit 1;; esac`)
				r.program("bin/id", "echo 1000")
			},
			[]string{"python3 has no venv", "sudo apt-get install -y python3-venv"},
		},
		"requirements that cannot be installed": {
			func(r *repository) {
				r.program("bin/python3", `case "$2" in *"import sys, moto"*) exit 1;; venv) mkdir -p "$3/bin"; printf '#!/bin/sh\necho no hash fits; exit 1\n' >"$3/bin/python"; chmod +x "$3/bin/python";; esac`)
			},
			[]string{"installing moto 5.2.1", "no hash fits", "could not be installed", "venv.log"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := complete(t)
			c.spoil(r)
			out, code := r.run("scripts/bootstrap")
			r.wantRefusal(out, code, c.want...)
		})
	}
}

func TestBootstrapInstallsVenvWhereItMay(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.program("bin/python3", `case "$2" in *moto*|*ensurepip*) exit 1;; esac`)
	r.program("bin/id", "echo 0")
	r.program("bin/apt-get", `echo "$*" >>'`+r.root+`/installed'`)
	out, code := r.run("scripts/bootstrap", "moto")
	r.wantRefusal(out, code, "apt-get install -y python3-venv", "could not be installed")
	b, err := os.ReadFile(filepath.Join(r.root, "installed"))
	if err != nil || !strings.Contains(string(b), "python3-venv") {
		t.Errorf("apt-get was asked for %q, %v", b, err)
	}
}

func TestBootstrapGetsWhatOneTargetNeeds(t *testing.T) {
	t.Parallel()
	for need, c := range map[string]struct{ missing, packages, program string }{
		"browser":    {"a browser is missing", "chromium fonts-dejavu-core", "chromium"},
		"jq":         {"jq is missing", "jq", "jq"},
		"curl":       {"curl is missing", "curl", "curl"},
		"redis":      {"redis-server is missing", "redis-server", "redis-server"},
		"shellcheck": {"shellcheck is missing", "shellcheck", "shellcheck"},
	} {
		t.Run(need, func(t *testing.T) {
			t.Parallel()
			r := complete(t)
			r.program("bin/id", "echo 1000")
			out, code := r.run("scripts/bootstrap", need)
			r.wantRefusal(out, code, c.missing, "sudo apt-get install -y "+c.packages)
			r.program("bin/id", "echo 0")
			r.program("bin/apt-get", `echo "$*" >>'`+r.root+`/installed'`)
			r.must("scripts/bootstrap", need)
			b, err := os.ReadFile(filepath.Join(r.root, "installed"))
			if err != nil || !strings.Contains(string(b), "install -y -qq "+c.packages) {
				t.Errorf("apt-get was asked for %q, %v", b, err)
			}
			r.program("bin/"+c.program, "exit 0")
			r.program("bin/apt-get", "exit 1")
			if out := r.must("scripts/bootstrap", need); out != "" {
				t.Errorf("nothing is missing, yet it says %q", out)
			}
		})
	}
}

func TestBootstrapFetchesTheToolchain(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.program("bin/go", `if [ "$GOTOOLCHAIN" = auto ]; then echo "go version go1.26.6 linux/amd64"; else echo "go.mod requires go >= 1.26.6" >&2; exit 1; fi`)
	r.must("scripts/bootstrap", "go")
	if !strings.Contains(r.settled(), "GOTOOLCHAIN=auto\n") {
		t.Errorf("the scripts are not told to use the fetched toolchain:\n%s", r.settled())
	}
	r.program("bin/go", `echo "go version go1.27.0 linux/amd64"`)
	r.must("scripts/bootstrap", "go")
	if strings.Contains(r.settled(), "GOTOOLCHAIN") {
		t.Errorf("a newer Go needs no other toolchain:\n%s", r.settled())
	}
}

func TestBootstrapNamesTheCacheThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.write("file", "")
	r.set("FINTRACK_CACHE", filepath.Join(r.root, "file", "cache"))
	out, code := r.run("scripts/bootstrap")
	r.wantRefusal(out, code, "cannot write to "+r.root+"/file/cache", "Not a directory", "set FINTRACK_CACHE")
}

func TestBootstrapNamesTheDiskThatIsFull(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.program("bin/df", `echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'; echo "disk 9000000 8999999 $(cat '`+r.root+`/free') 99% /"`)
	r.write("free", "2097000") // a little less than 2 GiB
	out, code := r.run("scripts/bootstrap")
	r.wantRefusal(out, code, r.root+"/.cache has 2047 MiB of free disk and needs 2048", "set FINTRACK_CACHE")
	r.write(".cache/fastclock/copy", "")
	if out := r.must("scripts/bootstrap"); out != "" {
		t.Errorf("what takes the room is there already, yet it says %q", out)
	}
	r.write("free", "1000")
	out, code = r.run("scripts/bootstrap")
	r.wantRefusal(out, code, "has 0 MiB of free disk and needs 256")
}

func TestBootstrapRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	r := complete(t)
	out, code := r.run("scripts/bootstrap", "docker")
	r.wantRefusal(out, code, "knows go, terraform, provider, moto, shellcheck, jq, curl, postgresql, redis and browser, not docker")
}

func (r *repository) remove(name string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.root, name)); err != nil {
		r.t.Fatal(err)
	}
}
