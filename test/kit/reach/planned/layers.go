package planned

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Layer is the plan of one root module.
type Layer struct {
	// Name is what other layers' plans call it: the folder that its state is kept in.
	// It may be empty where there is one layer.
	Name string
	// Plan is what terraform show -json prints of it.
	Plan []byte
	// Sources hold the configuration that was planned, Dir is the root module's folder
	// in them. Without them dynamic blocks and local values are refused.
	Sources fs.FS
	Dir     string
}

// layer is one while it is read.
type layer struct {
	name, prefix string
	root         *scope
	sources      *tree
	variables    map[string]struct{ Value any }
	later        map[string]map[string]any // by address
	states       map[string]state          // by the module's address and the name
}

// state is what a layer read of another one's state.
type state struct {
	layer   string
	outputs map[string]any
}

// take reads a layer's plan.
func (r *reader) take(given Layer) error {
	var p plan
	what := "the plan"
	if given.Name != "" {
		what = "the plan of " + given.Name
	}
	if err := json.Unmarshal(given.Plan, &p); err != nil {
		return fmt.Errorf("%s: want what terraform show -json prints: %w", what, err)
	}
	if major, _, _ := strings.Cut(p.FormatVersion, "."); major != "1" {
		return fmt.Errorf("%s has format version %q: want 1.x", what, p.FormatVersion)
	}
	l := &layer{name: given.Name, variables: p.Variables, later: map[string]map[string]any{}, states: map[string]state{}}
	if given.Name != "" {
		l.prefix = given.Name + "/"
	}
	if slices.ContainsFunc(r.layers, func(o *layer) bool { return o.name == l.name }) {
		return fmt.Errorf("%s is given twice", what)
	}
	for _, c := range p.Changes {
		l.later[c.Address], _ = c.Change.Unknown.(map[string]any)
	}
	l.readStates(p.Prior.Values.Root)
	l.root = &scope{conf: &p.Configuration.Root, layer: l}
	if given.Sources != nil {
		l.sources = &tree{files: given.Sources, folders: map[string]*folder{}}
		l.root.folder = r.folder(l, given.Dir)
	}
	r.layers = append(r.layers, l)
	r.gather(p.Planned.Root, l.root)
	return nil
}

// readStates finds the states of other layers that were read for a plan.
func (l *layer) readStates(m module) {
	for _, x := range m.Resources {
		if x.Mode != "data" || x.Type != "terraform_remote_state" {
			continue
		}
		config, _ := x.Values["config"].(map[string]any)
		key, _ := config["key"].(string)
		outputs, _ := x.Values["outputs"].(map[string]any)
		l.states[m.Address+" "+x.Name] = state{layer: path.Dir(key), outputs: outputs}
	}
	for _, c := range m.Children {
		l.readStates(c)
	}
}

// pool are ids of which no plan says which one is which resource, only that these are
// those.
type pool struct {
	ids   []string
	nodes []*node
}

// kinds are types of resources by how their ids begin.
var (
	kinds = map[string][]string{
		"vpc": {"aws_vpc"}, "subnet": {"aws_subnet"}, "sg": {"aws_security_group", "aws_default_security_group"}, "rtb": {"aws_route_table"},
		"acl": {"aws_network_acl"}, "igw": {"aws_internet_gateway"}, "nat": {"aws_nat_gateway"}, "tgw": {"aws_ec2_transit_gateway"},
	}
	identity = regexp.MustCompile(`^([a-z]+)-[0-9a-f]{8,}$`)
)

// learn finds out what the ids are that a layer read of the state of another one,
// whose plan need not know them: an output that is made of so many resources as it
// has ids is made of those.
func (r *reader) learn() {
	for _, l := range r.layers {
		for _, at := range slices.Sorted(maps.Keys(l.states)) {
			from := r.layer(l.states[at].layer)
			if from == nil {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(l.states[at].outputs)) {
				r.match(from, name, l.states[at].outputs[name])
			}
		}
	}
}

func (r *reader) layer(name string) *layer {
	i := slices.IndexFunc(r.layers, func(l *layer) bool { return l.name == name && name != "" })
	if i < 0 {
		return nil
	}
	return r.layers[i]
}

