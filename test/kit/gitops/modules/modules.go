// Package modules finds the folders of pinned Go modules, from which the CRDs and
// charts of add-ons are read as their projects publish them.
package modules

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"sigs.k8s.io/yaml"
)

// Pin is a module at a version, with the hash of its content as in a go.sum file.
type Pin struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
	// CRDs are patterns of files in it.
	CRDs []string `json:"crds,omitempty"`
	// Chart is a chart in it.
	Chart *Chart `json:"chart,omitempty"`
}

// Chart is a chart that a module holds.
type Chart struct {
	Repository string `json:"repository"`
	Name       string `json:"name"`
	Path       string `json:"path"`
	// Version is the one that an Application names.
	Version string `json:"version"`
	// Declares is the version in its Chart.yaml, which some projects raise only after
	// they have tagged the release.
	Declares string `json:"declares"`
}

// Read reads the pins: a YAML list.
func Read(file string) ([]Pin, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var pins []Pin
	if err := yaml.UnmarshalStrict(b, &pins); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, p := range pins {
		if p.Module == "" || p.Version == "" || p.Sum == "" {
			return nil, fmt.Errorf("%s: entry %d (%s): module, version and sum must all be given", file, i+1, p.Module)
		}
	}
	return pins, nil
}

// Find returns the folder of each module. What is not in Go's module cache is fetched
// by the go command; content whose hash is another than the pin's is an error.
func Find(ctx context.Context, pins []Pin) (map[string]string, error) {
	args := []string{"mod", "download", "-json"}
	want := map[string]Pin{}
	for _, p := range pins {
		args = append(args, p.Module+"@"+p.Version)
		want[p.Module] = p
	}
	empty, err := os.MkdirTemp("", "pins")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(empty)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = empty, append(os.Environ(), "GOFLAGS=-mod=mod", "GO111MODULE=on", "GOWORK=off")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, runErr := cmd.Output()
	dirs := map[string]string{}
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var m struct{ Path, Version, Dir, Sum, Error string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go mod download says: %w", err)
		}
		switch p := want[m.Path]; {
		case m.Error != "":
			return nil, fmt.Errorf("get %s %s: %s", p.Module, p.Version, m.Error)
		case m.Sum != p.Sum:
			return nil, fmt.Errorf("%s %s has the hash %s, pinned is %s: look at what changed before the pin is changed", p.Module, p.Version, m.Sum, p.Sum)
		}
		dirs[m.Path] = m.Dir
	}
	for _, p := range pins {
		if dirs[p.Module] == "" {
			return nil, fmt.Errorf("get %s %s: %w: %s", p.Module, p.Version, runErr, strings.TrimSpace(said.String()))
		}
	}
	return dirs, nil
}
