package iam

import (
	"encoding/base64"
	"net/netip"
)

// holds says whether the condition is true of the request.
func (c *Condition) holds(e *evaluation) bool {
	values := e.lookup(&c.key)
	o := &c.operator
	if o.family == nullFamily {
		for i := range c.tests {
			if c.tests[i].yes == (len(values) == 0) {
				return true
			}
		}
		return false
	}
	if len(values) == 0 {
		switch {
		case o.ifExists, o.set == forAllValues:
			return true
		case o.set == forAnyValue:
			return false
		}
		return o.negated && c.resolved(e)
	}
	// The values lie in a place that an expanded variable may use again.
	if len(values) == 1 {
		return c.one(values[0], e)
	}
	any := o.set == forAnyValue || o.set == noSet && !o.negated
	for _, v := range values {
		if c.one(v, e) == any {
			return any
		}
	}
	return !any
}

// one says whether the condition holds for one value of its key.
func (c *Condition) one(value string, e *evaluation) bool {
	open := false
	for i := range c.tests {
		switch c.operator.is(&c.tests[i], value, e) {
		case matches:
			return !c.operator.negated
		case unresolved:
			open = true
		}
	}
	return c.operator.negated && !open
}

// resolved says whether every variable of the condition has a value.
func (c *Condition) resolved(e *evaluation) bool {
	for i := range c.tests {
		if p := c.tests[i].pattern; p != nil && p.form == variableForm {
			if _, ok := p.expand(e); !ok {
				return false
			}
		}
	}
	return true
}

// is compares a value of the request with one of the policy, before any negation. A
// value of the wrong form is like none.
func (o *operator) is(t *test, value string, e *evaluation) matched {
	ok, valid := false, true
	switch o.family {
	case stringFamily, arnFamily:
		return t.pattern.match(value, o.fold, e)
	case numericFamily, dateFamily:
		var f float64
		if o.family == numericFamily {
			f, valid = number(value)
		} else {
			f, valid = date(value)
		}
		switch o.compare {
		case equals:
			ok = f == t.number
		case less:
			ok = f < t.number
		case lessOrEqual:
			ok = f <= t.number
		case greater:
			ok = f > t.number
		case greaterOrEqual:
			ok = f >= t.number
		}
	case boolFamily:
		var yes bool
		yes, valid = boolean(value)
		ok = yes == t.yes
	case binaryFamily:
		ok = value == t.text || canonical(value) == t.text
	case addressFamily:
		a, err := netip.ParseAddr(value)
		valid = err == nil
		ok = valid && t.network.Contains(a)
	}
	switch {
	case !valid:
		return unresolved
	case ok:
		return matches
	}
	return differs
}

// canonical is the usual form of base64.
func canonical(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}
