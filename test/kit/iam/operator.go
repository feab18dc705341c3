package iam

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator taken apart ("IAM JSON policy elements: Condition
// operators").
type operator struct {
	family   family
	compare  comparison
	negated  bool
	ifExists bool
	set      set
	fold     bool
	syntax   syntax
}

type family uint8

const (
	stringFamily family = iota
	arnFamily
	numericFamily
	dateFamily
	boolFamily
	binaryFamily
	addressFamily
	nullFamily
)

type comparison uint8

const (
	equals comparison = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// set is the set operator before an operator ("Multivalued context keys").
type set uint8

const (
	noSet set = iota
	forAllValues
	forAnyValue
)

var (
	plain    = syntax{variables: true}
	like     = syntax{wildcards: true, variables: true}
	arnLike  = syntax{wildcards: true, segments: true, each: true, variables: true}
	resource = syntax{wildcards: true, segments: true, variables: true}
	naming   = syntax{wildcards: true}
)

var operators = map[string]operator{
	"StringEquals":              {syntax: plain},
	"StringNotEquals":           {syntax: plain, negated: true},
	"StringEqualsIgnoreCase":    {syntax: plain, fold: true},
	"StringNotEqualsIgnoreCase": {syntax: plain, fold: true, negated: true},
	"StringLike":                {syntax: like},
	"StringNotLike":             {syntax: like, negated: true},
	"ArnEquals":                 {family: arnFamily, syntax: arnLike},
	"ArnNotEquals":              {family: arnFamily, syntax: arnLike, negated: true},
	"ArnLike":                   {family: arnFamily, syntax: arnLike},
	"ArnNotLike":                {family: arnFamily, syntax: arnLike, negated: true},
	"NumericEquals":             {family: numericFamily},
	"NumericNotEquals":          {family: numericFamily, negated: true},
	"NumericLessThan":           {family: numericFamily, compare: less},
	"NumericLessThanEquals":     {family: numericFamily, compare: lessOrEqual},
	"NumericGreaterThan":        {family: numericFamily, compare: greater},
	"NumericGreaterThanEquals":  {family: numericFamily, compare: greaterOrEqual},
	"DateEquals":                {family: dateFamily},
	"DateNotEquals":             {family: dateFamily, negated: true},
	"DateLessThan":              {family: dateFamily, compare: less},
	"DateLessThanEquals":        {family: dateFamily, compare: lessOrEqual},
	"DateGreaterThan":           {family: dateFamily, compare: greater},
	"DateGreaterThanEquals":     {family: dateFamily, compare: greaterOrEqual},
	"Bool":                      {family: boolFamily},
	"BinaryEquals":              {family: binaryFamily},
	"IpAddress":                 {family: addressFamily},
	"NotIpAddress":              {family: addressFamily, negated: true},
	"Null":                      {family: nullFamily},
}

// Operators lists the condition operators without set prefixes and IfExists, sorted.
func Operators() []string {
	names := make([]string, 0, len(operators))
	for name := range operators {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func operatorOf(name string) (operator, error) {
	rest, prefix := name, noSet
	if after, ok := strings.CutPrefix(rest, "ForAllValues:"); ok {
		rest, prefix = after, forAllValues
	} else if after, ok := strings.CutPrefix(rest, "ForAnyValue:"); ok {
		rest, prefix = after, forAnyValue
	}
	base, ifExists := strings.CutSuffix(rest, "IfExists")
	o, ok := operators[base]
	if !ok {
		hint := nearest(base, Operators())
		if hint == "" {
			return o, fmt.Errorf("unknown operator; known are %s, each with ForAllValues:, ForAnyValue: and IfExists", strings.Join(Operators(), ", "))
		}
		return o, fmt.Errorf("unknown operator; did you mean %s?", strings.Replace(name, base, hint, 1))
	}
	if ifExists && o.family == nullFamily {
		return o, errors.New("the operator Null takes no IfExists: it asks itself whether the key exists")
	}
	o.set, o.ifExists = prefix, ifExists
	return o, nil
}

// test is one value of a condition, compiled for its operator's family.
type test struct {
	pattern *pattern
	number  float64 // also seconds since 1970 of a date
	yes     bool
	network netip.Prefix
	text    string
}

func (o *operator) test(value string, variables bool) (t test, err error) {
	switch o.family {
	case stringFamily, arnFamily:
		x := o.syntax
		x.variables = variables
		t.pattern, err = x.compile(value)
		if err == nil && o.family == arnFamily && value != "*" && t.pattern.form != variableForm && !strings.HasPrefix(value, "arn:") && !strings.ContainsAny(value[:min(1, len(value))], "*?") {
			err = fmt.Errorf("%q is no ARN", value)
		}
	case numericFamily:
		var ok bool
		if t.number, ok = number(value); !ok {
			err = fmt.Errorf("%q is no number", value)
		}
	case dateFamily:
		var ok bool
		if t.number, ok = date(value); !ok {
			err = fmt.Errorf("%q is no date; want 2026-01-31T12:00:00Z, a shorter form of it, or seconds since 1970", value)
		}
	case boolFamily, nullFamily:
		var ok bool
		if t.yes, ok = boolean(value); !ok {
			err = fmt.Errorf("%q is neither true nor false", value)
		}
	case binaryFamily:
		var b []byte
		if b, err = base64.StdEncoding.DecodeString(value); err != nil {
			err = fmt.Errorf("%q is not base64", value)
		}
		t.text = base64.StdEncoding.EncodeToString(b)
	case addressFamily:
		var ok bool
		if t.network, ok = network(value); !ok {
			err = fmt.Errorf("%q is no IP address or network in CIDR notation", value)
		}
	}
	return t, err
}

// number reads a whole or decimal number, and nothing that only a program calls one.
func number(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// layouts are the forms of W3C's note on date and time formats.
var layouts = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"}

// date reads a date in seconds since 1970. Four digits alone are a year.
func date(s string) (float64, bool) {
	if f, ok := number(s); ok && len(s) != 4 {
		return f, true
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()) + float64(t.Nanosecond())/1e9, true
		}
	}
	return 0, false
}

func boolean(s string) (yes, ok bool) {
	yes = strings.EqualFold(s, "true")
	return yes, yes || strings.EqualFold(s, "false")
}

func network(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p, err == nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}
