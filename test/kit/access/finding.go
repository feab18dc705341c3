package access

import "fmt"

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	// Extra is a permission that is deployed and not declared.
	Extra Kind = "extra"
	// Missing is one that is declared and does not work.
	Missing Kind = "missing"
	// Open is a role that somebody else may take as well.
	Open Kind = "open"
	// Shut is a role that its own taker cannot take.
	Shut Kind = "shut"
	// Unbounded is a role without its boundary, or with another one.
	Unbounded Kind = "unbounded"
	// Unknown is a role that no intent knows; Absent one that is declared and not there.
	Unknown Kind = "unknown"
	Absent  Kind = "absent"
	// Foreign is a policy of AWS that is attached and not declared, or the other way round.
	Foreign Kind = "foreign"
	// Escalating is a way by which a role could gain more.
	Escalating Kind = "escalating"
)

// Finding is one difference between the intent and what is deployed.
type Finding struct {
	Kind Kind
	Role string
	// Action and Resource are of a permission.
	Action, Resource string
	// Detail says what was found, and names the statement where there is one.
	Detail string
}

// String is the finding in one line.
func (f Finding) String() string {
	what := string(f.Kind) + ": " + f.Role
	if f.Action != "" {
		what += fmt.Sprintf(": %s on %s", f.Action, f.Resource)
	}
	return what + ": " + f.Detail
}
