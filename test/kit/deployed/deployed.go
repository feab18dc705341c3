// Package deployed keeps what evidence must know of a deployment beside its checks: the
// sensitive outputs, which no bundle may hold, and every resource that was applied, of
// which each must have been checked.
//
// A record is in a file that its owner alone reads, apart from the results, which are
// uploaded.
package deployed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptFor is how long a record stays: evidence is written within hours of its run.
const keptFor = 14 * 24 * time.Hour

// Record is what one run deployed, by suite. A suite that hides nothing and has no
// resource is there all the same, which tells it from one that was not asked.
type Record map[string]Facts

// Facts are those of one suite.
type Facts struct {
	// Sensitive are the texts inside outputs that Terraform marks as sensitive.
	Sensitive []string `json:"sensitive,omitempty"`
	// Resources are all that were planned and applied.
	Resources []Resource `json:"resources,omitempty"`
	// Values is the environment whose values the layer was applied with: dev, staging or
	// prod; empty for what has none.
	Values string `json:"values,omitempty"`
}

// Resource is one instance of a resource.
type Resource struct {
	// Address is the instance's, from the root module: module.a["x"].aws_b.c[0].
	Address string `json:"address"`
	// Declared is the block that it is an instance of: <folder>:<type>.<name>, the
	// folder from the top of the repository.
	Declared string `json:"declared"`
}

func file(dir, run string) string { return filepath.Join(dir, run+".json") }

// Write replaces the record of a run, and removes those that are too old.
func Write(dir, run string, r Record) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("record of the deployment: %w", err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("record of the deployment: %w", err)
	}
	next := file(dir, run) + ".new"
	err = os.WriteFile(next, text, 0o600)
	if err == nil {
		err = os.Rename(next, file(dir, run))
	}
	if err != nil {
		return fmt.Errorf("record of the deployment: %w", err)
	}
	return prune(dir, time.Now().Add(-keptFor))
}

func prune(dir string, before time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another run's prune may have been first
			return err
		}
	}
	return nil
}

// Suite is a suite of one run.
type Suite struct{ Run, Name string }

func (s Suite) String() string { return s.Name + " of run " + s.Run }

// Read returns the facts of the given suites, and the suites of which there is no
// record: nobody knows what those deployed.
func Read(dir string, suites []Suite) (facts map[Suite]Facts, missing []Suite, err error) {
	records, facts := map[string]Record{}, map[Suite]Facts{}
	for _, s := range suites {
		r, known := records[s.Run]
		if !known {
			if r, err = read(file(dir, s.Run)); err != nil {
				return nil, nil, err
			}
			records[s.Run] = r
		}
		if f, ok := r[s.Name]; ok {
			facts[s] = f
		} else {
			missing = append(missing, s)
		}
	}
	return facts, missing, nil
}

func read(name string) (Record, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r Record
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		// Not with what is in it: that may be a secret.
		return nil, fmt.Errorf("%s is no record of a deployment: remove it and run the suite again", name)
	}
	return r, nil
}

// Texts lists every text and number inside a value, as encoding/json decodes it. What is
// true, false, null or empty hides nothing.
func Texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	case json.Number:
		out = append(out, v.String())
	case float64:
		text, _ := json.Marshal(v)
		out = append(out, string(text))
	case []any:
		for _, x := range v {
			out = append(out, Texts(x)...)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, Texts(v[k])...)
		}
	}
	return out
}
