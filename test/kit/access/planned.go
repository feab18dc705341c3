package access

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
	tfjson "github.com/hashicorp/terraform-json"
)

// Changes says what each role gains (+) and loses (-) by the plan, and who takes it.
func (p *Planned) Changes() []string {
	old, now := map[string][]string{}, map[string][]string{}
	names := map[string]bool{}
	for _, i := range p.Before {
		old[i.Name()], names[i.Name()] = held(i), true
	}
	for _, i := range p.After {
		now[i.Name()], names[i.Name()] = held(i), true
	}
	return changes(slices.Sorted(maps.Keys(names)), old, now)
}

// held is everything that a role is given, one line for each action on each resource.
func held(i *iam.Identity) []string {
	out := lines(i.Trust, "is taken by ")
	for _, policy := range i.Policies {
		if ofAWS(policy) {
			out = append(out, "AWS's policy "+policy.Name)
		}
		out = append(out, lines(policy, "")...)
	}
	if i.Boundary == nil {
		out = append(out, "no boundary")
	} else {
		out = append(out, "boundary "+i.Boundary.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Judge holds the roles that a plan of one layer would leave against the intent, both
// ways. later names what is not proven, since it is known after the apply alone; a role
// of which something is later is judged by the rest, and what it lacks is not reported.
func (p *Planned) Judge(in *Intent, f Facts, known *iam.Catalogue, layer string) (found []Finding, later []string) {
	later = slices.Clone(p.Later)
	var declared []Declared
	unclear, nameless := map[string]bool{}, false
	for _, name := range slices.Sorted(maps.Keys(in.Roles)) {
		if in.Roles[name].Layer != layer {
			continue
		}
		one := *in
		one.Roles = map[string]Role{name: in.Roles[name]}
		d, err := one.Resolve(f)
		if err != nil {
			later = append(later, err.Error())
			called, err := in.called(f, name)
			unclear[called], nameless = true, nameless || err != nil
			continue
		}
		declared = append(declared, d...)
	}
	account := &iam.Account{ID: f.Account, Identities: p.After, Delegates: true}
	for _, finding := range Unknowns(declared, account) {
		switch {
		case unclear[finding.Role]:
		case nameless && finding.Kind == Unknown: // it may be the one whose name is not known
			later = append(later, finding.Role+": whether it is declared is known after the apply")
		default:
			found = append(found, finding)
		}
	}
	for _, d := range declared {
		i, err := account.Find(d.ARN)
		if err != nil {
			continue // reported as absent
		}
		for _, finding := range Compare(d, i, account, known, Base()) {
			if !(finding.Kind == Missing && p.waits(i, "")) && !(finding.Kind == Unbounded && p.waits(i, " its boundary")) {
				found = append(found, finding)
			}
		}
		if i.Trust != nil {
			found = append(found, CompareTrust(d, i, account, f, in.Outsiders)...)
		}
		found = append(found, Escalations(d, i, account, declared, in.Borne)...)
	}
	return found, later
}

// waits says whether something about a role is known after the apply alone: anything, or
// what is named.
func (p *Planned) waits(i *iam.Identity, what string) bool {
	return slices.ContainsFunc(p.Later, func(line string) bool { return strings.HasPrefix(line, i.Name()+":"+what) })
}

// called is a role's name in AWS.
func (in *Intent) called(f Facts, name string) (string, error) {
	r := resolver{facts: f, names: in.Names}
	return r.text(in.Roles[name].Role)
}

// PlanFacts are an environment's facts as a plan of one layer has them: the outputs of
// the layers before it, by its remote states, its own as far as they are known, and its
// variables. An error says what the plan does not have.
func PlanFacts(plan *tfjson.Plan, layer string) (Facts, error) {
	f := Facts{Partition: "aws", Named: map[string]string{}, Outputs: map[string]map[string]any{layer: {}}}
	if plan.PriorState != nil && plan.PriorState.Values != nil {
		f.prior(plan.PriorState.Values.RootModule)
	}
	for name, v := range plan.Variables {
		if s, ok := v.Value.(string); ok {
			f.Named[name] = s
		}
	}
	f.Region = f.Named["region"]
	delete(f.Named, "region")
	f.Named["long_name"] = LongNames[f.Named["environment"]]
	for name, o := range plan.OutputChanges {
		if o.After != nil {
			f.Outputs[layer][name] = o.After
		}
	}
	if issuer, ok := f.Outputs["compute"]["oidc_issuer"].(string); ok {
		f.Issuer = strings.TrimPrefix(issuer, "https://")
	}
	var errs []error
	if f.Account == "" {
		errs = append(errs, errors.New("the plan reads no aws_caller_identity, which gives the account"))
	}
	if f.Region == "" {
		errs = append(errs, errors.New("the plan has no variable region"))
	}
	return f, errors.Join(errs...)
}

// Complete adds the facts of others that these do not have: outputs of layers of which
// the plan reads nothing, and names.
func (f *Facts) Complete(others Facts) {
	for layer, outputs := range others.Outputs {
		if f.Outputs[layer] == nil {
			f.Outputs[layer] = outputs
		}
	}
	for name, v := range others.Named {
		if f.Named[name] == "" {
			f.Named[name] = v
		}
	}
	f.Issuer = cmp.Or(f.Issuer, others.Issuer)
}

// prior takes what data sources have read.
func (f *Facts) prior(m *tfjson.StateModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		if r.Mode != tfjson.DataResourceMode {
			continue
		}
		switch r.Type {
		case "terraform_remote_state":
			if outputs, ok := r.AttributeValues["outputs"].(map[string]any); ok {
				f.Outputs[r.Name] = outputs
			}
		case "aws_caller_identity":
			f.Account = text(r.AttributeValues, "account_id")
		case "aws_partition":
			f.Partition = text(r.AttributeValues, "partition")
		}
	}
	for _, child := range m.ChildModules {
		f.prior(child)
	}
}
