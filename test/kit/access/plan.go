package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
	tfjson "github.com/hashicorp/terraform-json"
)

// Planned are the roles of a plan: as they are, and as the plan would have them.
type Planned struct {
	Before, After []*iam.Identity
	// Later is what nobody can know before the apply, each in a line: a document that
	// holds a value which the apply makes. It is proven by nothing here.
	Later []string
}

// FromPlan reads the roles of a plan, as `terraform show -json` prints it, with their
// policies, trust and boundary. What another layer holds (the document of a boundary,
// policies of resources) is not in it. A document that is no policy is an error.
func FromPlan(plan *tfjson.Plan, account string) (*Planned, error) {
	out := &Planned{}
	for _, after := range []bool{false, true} {
		s := side{plan: plan, account: account, after: after, policies: map[string]*planPolicy{}, roles: map[string]*iam.Identity{}}
		if err := s.read(); err != nil {
			return nil, err
		}
		if !after {
			out.Before = s.identities
			continue
		}
		out.After = s.identities
		slices.Sort(s.later)
		out.Later = slices.Compact(s.later)
	}
	return out, nil
}

// side is what a plan says of one point in time.
type side struct {
	plan       *tfjson.Plan
	account    string
	after      bool
	policies   map[string]*planPolicy   // by address and by ARN
	roles      map[string]*iam.Identity // by address and by name
	identities []*iam.Identity
	later      []string
}

type planPolicy struct {
	name string
	made *iam.Policy // nil until the apply
}

// each calls f with the attributes of every resource of a type, and those that are
// known after the apply alone.
func (s *side) each(kind string, f func(rc *tfjson.ResourceChange, values, unknown map[string]any) error) error {
	for _, rc := range s.plan.ResourceChanges {
		if rc.Type != kind || rc.Mode != tfjson.ManagedResourceMode || rc.Change == nil {
			continue
		}
		values, _ := rc.Change.Before.(map[string]any)
		unknown := map[string]any(nil)
		if s.after {
			values, _ = rc.Change.After.(map[string]any)
			unknown, _ = rc.Change.AfterUnknown.(map[string]any)
		}
		if values == nil {
			continue // not there at that time
		}
		if err := f(rc, values, unknown); err != nil {
			return fmt.Errorf("%s: %w", rc.Address, err)
		}
	}
	return nil
}

func (s *side) read() error {
	for _, step := range []struct {
		kind string
		do   func(rc *tfjson.ResourceChange, values, unknown map[string]any) error
	}{
		{"aws_iam_policy", s.policy}, {"aws_iam_role", s.role}, {"aws_iam_role_policy", s.inline},
		{"aws_iam_role_policy_attachment", s.attachment}, {"aws_iam_policy_attachment", s.attachments},
	} {
		if err := s.each(step.kind, step.do); err != nil {
			return err
		}
	}
	return nil
}

func text(values map[string]any, key string) string {
	v, _ := values[key].(string)
	return v
}

func (s *side) say(format string, args ...any) {
	s.later = append(s.later, fmt.Sprintf(format, args...))
}

func (s *side) policy(rc *tfjson.ResourceChange, values, unknown map[string]any) error {
	p := &planPolicy{name: cmp.Or(text(values, "name"), rc.Address)}
	arn := text(values, "arn")
	if unknown["policy"] != true {
		made, err := iam.Parse(iam.IdentityPolicy, cmp.Or(arn, p.name), []byte(text(values, "policy")))
		if err != nil {
			return err
		}
		p.made = made
	}
	s.policies[rc.Address] = p
	if arn != "" {
		s.policies[arn] = p
	}
	return nil
}

func (s *side) role(rc *tfjson.ResourceChange, values, unknown map[string]any) error {
	name := text(values, "name")
	if name == "" {
		s.say("%s: the role's name is known after the apply", rc.Address)
		name = rc.Address
	}
	arn := cmp.Or(text(values, "arn"), "arn:aws:iam::"+s.account+":role"+cmp.Or(text(values, "path"), "/")+name)
	i := &iam.Identity{ARN: arn, Tags: map[string]string{}}
	tags, _ := values["tags_all"].(map[string]any)
	for k, v := range tags {
		i.Tags[k] = fmt.Sprint(v)
	}
	if unknown["assume_role_policy"] == true {
		s.say("%s: who takes it is known after the apply (%s)", i.Name(), rc.Address)
	} else {
		trust, err := iam.Parse(iam.TrustPolicy, i.Name(), []byte(text(values, "assume_role_policy")))
		if err != nil {
			return err
		}
		i.Trust = trust
	}
	switch boundary := text(values, "permissions_boundary"); {
	case unknown["permissions_boundary"] == true:
		s.say("%s: its boundary is known after the apply (%s)", i.Name(), rc.Address)
	case boundary != "":
		i.Boundary = s.boundary(boundary)
	}
	s.roles[rc.Address], s.roles[name] = i, i
	s.identities = append(s.identities, i)
	return s.unmanaged(i, values)
}

// boundary is a boundary by its ARN. One that another layer holds is taken to allow
// everything: it can only take away.
func (s *side) boundary(arn string) *iam.Policy {
	if p := s.policies[arn]; p != nil && p.made != nil {
		return p.made
	}
	p, err := iam.Parse(iam.BoundaryPolicy, arn, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		return nil // the document above is a policy
	}
	return p
}

