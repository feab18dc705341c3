package access

import (
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// concrete is a resource that a pattern names.
func concrete(pattern string) string {
	if pattern == "*" {
		return "*"
	}
	parts := strings.SplitN(pattern, ":", 6)
	for i, p := range parts {
		with := "probe"
		if i == 4 {
			with = "" // any account: the caller's, which the request says
		}
		parts[i] = strings.NewReplacer("*", with, "?", "p").Replace(p)
	}
	return strings.Join(parts, ":")
}

// contexts are contexts in which all conditions of a statement hold: the first with the
// first value of each, the others with each further value of one of them.
func contexts(s *iam.Statement, base iam.Context) []iam.Context {
	first := base.Clone()
	for i := range s.Conditions {
		satisfy(&first, &s.Conditions[i], 0)
	}
	out := []iam.Context{first}
	for i := range s.Conditions {
		for n := 1; n < len(s.Conditions[i].Values); n++ {
			c := first.Clone()
			satisfy(&c, &s.Conditions[i], n)
			out = append(out, c)
		}
	}
	return out
}

// satisfy gives a condition's key a value for which it holds.
func satisfy(context *iam.Context, c *iam.Condition, n int) {
	value := c.Values[n]
	_, operator, set := strings.Cut(c.Operator, ":")
	if !set {
		operator = c.Operator
	}
	operator = strings.TrimSuffix(operator, "IfExists")
	switch {
	case operator == "Null" && value == "true", strings.Contains(operator, "Not"):
		context.Set(c.Key)
	case operator == "Null":
		context.Set(c.Key, "probe")
	case strings.HasPrefix(operator, "IpAddress"):
		address, _, _ := strings.Cut(value, "/")
		context.Set(c.Key, address)
	case strings.HasSuffix(operator, "LessThan"), strings.HasSuffix(operator, "GreaterThan"):
		context.Set(c.Key, beyond(value, strings.HasSuffix(operator, "LessThan")))
	default:
		context.Set(c.Key, concreteValue(value))
	}
}

func concreteValue(pattern string) string {
	return strings.NewReplacer("*", "probe", "?", "p").Replace(pattern)
}

// beyond is a number or a year that is below or above a value.
func beyond(value string, below bool) string {
	if strings.Contains(value, "T") || strings.Count(value, "-") == 2 {
		if below {
			return "1970-01-02T00:00:00Z"
		}
		return "2999-01-01T00:00:00Z"
	}
	if below {
		return "-1000000000"
	}
	return "99999999999"
}

// otherContexts are the context with each condition of the statement broken: its key
// absent, and with another value. A condition that an absent key meets is tried with
// the other value alone.
func otherContexts(s *iam.Statement, context iam.Context) []iam.Context {
	var out []iam.Context
	for i := range s.Conditions {
		key := s.Conditions[i].Key
		absent := context.Clone()
		absent.Set(key)
		other := context.Clone()
		other.Set(key, "another-value")
		out = append(out, absent, other)
	}
	return out
}

// otherResources are resources beside a declared one: with a longer name, in another
// account, in another Region, and one level up. Those that the pattern names all the
// same are the intent's to allow.
func otherResources(pattern, account string) []string {
	if pattern == "*" {
		return []string{"arn:aws:s3:::another-bucket/key"}
	}
	one := concrete(pattern)
	out := []string{one + "-other", strings.Replace(one, account, "999988887777", 1), "*"}
	if parts, ok := iam.SplitARN(one); ok && parts.Region != "" {
		parts.Region = "ap-southeast-2"
		out = append(out, parts.String())
	}
	if parts, ok := iam.SplitARN(one); ok {
		name, rest, deep := strings.Cut(parts.Resource, "/")
		if deep {
			parts.Resource = name + "-other/" + rest
			out = append(out, parts.String())
			if before, _, ok := strings.Cut(rest, "/"); ok {
				parts.Resource = name + "/another" + strings.TrimPrefix(rest, before)
				out = append(out, parts.String())
			}
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(r string) bool { return r == one })
}

// Questions are requests within and just outside of what is declared, for whoever
// answers them as well.
func Questions(d Declared, account string, base iam.Context) []iam.Request {
	c := comparison{d: d, got: &iam.Identity{ARN: d.ARN}, account: &iam.Account{ID: account}, base: base}
	out := c.probes()
	declared := c.declared()
	for i := range declared {
		s := &declared[i]
		for _, action := range s.Actions {
			for _, on := range s.Resources {
				out = append(out, c.request(action, concrete(on), contexts(s, c.baseOf(s))[0]))
			}
		}
	}
	return out
}
