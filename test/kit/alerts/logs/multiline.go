package logs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// MultilineParser joins lines as a [MULTILINE_PARSER] of type regex does (Fluent
// Bit manual, "Multiline parsing"): a line that matches a rule of the state
// start_state begins a record, and lines go on with it as long as they match a
// rule of the state that the line before led to.
type MultilineParser struct {
	Name  string
	rules []multilineRule
}

type multilineRule struct {
	state, next string
	expr        *regexp.Regexp
}

var (
	setting = regexp.MustCompile(`^\s+(\S+)\s+(.+?)\s*$`)
	ruleOf  = regexp.MustCompile(`^"([^"]+)"\s+"/(.+)/"\s+"([^"]+)"$`)
)

// ParseMultiline reads the multiline parsers of a classic configuration file.
// Regular expressions that RE2 does not read are refused: Fluent Bit uses Onigmo,
// and only what both read alike is proven here.
func ParseMultiline(file, text string) ([]*MultilineParser, error) {
	var out []*MultilineParser
	var errs []error
	for i, l := range strings.Split(text, "\n") {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: line %d of the parsers: %s", file, i+1, fmt.Sprintf(format, args...)))
		}
		if strings.TrimSpace(l) == "[MULTILINE_PARSER]" {
			out = append(out, &MultilineParser{})
			continue
		}
		m := setting.FindStringSubmatch(l)
		if m == nil || len(out) == 0 {
			if strings.TrimSpace(l) != "" {
				bad("cannot read %q", l)
			}
			continue
		}
		p := out[len(out)-1]
		switch m[1] {
		case "name":
			p.Name = m[2]
		case "type":
			if m[2] != "regex" {
				bad("type %s: want regex", m[2])
			}
		case "flush_timeout":
		case "rule":
			parts := ruleOf.FindStringSubmatch(m[2])
			if parts == nil {
				bad(`rule %s: want "state" "/regex/" "next state"`, m[2])
				continue
			}
			expr, err := regexp.Compile(parts[2])
			if err != nil {
				bad("%v", err)
				continue
			}
			p.rules = append(p.rules, multilineRule{parts[1], parts[3], expr})
		default:
			bad("unknown setting %s", m[1])
		}
	}
	return out, errors.Join(errs...)
}

// Join returns the records that lines become.
func (p *MultilineParser) Join(lines []string) []string {
	var out []string
	state := ""
	for _, l := range lines {
		if next, ok := p.step(state, l); ok && state != "" {
			out[len(out)-1] += "\n" + l
			state = next
			continue
		}
		out = append(out, l)
		state, _ = p.step("start_state", l)
	}
	return out
}

func (p *MultilineParser) step(state, line string) (string, bool) {
	for _, r := range p.rules {
		if r.state == state && r.expr.MatchString(line) {
			return r.next, true
		}
	}
	return "", false
}
