package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fintrack/platform/test/kit/sandbox"
)

// programs are what runs the control plane: one program with all of it, or one
// for each component.
type programs struct {
	all string
	// apart has a path for etcd and kube-apiserver, and for kube-controller-manager
	// and kube-scheduler where they are there.
	apart map[string]string
}

// controllers reports whether a controller manager is among them.
func (p programs) controllers() bool { return p.all != "" || p.apart["kube-controller-manager"] != "" }

// findPrograms returns those in KUBEBUILDER_ASSETS, or the one that
// scripts/build-tool builds, now if it was not built before.
func findPrograms(ctx context.Context, p sandbox.Paths) (programs, error) {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return programsIn(dir)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(p.Root, "scripts", "build-tool"), "controlplane")
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return programs{}, fmt.Errorf("build the control plane: %w:\n%s", err, strings.TrimSpace(said.String()))
	}
	return programs{all: strings.TrimSpace(string(out))}, nil
}

// programsIn returns the components' programs in a folder of KUBEBUILDER_ASSETS.
func programsIn(dir string) (programs, error) {
	p := programs{apart: map[string]string{}}
	var missing []string
	for _, c := range []struct {
		name     string
		required bool
	}{{"etcd", true}, {"kube-apiserver", true}, {"kube-controller-manager", false}, {"kube-scheduler", false}} {
		path := filepath.Join(dir, c.name)
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0:
			p.apart[c.name] = path
		case c.required:
			missing = append(missing, c.name)
		}
	}
	if missing != nil {
		return programs{}, errors.New("KUBEBUILDER_ASSETS=" + dir + " has no program " + strings.Join(missing, " and no ") + "; unset it to use the control plane that scripts/build-tool builds")
	}
	return p, nil
}
