package layers

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"sigs.k8s.io/yaml"
)

// Rule says how a setting of prod may relate to staging's.
type Rule string

const (
	// Same: equal in both.
	Same Rule = "same"
	// AtLeast: a number that is not smaller, a bool that is true where staging's is,
	// a list with all that staging's has.
	AtLeast Rule = "at-least"
	// AtMost: a number that is not larger, a list with nothing that staging's lacks.
	AtMost Rule = "at-most"
	// Differs: each environment has its own: a name, an address, a size of no
	// consequence to safety.
	Differs Rule = "differs"
)

// Consistency holds a rule for each setting, by "layer.variable" or
// "layer.variable.attribute"; "*.variable" holds for every layer.
type Consistency map[string]Rule

// ParseConsistency reads the rules, refusing what is none.
func ParseConsistency(text []byte) (Consistency, error) {
	var c Consistency
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return nil, fmt.Errorf("rules of consistency: %w", err)
	}
	for setting, rule := range c {
		if !slices.Contains([]Rule{Same, AtLeast, AtMost, Differs}, rule) {
			return nil, fmt.Errorf("rules of consistency: %s: unknown rule %q; valid are same, at-least, at-most, differs", setting, rule)
		}
	}
	return c, nil
}

// Effective returns every setting that a layer has in an environment, defaults
// included, by "variable" or "variable.attribute". What is required and not given
// is left out.
func (p *Platform) Effective(layer string, v Values) (map[string]cty.Value, error) {
	all := map[string]cty.Value{}
	var errs []error
	for name, variable := range p.Layers[layer].Variables {
		value, ok := v.Values[name]
		if !ok {
			if variable.Required {
				continue
			}
			value = variable.Default
		}
		value, err := variable.Complete(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %s of layer %s: %w", v.File, v.Lines[name], name, layer, err))
			continue
		}
		if !value.IsNull() && value.Type().IsObjectType() {
			for attribute, x := range value.AsValueMap() {
				all[name+"."+attribute] = x
			}
			continue
		}
		all[name] = value
	}
	return all, errors.Join(errs...)
}

// Complete is a value of the variable as Terraform uses it: of its type, and with
// the defaults of optional attributes.
func (v Variable) Complete(value cty.Value) (cty.Value, error) {
	if v.Defaults != nil && !value.IsNull() {
		value = v.Defaults.Apply(value)
	}
	return convert.Convert(value, v.Type)
}

// Compare holds prod against staging, setting by setting. A setting without a rule
// is a finding, so that a new one is thought about; so is a rule of no setting.
func (p *Platform) Compare(staging, prod map[string]Values, rules Consistency) ([]Finding, error) {
	var found []Finding
	used := map[string]bool{}
	for _, layer := range p.Names() {
		s, err := p.Effective(layer, staging[layer])
		if err != nil {
			return nil, err
		}
		q, err := p.Effective(layer, prod[layer])
		if err != nil {
			return nil, err
		}
		for _, setting := range union(s, q) {
			key, rule, ok := rules.of(layer, setting)
			used[key] = true
			name, _, _ := strings.Cut(setting, ".")
			place := Place{File: prod[layer].File, Line: prod[layer].Lines[name]}
			if place.Line == 0 {
				place = p.Layers[layer].Variables[name].Place
			}
			switch {
			case !ok:
				found = append(found, Finding{place, fmt.Sprintf("%s.%s has no rule: say whether staging and prod must be the same in it", layer, setting)})
			case !rule.holds(s[setting], q[setting]):
				found = append(found, Finding{place, fmt.Sprintf("%s.%s is %s in prod and %s in staging; the rule is %s", layer, setting, text(q[setting]), text(s[setting]), rule)})
			}
		}
	}
	for key := range rules {
		if !used[key] {
			found = append(found, Finding{Place{File: EnvironmentsFolder}, fmt.Sprintf("the rule of %s is of no setting", key)})
		}
	}
	return found, nil
}

func (c Consistency) of(layer, setting string) (string, Rule, bool) {
	for _, key := range []string{layer + "." + setting, "*." + setting} {
		if rule, ok := c[key]; ok {
			return key, rule, true
		}
	}
	return "", "", false
}

func union(a, b map[string]cty.Value) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// holds says whether prod may have its value beside staging's.
func (r Rule) holds(staging, prod cty.Value) bool {
	if r == Differs {
		return true
	}
	if staging == cty.NilVal || prod == cty.NilVal || staging.IsNull() || prod.IsNull() {
		none := func(v cty.Value) bool { return v == cty.NilVal || v.IsNull() }
		return none(staging) && none(prod) || r == AtLeast && none(staging) || r == AtMost && none(prod)
	}
	if r == Same {
		return staging.RawEquals(prod)
	}
	less, more := staging, prod
	if r == AtMost {
		less, more = prod, staging
	}
	switch t := staging.Type(); {
	case t == cty.Number:
		return number(less).Cmp(number(more)) <= 0
	case t == cty.Bool:
		return less.False() || more.True()
	case t.IsListType(), t.IsSetType(), t.IsTupleType(), t.IsMapType():
		has := map[string]bool{}
		for it := more.ElementIterator(); it.Next(); {
			_, v := it.Element()
			has[text(v)] = true
		}
		for it := less.ElementIterator(); it.Next(); {
			if _, v := it.Element(); !has[text(v)] {
				return false
			}
		}
		return true
	}
	return staging.RawEquals(prod)
}

func number(v cty.Value) *big.Float { return v.AsBigFloat() }

// text writes a value for a finding.
func text(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() {
		return "not set"
	}
	if s, err := convert.Convert(v, cty.String); err == nil && !s.IsNull() {
		return fmt.Sprintf("%q", s.AsString())
	}
	return strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%#v", v), "cty."), "Val")
}
