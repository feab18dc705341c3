package iam

import (
	"errors"
	"fmt"
	"strings"
)

// A compiled pattern is text in which these bytes stand for wildcards. Policies
// cannot hold them otherwise: Parse refuses control characters.
const (
	starWithin = 0x01 // any characters but a colon
	starBeyond = 0x02 // any characters
	oneWithin  = 0x03 // one character that is no colon
	oneAny     = 0x04 // one character
	lastMark   = oneAny
)

// pattern is text with wildcards and variables, compiled.
type pattern struct {
	source string
	form   form
	text   string // compiled, but for variables; of prefixForm what comes before the "*"
	parts  []part // with variables: what text is made of
}

type form uint8

const (
	exactForm form = iota
	prefixForm
	anyForm
	globForm
	variableForm
)

// part is compiled text, or a variable.
type part struct {
	text     string
	key      contextKey
	variable bool
	fallback string
	has      bool // a fallback
}

// syntax says what counts as more than itself in a pattern.
type syntax struct {
	wildcards bool
	segments  bool // "*" and "?" stay between colons, as in ARNs
	each      bool // and so does a "*" that ends a segment, but for the last character of all
	variables bool
}

func (x syntax) compile(source string) (*pattern, error) {
	for i := range len(source) {
		if c := source[i]; c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return nil, fmt.Errorf("%q holds a control character", source)
		}
	}
	p := &pattern{source: source}
	var text strings.Builder
	colons := 0
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == ':':
			colons++
			text.WriteByte(c)
		case c == '*' && x.wildcards:
			within := x.segments && colons < 5 && i+1 < len(source) && (x.each || source[i+1] != ':')
			text.WriteByte(choose(within, starWithin, starBeyond))
		case c == '?' && x.wildcards:
			text.WriteByte(choose(x.segments && colons < 5, oneWithin, oneAny))
		case c == '$' && x.variables && strings.HasPrefix(source[i:], "${"):
			end := strings.IndexByte(source[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("%q: the variable that begins at %q has no end", source, source[i:])
			}
			inner := source[i+2 : i+end]
			i += end
			if inner == "*" || inner == "?" || inner == "$" {
				text.WriteString(inner) // "IAM policy elements: Variables and tags", special characters
				continue
			}
			v, err := readVariable(inner)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", source, err)
			}
			if text.Len() > 0 {
				p.parts = append(p.parts, part{text: text.String()})
				text.Reset()
			}
			p.parts = append(p.parts, v)
		default:
			text.WriteByte(c)
		}
	}
	if p.parts != nil {
		if text.Len() > 0 {
			p.parts = append(p.parts, part{text: text.String()})
		}
		p.form = variableForm
		return p, nil
	}
	p.text = text.String()
	p.form, p.text = formOf(p.text)
	return p, nil
}

func choose(b bool, yes, no byte) byte {
	if b {
		return yes
	}
	return no
}

// formOf finds the cheapest way of comparing with a text.
func formOf(text string) (form, string) {
	first := strings.IndexFunc(text, func(r rune) bool { return r <= lastMark })
	switch {
	case first < 0:
		return exactForm, text
	case text == string(rune(starBeyond)):
		return anyForm, ""
	case first == len(text)-1 && text[first] == starBeyond:
		return prefixForm, text[:first]
	}
	return globForm, text
}

// readVariable reads what stands between the braces of a variable.
func readVariable(inner string) (part, error) {
	name, fallback, has := strings.Cut(inner, ",")
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsAny(name, "{$") {
		return part{}, fmt.Errorf("variable %q: want ${key} or ${key, 'default'}", "${"+inner+"}")
	}
	v := part{variable: true, key: newContextKey(name), has: has}
	if has {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return part{}, fmt.Errorf("variable %q: the default must stand in single quotes", "${"+inner+"}")
		}
		v.fallback = fallback[1 : len(fallback)-1]
	}
	return v, nil
}

// matched says how a comparison with a pattern ended.
type matched uint8

const (
	differs matched = iota
	matches
	unresolved // a variable has no value in this request
)

func (p *pattern) match(s string, fold bool, e *evaluation) matched {
	ok := false
	switch p.form {
	case anyForm:
		ok = true
	case exactForm:
		ok = equal(p.text, s, fold)
	case prefixForm:
		ok = len(s) >= len(p.text) && equal(p.text, s[:len(p.text)], fold)
	case globForm:
		ok = glob(p.text, s, fold)
	case variableForm:
		expanded, resolved := p.expand(e)
		if !resolved {
			return unresolved
		}
		ok = glob(expanded, s, fold)
	}
	if ok {
		return matches
	}
	return differs
}

// expand puts the values of variables into the pattern. The result is good until the
// next call.
func (p *pattern) expand(e *evaluation) ([]byte, bool) {
	out := e.buffer[:0]
	for i := range p.parts {
		v := &p.parts[i]
		if !v.variable {
			out = append(out, v.text...)
			continue
		}
		value := v.fallback
		if values := e.lookup(&v.key); len(values) == 1 {
			value = values[0]
		} else if !v.has { // a key with several values is none that can be put in
			return nil, false
		}
		for j := range len(value) {
			if value[j] <= lastMark {
				return nil, false
			}
		}
		out = append(out, value...)
	}
	return out, true
}

// equal compares two texts; fold ignores the case of ASCII letters.
func equal(a, b string, fold bool) bool {
	if !fold || len(a) != len(b) {
		return a == b
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// glob matches the whole of s. It goes back to the last wildcard of each kind alone,
// which is enough: what a later one takes never helps an earlier one, since one that
// stays within a segment cannot pass the colon that ends it.
func glob[P string | []byte](p P, s string, fold bool) bool {
	var i, j int
	wide, wideAt, narrow, narrowAt := -1, 0, -1, 0
	for {
		if i < len(p) {
			switch c := p[i]; {
			case c == starBeyond:
				wide, wideAt, narrow = i, j, -1
				i++
				continue
			case c == starWithin:
				narrow, narrowAt = i, j
				i++
				continue
			case j < len(s) && (c == oneAny || c == oneWithin && s[j] != ':' || c == s[j] || fold && lower(c) == lower(s[j])):
				i++
				j++
				continue
			}
		} else if j == len(s) {
			return true
		}
		switch {
		case narrow >= 0 && narrowAt < len(s) && s[narrowAt] != ':':
			narrowAt++
			i, j = narrow+1, narrowAt
		case wide >= 0 && wideAt < len(s):
			wideAt++
			i, j, narrow = wide+1, wideAt, -1
		default:
			return false
		}
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

var errNoPattern = errors.New("want at least one value")

func compileAll(values []string, x syntax, valid func(string) error) ([]*pattern, error) {
	if len(values) == 0 {
		return nil, errNoPattern
	}
	out := make([]*pattern, 0, len(values))
	for i, v := range values {
		p, err := x.compile(v)
		if err == nil && valid != nil {
			err = valid(v)
		}
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		out = append(out, p)
	}
	return out, nil
}
