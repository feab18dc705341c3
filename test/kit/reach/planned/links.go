package planned

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// one is the thing that an attribute names. Anything but exactly one is refused.
func (r *reader) one(n *node, attr string, want ...string) (*node, bool) {
	found := r.link(n, attr, want...)
	switch len(found) {
	case 1:
		return found[0], true
	case 0:
		r.bad("%s: the plan does not say which %s its %s is", n.Address, strings.Join(want, " or "), attr)
	default:
		r.bad("%s: the plan does not say which of %s its %s is", n.Address, addresses(found), attr)
	}
	return nil, false
}

// every is all that an attribute names, at least one.
func (r *reader) every(n *node, attr string, want ...string) []*node {
	found := r.link(n, attr, want...)
	if len(found) == 0 {
		r.bad("%s: the plan does not say which %s its %s are", n.Address, strings.Join(want, " or "), attr)
	}
	return found
}

func addresses(list []*node) string {
	var out []string
	for _, n := range list {
		out = append(out, n.Address)
	}
	return strings.Join(out, ", ")
}

// has says whether an attribute is given, now or after the apply.
func (n *node) has(attr string) bool {
	if v, known := n.Values[attr]; known {
		return v != nil && v != ""
	}
	return len(references(n.item.Expressions[attr])) > 0
}

// link are the instances that an attribute may name: by its ids where the plan knows
// them, otherwise by what its expression refers to.
func (r *reader) link(n *node, attr string, want ...string) []*node {
	return r.lead(follower{r: r, want: want}, n, attr)
}

// sure are the same, with nothing left out: where a part of the expression leads to
// something that the plan does not say, the plan is refused. A security group that
// was overlooked would be a path that nobody sees.
func (r *reader) sure(n *node, attr string, want ...string) []*node {
	return r.lead(follower{r: r, want: want, strict: true}, n, attr)
}

// ids are those that an attribute holds; none, when only an apply will tell them.
func (n *node) ids(attr string) []string {
	var out []string
	switch v := n.Values[attr].(type) {
	case string:
		out = []string{v}
	case []any:
		for _, x := range v {
			s, _ := x.(string)
			out = append(out, s)
		}
	}
	if !slices.ContainsFunc(out, func(s string) bool { return s != "" }) {
		return nil
	}
	return out
}

func (r *reader) lead(f follower, n *node, attr string) []*node {
	ids, want := n.ids(attr), f.want
	if len(ids) == 0 {
		if n.hidden != nil {
			r.errs = append(r.errs, n.hidden)
			return nil
		}
		f.follow(n.scope, n, append(references(n.item.Expressions[attr]), n.literals(attr)...), 0)
		if f.strict && len(f.lost) > 0 {
			r.bad("%s: its %s is made of %s too, and the plan does not say which %s that is", n.Address, attr, strings.Join(f.lost, ", "), strings.Join(want, " or "))
			return nil
		}
		slices.SortFunc(f.found, byAddress)
		return slices.Compact(f.found)
	}
	var out []*node
	for _, id := range ids {
		to, ok := r.byID[id]
		if list := r.among(id, ids); !ok && len(list) > 0 && slices.Contains(want, list[0].Type) {
			out = append(out, list...)
			continue
		}
		if !ok || !slices.Contains(want, to.Type) {
			r.bad("%s: its %s is %s, which is none of the plan's %s", n.Address, attr, id, strings.Join(want, " or "))
			continue
		}
		out = append(out, to)
	}
	slices.SortFunc(out, byAddress)
	return slices.Compact(out)
}

// follower gathers the instances of the wanted types that references lead to.
type follower struct {
	r     *reader
	want  []string
	found []*node
	// strict asks for everything: lost is what leads to nothing that is known, and a
	// for_each is followed too.
	strict bool
	lost   []string
	// seen are the steps that were taken: a second time they lead to nothing new, and
	// in a circle to no end.
	seen map[step]bool
}

// step is one from an expression of a scope, or of a node's attribute.
type step struct {
	s    *scope
	n    *node
	what string
}

// again says that a step was taken before.
func (f *follower) again(s *scope, n *node, what string) bool {
	if f.seen == nil {
		f.seen = map[step]bool{}
	}
	before := f.seen[step{s, n, what}]
	f.seen[step{s, n, what}] = true
	return before
}

// reference is one to a resource: its type and name, an index, and an attribute.
var reference = regexp.MustCompile(`^(aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)(?:\[("[^"]*"|\d+)\])?(?:\.([a-z0-9_]+))?`)

// deepest bounds the references that are followed one after another.
const deepest = 20

