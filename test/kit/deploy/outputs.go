package deploy

import (
	"cmp"
	"context"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/deployed"
	tfjson "github.com/hashicorp/terraform-json"
)

// output is one output of an applied configuration.
type output struct {
	Value     any
	Sensitive bool
}

// read reads the outputs of what is applied, and records what evidence must know: the
// sensitive ones, and the resources that were planned.
func (l *life) read(ctx context.Context) error {
	found, err := l.outputs(ctx)
	if err != nil {
		return err
	}
	values := make(map[string]any, len(found))
	var facts deployed.Facts
	if l.Stack != nil {
		facts.Values = l.Stack.spec.Environment
	}
	for name, o := range found {
		values[name] = o.Value
		if o.Sensitive {
			facts.Sensitive = append(facts.Sensitive, deployed.Texts(o.Value)...)
		}
	}
	l.Outputs = values
	if l.Plan != nil {
		facts.Resources = Applied(l.Plan, l.path)
	}
	return l.h.record(l.spec.Suite, facts)
}

// Applied lists every managed resource that exists once the plan of the root module in
// a folder is applied, sorted by address, each with the block that declares it.
func Applied(plan *tfjson.Plan, root string) (out []deployed.Resource) {
	for _, rc := range plan.ResourceChanges {
		if rc.Mode != tfjson.ManagedResourceMode || rc.Change == nil || rc.Change.Actions.Delete() {
			continue
		}
		folder := root
		if plan.Config != nil {
			folder = folderOf(plan.Config.RootModule, root, rc.ModuleAddress)
		}
		out = append(out, deployed.Resource{Address: rc.Address, Declared: folder + ":" + rc.Type + "." + rc.Name})
	}
	slices.SortFunc(out, func(a, b deployed.Resource) int { return strings.Compare(a.Address, b.Address) })
	return out
}

// called is one step of a module's address: module.name, with or without a key.
var called = regexp.MustCompile(`module\.([A-Za-z0-9_-]+)(?:\["(?:[^"\\]|\\.)*"\]|\[\d+\])?\.?`)

// folderOf is the folder of the module with an address, by the sources of the calls.
func folderOf(m *tfjson.ConfigModule, root, address string) string {
	folder := root
	for _, step := range called.FindAllStringSubmatch(address, -1) {
		if m == nil || m.ModuleCalls[step[1]] == nil {
			return "unknown"
		}
		call := m.ModuleCalls[step[1]]
		folder, m = path.Join(folder, call.Source), call.Module
	}
	return folder
}

// record adds to what is known of a suite. A suite of which nothing is known yet is
// recorded, too: evidence of one that is not is refused.
func (h *harness) record(suite string, facts deployed.Facts) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deployed == nil {
		h.deployed = deployed.Record{}
	}
	all := h.deployed[suite]
	all.Values = cmp.Or(facts.Values, all.Values)
	all.Sensitive = append(slices.Clone(all.Sensitive), facts.Sensitive...)
	slices.Sort(all.Sensitive)
	all.Sensitive = slices.Compact(all.Sensitive)
	known := map[string]deployed.Resource{}
	for _, r := range append(slices.Clone(all.Resources), facts.Resources...) {
		known[r.Address] = r
	}
	all.Resources = nil
	for _, a := range slices.Sorted(maps.Keys(known)) {
		all.Resources = append(all.Resources, known[a])
	}
	h.deployed[suite] = all
	return deployed.Write(h.run.Paths.Deployed(), h.run.ID, h.deployed)
}