// unmanaged takes the inline policies that the role itself lists, but for those that a
// resource of the plan manages.
func (s *side) unmanaged(i *iam.Identity, values map[string]any) error {
	list, _ := values["inline_policy"].([]any)
	for _, entry := range list {
		block, _ := entry.(map[string]any)
		name, document := text(block, "name"), text(block, "policy")
		if name == "" || document == "" || s.managed(i.Name(), name) {
			continue
		}
		p, err := iam.Parse(iam.IdentityPolicy, i.Name()+"/"+name, []byte(document))
		if err != nil {
			return err
		}
		i.Policies = append(i.Policies, p)
	}
	return nil
}

// managed says whether an aws_iam_role_policy holds the inline policy, before or after.
func (s *side) managed(role, name string) bool {
	return slices.ContainsFunc(s.plan.ResourceChanges, func(rc *tfjson.ResourceChange) bool {
		if rc.Type != "aws_iam_role_policy" || rc.Change == nil {
			return false
		}
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		return text(before, "role") == role && text(before, "name") == name || text(after, "role") == role && text(after, "name") == name
	})
}

func (s *side) inline(rc *tfjson.ResourceChange, values, unknown map[string]any) error {
	i := s.holder(rc, "role", text(values, "role"))
	name := i.Name() + "/" + cmp.Or(text(values, "name"), rc.Address)
	if unknown["policy"] == true {
		s.say("%s: policy %s is known after the apply (%s)", i.Name(), name, rc.Address)
		return nil
	}
	p, err := iam.Parse(iam.IdentityPolicy, name, []byte(text(values, "policy")))
	if err == nil {
		i.Policies = append(i.Policies, p)
	}
	return err
}

func (s *side) attachment(rc *tfjson.ResourceChange, values, unknown map[string]any) error {
	return s.attach(rc, s.holder(rc, "role", text(values, "role")), text(values, "policy_arn"))
}

func (s *side) attachments(rc *tfjson.ResourceChange, values, unknown map[string]any) error {
	roles, _ := values["roles"].([]any)
	for _, role := range roles {
		if err := s.attach(rc, s.holder(rc, "roles", fmt.Sprint(role)), text(values, "policy_arn")); err != nil {
			return err
		}
	}
	return nil
}

func (s *side) attach(rc *tfjson.ResourceChange, i *iam.Identity, arn string) error {
	p := s.policies[arn]
	if arn == "" {
		p = s.policies[s.referred(rc, "policy_arn", func(address string) bool { return s.policies[address] != nil })]
	}
	switch {
	case p != nil && p.made != nil:
		i.Policies = append(i.Policies, p.made)
	case p != nil:
		s.say("%s: policy %s is known after the apply (%s)", i.Name(), p.name, rc.Address)
	case strings.Contains(arn, ":iam::aws:policy/"):
		i.Policies = append(i.Policies, &iam.Policy{Name: arn}) // what it allows is AWS's to say
	case arn == "":
		s.say("%s: which policy it is given is known after the apply (%s)", i.Name(), rc.Address)
	default:
		s.say("%s: policy %s is of another layer (%s)", i.Name(), arn, rc.Address)
	}
	return nil
}

// holder is the role that a resource gives a policy to. One that the plan does not make
// is a role of its own here, without a trust policy.
func (s *side) holder(rc *tfjson.ResourceChange, attribute, name string) *iam.Identity {
	if i := s.roles[name]; i != nil {
		return i
	}
	if name == "" {
		if i := s.roles[s.referred(rc, attribute, func(address string) bool { return s.roles[address] != nil })]; i != nil {
			return i
		}
		name = rc.Address
	}
	i := &iam.Identity{ARN: "arn:aws:iam::" + s.account + ":role/" + name}
	s.roles[name] = i
	s.identities = append(s.identities, i)
	s.say("%s: the plan gives it a policy and does not make it (%s)", i.Name(), rc.Address)
	return i
}

// referred is the address of what an attribute of a resource refers to, where the value
// itself is not known yet: in the same module, under the same key.
func (s *side) referred(rc *tfjson.ResourceChange, attribute string, there func(string) bool) string {
	c := configured(s.plan, rc)
	if c == nil || c.Expressions[attribute] == nil || c.Expressions[attribute].ExpressionData == nil {
		return ""
	}
	prefix := ""
	if rc.ModuleAddress != "" {
		prefix = rc.ModuleAddress + "."
	}
	for _, r := range c.Expressions[attribute].References {
		for _, address := range []string{prefix + r, prefix + r + index(rc), prefix + r + "[0]"} {
			if there(address) {
				return address
			}
		}
	}
	return ""
}

// index is a resource's key as its address has it, or "".
func index(rc *tfjson.ResourceChange) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(rc.Address, rc.ModuleAddress), rc.Type+"."+rc.Name)
	return key
}

// configured is the configuration of a resource of the plan.
func configured(plan *tfjson.Plan, rc *tfjson.ResourceChange) *tfjson.ConfigResource {
	if plan.Config == nil {
		return nil
	}
	m := plan.Config.RootModule
	for _, name := range modules(rc.ModuleAddress) {
		if m == nil || m.ModuleCalls[name] == nil {
			return nil
		}
		m = m.ModuleCalls[name].Module
	}
	if m == nil {
		return nil
	}
	for _, r := range m.Resources {
		if r.Type == rc.Type && r.Name == rc.Name && r.Mode == rc.Mode {
			return r
		}
	}
	return nil
}

// modules are the names of the modules of an address, without keys: those of
// module.a["x.y"].module.b are a and b.
func modules(address string) []string {
	var names []string
	quoted, bracket := false, false
	var plain strings.Builder
	for _, r := range address {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[' || r == ']':
			bracket = r == '['
		case !bracket:
			plain.WriteRune(r)
		}
	}
	parts := strings.Split(plain.String(), ".")
	for i := 1; i < len(parts); i += 2 {
		names = append(names, parts[i])
	}
	return names
}
