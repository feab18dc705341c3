package layers

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing in the layers that does not hold.
type Finding struct {
	Place   Place
	Problem string
}

func (f Finding) String() string { return f.Place.String() + ": " + f.Problem }

// Contract compares what layers read from each other with what they give: each
// output that is read must be there, and its value must be of a kind that can be
// used so. It also wants each layer to keep its state under its own name, locked,
// to read nothing that it does not use, and to say of exactly the layers it reads
// that it needs them (local.needs), where it says so.
func (p *Platform) Contract() []Finding {
	var found []Finding
	for _, name := range p.Names() {
		l := p.Layers[name]
		if want := name + "/terraform.tfstate"; l.Key != want {
			found = append(found, Finding{Place{File: name}, fmt.Sprintf("layer %s keeps its state under the key %q, not %q", name, l.Key, want)})
		}
		if !l.Locked {
			found = append(found, Finding{Place{File: name}, fmt.Sprintf("layer %s does not lock its state: set use_lockfile = true in its backend", name)})
		}
		if said := slices.Sorted(slices.Values(l.Needed)); l.Needed != nil && !slices.Equal(said, p.Needs(name)) {
			found = append(found, Finding{Place{File: name}, fmt.Sprintf("layer %s says in local.needs that it needs %s, and reads the states of %s", name, strings.Join(said, ", "), strings.Join(p.Needs(name), ", "))})
		}
		used := map[string]bool{}
		for _, r := range l.References {
			used[r.Layer] = true
			if f, ok := p.reference(name, r); !ok {
				found = append(found, f)
			}
		}
		for source, s := range l.States {
			if !used[s.Layer] {
				found = append(found, Finding{s.Place, fmt.Sprintf("layer %s reads the state of %s (data.terraform_remote_state.%s) and uses nothing of it", name, s.Layer, source)})
			}
		}
	}
	return found
}

func (p *Platform) reference(by string, r Reference) (Finding, bool) {
	from, ok := p.Layers[r.Layer]
	if !ok {
		return Finding{r.Place, fmt.Sprintf("layer %s reads the state of %q: there is no such layer", by, r.Layer)}, false
	}
	if r.Output == "" {
		return Finding{r.Place, fmt.Sprintf("layer %s takes all outputs of %s at once: name the ones it needs", by, r.Layer)}, false
	}
	o, ok := from.Outputs[r.Output]
	if !ok {
		return Finding{r.Place, fmt.Sprintf("layer %s reads the output %q of %s, which has no such output", by, r.Output, r.Layer)}, false
	}
	kind := KindOf(o.Value)
	if !kind.allows(r.Use) {
		return Finding{r.Place, fmt.Sprintf("layer %s uses the output %q of %s %s, and it is %s (%s)", by, r.Output, r.Layer, r.Use, kind, o.Place)}, false
	}
	return Finding{}, true
}
