package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/yaml"
)

// Exception lets one resource break one rule, for a reason and for a time.
type Exception struct {
	Rule    string `json:"rule"`
	Module  string `json:"module"` // module, or module/example
	Address string `json:"address"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"` // the last day, YYYY-MM-DD
}

// Exceptions are agreed exceptions, and which of them were needed.
type Exceptions struct {
	list []Exception
	used map[int]bool
}

// ReadExceptions reads the file of exceptions. One that lacks a field, names no
// known rule, or has expired on the given day is an error.
func ReadExceptions(text []byte, rules []string, today time.Time) (*Exceptions, error) {
	var file struct {
		Exceptions []Exception `json:"exceptions"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	var errs []error
	for i, e := range file.Exceptions {
		where := fmt.Sprintf("exception %d (%s of %s)", i+1, e.Rule, e.Address)
		if e.Rule == "" || e.Module == "" || e.Address == "" || e.Reason == "" {
			errs = append(errs, fmt.Errorf("%s: rule, module, address and reason must all be given", where))
		}
		if e.Rule != "" && !slices.Contains(rules, e.Rule) {
			errs = append(errs, fmt.Errorf("%s: there is no such rule", where))
		}
		last, err := time.Parse(time.DateOnly, e.Expires)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: expires must be a day, such as 2027-11-30", where))
		case today.After(last.AddDate(0, 0, 1)):
			errs = append(errs, fmt.Errorf("%s: expired on %s: mend the resource, or agree on it anew", where, e.Expires))
		}
	}
	return &Exceptions{list: file.Exceptions, used: map[int]bool{}}, errors.Join(errs...)
}

// Apply takes away what is excepted in an example of a module.
func (x *Exceptions) Apply(module, example string, found []Violation) []Violation {
	return slices.DeleteFunc(slices.Clone(found), func(v Violation) bool {
		for i, e := range x.list {
			if e.Rule == v.Rule && e.Address == v.Address && (e.Module == module || e.Module == module+"/"+example) {
				x.used[i] = true
				return true
			}
		}
		return false
	})
}

// Unused are the exceptions that nothing needed.
func (x *Exceptions) Unused() []Exception {
	var out []Exception
	for i, e := range x.list {
		if !x.used[i] {
			out = append(out, e)
		}
	}
	return out
}
