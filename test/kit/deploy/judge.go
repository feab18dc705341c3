package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
)

// ruleAt is how Terraform names the rule behind an invalid value.
var ruleAt = regexp.MustCompile(`validation rule at (\S+):(\d+),`)

var notKebab = regexp.MustCompile(`[^a-z0-9]+`)

// judge records a check for each case, one for the base and one for the rules.
func (r Refusals) judge(checks *check.Set, found []diagnostic, rules []string) {
	texts := make([][]string, len(r.Cases)+1)
	covered := map[string]bool{}
	var stray []string
	for _, d := range found {
		covered[d.rule] = true
		if !d.placed || d.call+1 >= len(texts) {
			stray = append(stray, d.text)
			continue
		}
		texts[d.call+1] = append(texts[d.call+1], d.text)
	}
	subject := "modules/" + r.Module
	promise := func(id, title, next string) check.Check {
		return check.Check{ID: r.Module + "." + id, Title: title, Controls: []string{"CC8.1"}, Subject: subject, Next: next}
	}
	for i, c := range r.Cases {
		said := strings.Join(texts[i+1], "\n          ")
		observed := said
		if said == "" {
			observed = "accepted"
		}
		checks.That(promise("refuses."+strings.Trim(notKebab.ReplaceAllString(strings.ToLower(c.Name), "-"), "-"), "Refuses: "+c.Name,
			fmt.Sprintf("add or mend the validation of %s", argumentNames(c))),
			strings.Contains(flat(said), flat(c.Message)) && c.Message != "", "an error that says: "+c.Message, observed)
	}
	outside := append(slices.Clone(texts[0]), stray...)
	observed := "accepted"
	if len(outside) > 0 {
		observed = strings.Join(outside, "\n          ")
	}
	checks.That(promise("refuses.nothing-valid", "A valid call is accepted, and no error stands outside a case", "mend the base of the refusals"), len(outside) == 0, "accepted", observed)
	var bare []string
	for _, rule := range rules {
		if !covered[rule] {
			bare = append(bare, rule)
		}
	}
	observed = fmt.Sprintf("each of %d rules refused something", len(rules))
	if len(bare) > 0 {
		observed = "rules that refused nothing: " + strings.Join(bare, ", ")
	}
	checks.That(promise("refuses.by-every-rule", "Every validation rule has an input that it refuses", "add a case for each rule"), len(bare) == 0, fmt.Sprintf("each of %d rules refuses an input", len(rules)), observed)
}

func argumentNames(c Refusal) string {
	var names []string
	for k := range c.Set {
		names = append(names, k)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// flat undoes the line breaks that Terraform puts into a message.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
