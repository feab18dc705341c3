package evidence

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/shard"
)

// ErrParts marks bundles that are not the parts of one run.
var ErrParts = errors.New("these are not the parts of one run")

// Merge puts the parts of a run together: all of 1/n to n/n, each once, of the same
// commit, trees, tools and controls, no check of one step in two of them. What it returns
// is built and judged as one run.
func Merge(parts []*Bundle) (Inputs, error) {
	if len(parts) == 0 {
		return Inputs{}, fmt.Errorf("%w: none was given", ErrParts)
	}
	first := parts[0]
	errs := append(places(parts), overlaps(parts)...)
	in := Inputs{Commit: first.Run.Commit, Series: first.Run.Series, Controls: first.Files[ControlsFile], Trees: first.Run.Trees, Artefacts: map[string]Artefact{}}
	tools := map[string]Tool{}
	for _, p := range parts {
		errs = append(errs, sameRun(first, p)...)
		in.Modified = in.Modified || p.Run.Modified
		in.Results = append(in.Results, p.Results...)
		in.Flaky = append(in.Flaky, p.Run.Flaky...)
		for run, step := range p.Run.Steps {
			if in.Steps == nil {
				in.Steps = map[string]string{}
			}
			in.Steps[run] = step
		}
		for _, t := range p.Run.Tools {
			if x, ok := tools[t.Name]; ok && x != t {
				errs = append(errs, fmt.Errorf("part %s used %s %s (%s), another part %s (%s)", p.Run.Shard, t.Name, t.Version, t.SHA256, x.Version, x.SHA256))
			}
			tools[t.Name] = t
		}
		for kind, a := range p.artefacts() {
			if _, twice := in.Artefacts[kind]; twice {
				errs = append(errs, fmt.Errorf("two parts bring the artefact %s", kind))
			}
			in.Artefacts[kind] = a
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tools)) {
		in.Tools = append(in.Tools, tools[name])
	}
	resources, err := joinResources(parts)
	in.Resources, errs = resources, append(errs, err...)
	if len(errs) > 0 {
		return Inputs{}, fmt.Errorf("%w:\n%w", ErrParts, errors.Join(errs...))
	}
	return in, nil
}

// places reports parts that are missing, that stand twice, or that are of another
// division.
func places(parts []*Bundle) (errs []error) {
	_, n, err := shard.Parse(parts[0].Run.Shard)
	if err != nil {
		return []error{fmt.Errorf("%s is a whole run, not a part", parts[0].Run.ID)}
	}
	have := map[int]int{}
	for _, p := range parts {
		k, of, err := shard.Parse(p.Run.Shard)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s is a whole run, not a part", p.Run.ID))
		case of != n:
			errs = append(errs, fmt.Errorf("%s is part %s, and others are of %d", p.Run.ID, p.Run.Shard, n))
		default:
			have[k]++
		}
	}
	for k := 1; k <= n; k++ {
		switch {
		case have[k] == 0:
			errs = append(errs, fmt.Errorf("part %d/%d is missing", k, n))
		case have[k] > 1:
			errs = append(errs, fmt.Errorf("part %d/%d is there %d times", k, n, have[k]))
		}
	}
	return errs
}

// overlaps reports what two parts have both made. Steps that apply the same layers each
// make the checks of their life, as that nothing drifts: the step tells them apart.
func overlaps(parts []*Bundle) (errs []error) {
	from := map[string]string{}
	for _, p := range parts {
		for _, r := range p.Results {
			k := p.Run.Steps[r.Run] + " " + key(r)
			if other, ok := from[k]; ok && other != p.Run.Shard {
				errs = append(errs, fmt.Errorf("the check %s of %s is in part %s and in part %s", r.ID, r.Suite, other, p.Run.Shard))
			}
			from[k] = p.Run.Shard
		}
	}
	return errs
}

func sameRun(a, b *Bundle) (errs []error) {
	if a.Run.Commit != b.Run.Commit {
		errs = append(errs, fmt.Errorf("part %s is of commit %s, part %s of %s", a.Run.Shard, a.Run.Commit, b.Run.Shard, b.Run.Commit))
	}
	if a.Run.Series != b.Run.Series {
		errs = append(errs, fmt.Errorf("part %s is of the series %q, part %s of %q", a.Run.Shard, a.Run.Series, b.Run.Shard, b.Run.Series))
	}
	if !slices.Equal(a.Run.Trees, b.Run.Trees) {
		errs = append(errs, fmt.Errorf("parts %s and %s stand on different trees", a.Run.Shard, b.Run.Shard))
	}
	if digest(a.Files[ControlsFile]) != digest(b.Files[ControlsFile]) {
		errs = append(errs, fmt.Errorf("parts %s and %s have different %s", a.Run.Shard, b.Run.Shard, ControlsFile))
	}
	return errs
}

// joinResources takes the declared resources, which all parts must have alike, and gives
// each the instances that any of the parts applied.
func joinResources(parts []*Bundle) (out []Resource, errs []error) {
	for i, p := range parts {
		var rs []Resource
		if err := strictly(p.Files, ResourcesFile, &rs); err != nil {
			return nil, []error{err}
		}
		if i == 0 {
			out = rs
			continue
		}
		if !slices.EqualFunc(out, rs, Resource.sameDeclaration) {
			errs = append(errs, fmt.Errorf("parts %s and %s have different %s", parts[0].Run.Shard, p.Run.Shard, ResourcesFile))
			continue
		}
		for j := range rs {
			for _, i := range rs[j].Instances {
				out[j].Instances = withInstance(out[j].Instances, i)
			}
		}
	}
	return out, errs
}

func (r Resource) sameDeclaration(x Resource) bool {
	r.Instances, x.Instances = nil, nil
	return reflect.DeepEqual(r, x)
}

// artefacts returns what was handed in to the bundle, by kind.
func (b *Bundle) artefacts() map[string]Artefact {
	out := map[string]Artefact{}
	for name, data := range b.Files {
		for _, k := range ArtefactKinds {
			if ext, ok := strings.CutPrefix(name, Artefacts+k.Kind+"."); ok {
				out[k.Kind] = Artefact{Name: k.Kind + "." + ext, Data: data}
			}
		}
	}
	return out
}
