package access

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// matrixHead names the columns of Matrix.
var matrixHead = []string{"role", "taken by", "effect", "actions", "resources", "conditions", "bounded"}

// Matrix is a table (RFC 4180) of what every declared role may do, for a person to
// read: a row for each statement and for each policy of AWS, by role.
func Matrix(declared []Declared) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(matrixHead); err != nil {
		return nil, err
	}
	for _, d := range declared {
		_, role, _ := strings.Cut(d.ARN, ":role/")
		bounded := "no"
		if d.Boundary != "" {
			bounded = "yes"
		}
		row := func(effect, actions, resources, conditions string) error {
			return w.Write([]string{role, d.Role.TakenBy.String(), effect, actions, resources, conditions, bounded})
		}
		for _, s := range statements(d.Policy) {
			effect := "allow"
			if s.Deny {
				effect = "deny"
			}
			if err := row(effect, listed(s.Actions, s.NotActions), listed(s.Resources, s.NotResources), conditions(s)); err != nil {
				return nil, err
			}
		}
		for _, p := range d.AWSPolicies {
			if err := row("allow", "what the policy says", p, ""); err != nil {
				return nil, err
			}
		}
		if d.Policy == nil && len(d.AWSPolicies) == 0 {
			if err := row("allow", "nothing", "", ""); err != nil {
				return nil, err
			}
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

func statements(p *iam.Policy) []iam.Statement {
	if p == nil {
		return nil
	}
	return p.Statements
}

func listed(values []string, others bool) string {
	text := strings.Join(slices.Sorted(slices.Values(values)), " ")
	if others {
		return "all but " + text
	}
	return text
}

func conditions(s iam.Statement) string {
	var out []string
	for _, c := range s.Conditions {
		out = append(out, c.Key+" "+c.Operator+" "+strings.Join(c.Values, " or "))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// String says who takes a role.
func (t Taker) String() string {
	switch {
	case t.ServiceAccount != "":
		return "service account " + t.ServiceAccount
	case t.GitHub != "":
		return "GitHub " + t.GitHub
	default:
		return t.Service
	}
}