// match finds the resources of a layer that an output's value names by their ids.
func (r *reader) match(l *layer, output string, value any) {
	var ids []string
	var want []string
	for _, s := range texts(value) {
		m := identity.FindStringSubmatch(s)
		if m == nil || kinds[m[1]] == nil || want != nil && !slices.Equal(want, kinds[m[1]]) {
			return // no ids, or of several kinds
		}
		want, ids = kinds[m[1]], append(ids, s)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	f := follower{r: r, want: want, strict: true}
	f.follow(l.root, nil, references(l.root.conf.Outputs[output].Expression), 0)
	slices.SortFunc(f.found, byAddress)
	nodes := slices.Compact(f.found)
	if len(ids) == 0 || len(f.lost) > 0 || len(nodes) != len(ids) {
		return
	}
	known := 0
	for _, n := range nodes {
		if id := n.text("id"); id != "" {
			known++
			if !slices.Contains(ids, id) {
				r.bad("%s: it is %s, and another layer read of the output %s that it is one of %s: make all plans of the same states", n.Address, id, output, strings.Join(ids, ", "))
			}
		}
	}
	if known == len(nodes) {
		return
	}
	byKey, keyed := value.(map[string]any)
	switch {
	case len(ids) == 1:
		r.call(ids[0], nodes[0])
	case keyed && r.byKey(byKey, nodes):
	default:
		r.pools = append(r.pools, pool{ids, nodes})
	}
}

// byKey takes the keys of an output for the indexes of the resources, when they are.
func (r *reader) byKey(ids map[string]any, nodes []*node) bool {
	found := map[string]*node{}
	for _, n := range nodes {
		key, _ := n.Index.(string)
		found[key] = n
	}
	for key, id := range ids {
		if s, ok := id.(string); !ok || s == "" || found[key] == nil {
			return false
		}
	}
	if len(found) != len(ids) || len(nodes) != len(ids) {
		return false
	}
	for key, id := range ids {
		r.call(id.(string), found[key])
	}
	return true
}

// call gives a resource the id that another layer read of it.
func (r *reader) call(id string, n *node) {
	if old := r.byID[id]; old != nil && old != n {
		r.bad("%s: the plans say that it is %s, and that %s is: make all plans of the same states", id, old.Address, n.Address)
		return
	}
	r.byID[id] = n
}

// among are the resources of a pool whose ids are all named, the given one among
// them.
func (r *reader) among(id string, ids []string) []*node {
	for _, p := range r.pools {
		if slices.Contains(p.ids, id) && !slices.ContainsFunc(p.ids, func(o string) bool { return !slices.Contains(ids, o) }) {
			return p.nodes
		}
	}
	return nil
}

// texts are all texts in a value.
func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, x := range v {
			out = append(out, texts(x)...)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, texts(v[k])...)
		}
	}
	return out
}

// state follows a reference to another layer's output, in its plan where that is
// given, otherwise by the value that was read.
func (f *follower) state(s *scope, ref string, depth int) {
	m := outputs.FindStringSubmatch(ref)
	if m == nil {
		f.lose(ref)
		return
	}
	read, ok := s.layer.states[s.path+" "+m[1]]
	value, known := read.outputs[m[2]]
	switch {
	case !ok || !known:
		f.lose(ref)
	case !f.mentions(value):
		// Whatever it is, it names nothing of what is wanted.
	case f.r.layer(read.layer) != nil:
		from := f.r.layer(read.layer)
		refs := references(from.root.conf.Outputs[m[2]].Expression)
		if len(refs) == 0 {
			f.lose(ref)
		}
		f.follow(from.root, nil, refs, depth+1)
	default:
		f.value(ref, value)
	}
}

var outputs = regexp.MustCompile(`^data\.terraform_remote_state\.([A-Za-z0-9_-]+)\.outputs\.([A-Za-z0-9_-]+)`)

// mentions says that a value has the id of something that is wanted in it, anywhere.
func (f *follower) mentions(value any) bool {
	for _, s := range texts(value) {
		for start, types := range kinds {
			if strings.Contains(s, start+"-") && slices.ContainsFunc(types, func(t string) bool { return slices.Contains(f.want, t) }) {
				return true
			}
		}
	}
	return false
}

// value takes what a known value names.
func (f *follower) value(ref string, value any) {
	if !f.mentions(value) {
		return
	}
	all := texts(value)
	for _, s := range all {
		if to, ok := f.r.byID[s]; ok && slices.Contains(f.want, to.Type) {
			f.found = append(f.found, to)
		} else if list := f.r.among(s, all); len(list) > 0 && slices.Contains(f.want, list[0].Type) {
			f.found = append(f.found, list...)
		} else if f.mentions(s) {
			f.lose(ref)
		}
	}
}