// follow follows what an expression of n in s refers to; n is nil for one that is
// not a resource's.
func (f *follower) follow(s *scope, n *node, refs []string, depth int) {
	if depth > deepest {
		f.lose(strings.Join(refs, ", "))
		return
	}
	for _, ref := range refs {
		if slices.ContainsFunc(refs, func(o string) bool { return strings.HasPrefix(o, ref+".") || strings.HasPrefix(o, ref+"[") }) {
			continue // the longer one says more
		}
		head, rest, _ := strings.Cut(ref, ".")
		if (head == "var" || head == "local" || head == "module" || head == "data") && f.again(s, n, ref) {
			continue
		}
		switch {
		case head == "each" && n != nil && strings.HasPrefix(rest, "value"):
			f.eachValue(s, n, strings.TrimPrefix(strings.TrimPrefix(rest, "value"), "."), depth)
		case ref == "each.key" || ref == "count.index":
		case head == "var" && s.parent != nil:
			if given := s.given(rest); len(given) > 0 {
				f.follow(s.parent, nil, given, depth+1)
			} else if !empty(s.call.Expressions[plain(rest)]) {
				f.lose(ref) // a literal, or the variable's default
			}
		case head == "var":
			if given, ok := s.layer.variables[plain(rest)]; ok {
				f.value(ref, given.Value)
			} else {
				f.lose(ref)
			}
		case head == "local":
			if refs, ok := s.local(rest); ok {
				f.follow(s, n, refs, depth+1)
			} else {
				f.lose(ref)
			}
		case head == "module":
			f.output(s, ref, depth)
		case strings.HasPrefix(ref, "data.terraform_remote_state."):
			f.state(s, ref, depth)
		case strings.HasPrefix(ref, `"`):
			f.value(ref, strings.Trim(ref, `"`))
		default:
			m := reference.FindStringSubmatch(ref)
			if m == nil {
				f.lose(ref)
				continue
			}
			f.resource(ref, f.instances(s, n, refs, m[1], m[2]), m[3], depth)
		}
	}
}

// output follows an output of a module that s calls, or of each of its instances.
func (f *follower) output(s *scope, ref string, depth int) {
	at := called.FindStringSubmatch(ref)
	if at == nil {
		f.lose(ref)
		return
	}
	name := plain(strings.TrimPrefix(ref[len(at[0]):], "."))
	found := false
	for _, inner := range s.children[at[1]] {
		refs := references(inner.conf.Outputs[name].Expression)
		if at[2] != "" && !strings.HasSuffix(inner.path, at[1]+at[2]) || len(refs) == 0 {
			continue
		}
		found = true
		f.follow(inner, nil, refs, depth+1)
	}
	if !found {
		f.lose(ref)
	}
}

// lose notes a reference that leads nowhere.
func (f *follower) lose(ref string) {
	if !slices.Contains(f.lost, ref) {
		f.lost = append(f.lost, ref)
	}
}

// instances are those of a resource that an expression may mean: the one with the
// index it names; the one with n's own key, where nothing but the key is referred to
// beside it; otherwise all.
func (f *follower) instances(s *scope, n *node, refs []string, name, index string) []*node {
	all := s.byName[name]
	key := func(x *node) string { b, _ := json.Marshal(x.Index); return string(b) }
	own := n != nil && (slices.Contains(refs, "each.key") || slices.Contains(refs, "count.index")) && !slices.ContainsFunc(refs, func(o string) bool {
		head, _, _ := strings.Cut(o, ".")
		return head == "local" || head == "var" || head == "data" || head == "module" || strings.HasPrefix(o, "each.value")
	})
	if index == "" && !own {
		return all
	}
	if index == "" {
		index = key(n)
	}
	var out []*node
	for _, x := range all {
		if key(x) == index {
			out = append(out, x)
		}
	}
	return out
}

// eachValue is an instance's own value of a for_each over a resource, which has the
// same key. Of any other map the values of all instances are found, when all are
// asked for.
func (f *follower) eachValue(s *scope, n *node, attr string, depth int) {
	for _, ref := range references(n.item.ForEach) {
		m := reference.FindStringSubmatch(ref)
		switch {
		case m != nil && m[0] == m[1]:
			f.resource(ref, f.instances(s, n, []string{"each.key"}, m[1], ""), attr, depth)
		case f.strict:
			f.follow(s, nil, references(n.item.ForEach), depth+1)
			return
		}
	}
}

// resource takes instances of a wanted type, or goes on by their attribute.
func (f *follower) resource(ref string, list []*node, attr string, depth int) {
	for _, x := range list {
		own := f.r.clusterGroup[x]
		switch {
		case slices.Contains(f.want, x.Type):
			if attr == "" || attr == "id" {
				f.found = append(f.found, x)
			} else {
				f.lose(ref)
			}
		case own != nil && strings.HasSuffix(ref, ".cluster_security_group_id") && slices.Contains(f.want, own.Type):
			f.found = append(f.found, own)
		case attr == "":
			f.lose(ref)
		case x.text(attr) != "":
			if to, ok := f.r.byID[x.text(attr)]; ok && slices.Contains(f.want, to.Type) {
				f.found = append(f.found, to)
			} else {
				f.lose(ref)
			}
		case f.strict && len(references(x.item.Expressions[attr])) == 0:
			f.lose(ref)
		case !f.again(nil, x, attr):
			f.follow(x.scope, x, references(x.item.Expressions[attr]), depth+1)
		}
	}
}

// number is a whole number of the plan.
func (n *node) number(attr string) (int, error) {
	v, ok := n.Values[attr].(float64)
	if !ok || v != float64(int(v)) {
		return 0, fmt.Errorf("%s: its %s is not known before an apply, or no whole number", n.Address, attr)
	}
	return int(v), nil
}

func byAddress(a, b *node) int { return strings.Compare(a.Address, b.Address) }

// expressions are those of the blocks of one name.
func expressions(raw json.RawMessage) []map[string]json.RawMessage {
	var out []map[string]json.RawMessage
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// plain is the name in front of an index or an attribute.
func plain(rest string) string {
	if i := strings.IndexAny(rest, ".["); i >= 0 {
		return rest[:i]
	}
	return rest
}

// empty says that an expression is a literal that holds nothing.
func empty(raw json.RawMessage) bool {
	var e struct {
		Value json.RawMessage `json:"constant_value"`
	}
	return json.Unmarshal(raw, &e) == nil && slices.Contains([]string{"null", "[]", "{}", `""`}, string(e.Value))
}
