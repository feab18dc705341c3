package iam

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Record is one decision as it is kept in a trail: a file of JSON lines, one for each
// request that was decided.
type Record struct {
	Time time.Time `json:"time"`
	// Request is the id that the caller was given, where there is one.
	Request string `json:"request,omitempty"`
	// Principal is the caller's ARN, or what else names it; Role is a session's role.
	Principal string `json:"principal"`
	Role      string `json:"role,omitempty"`
	Action    string `json:"action"`
	Resource  string `json:"resource"`
	Allowed   bool   `json:"allowed"`
	// Decision is allowed, implicitly denied or explicitly denied; Layer is where it fell.
	Decision string `json:"decision"`
	Layer    string `json:"layer"`
	// Policy, Statement (its index) and Sid are what decided it, where a statement did.
	Policy    string `json:"policy,omitempty"`
	Statement int    `json:"statement,omitempty"`
	Sid       string `json:"sid,omitempty"`
	Reason    string `json:"reason"`
}

// NewRecord is the record of a decision at a time.
func NewRecord(at time.Time, id string, r *Request, got Result) Record {
	out := Record{
		Time: at, Request: id, Principal: r.Principal.String(), Role: r.Principal.Role, Action: r.Action, Resource: r.Resource,
		Allowed: got.Decision == Allowed, Decision: got.Decision.String(), Layer: got.Layer.String(), Reason: got.Reason(),
	}
	if s := got.Statement; s != nil {
		out.Policy, out.Statement, out.Sid = s.Policy.Name, s.Index, s.Sid
	}
	return out
}

// longestRecord is how long a line of a trail may be.
const longestRecord = 1 << 20

// ReadTrail reads a trail. A line that is no record is an error that gives its number.
func ReadTrail(r io.Reader) ([]Record, error) {
	var out []Record
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), longestRecord)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var record Record
		err := json.Unmarshal(lines.Bytes(), &record)
		if err == nil && (record.Action == "" || record.Principal == "") {
			err = errors.New("no action or no principal")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the trail: %w", n, err)
		}
		out = append(out, record)
	}
	return out, lines.Err()
}

// Users counts who was allowed an action, by role; "" is whoever acted without one.
func Users(records []Record, action string) map[string]int {
	out := map[string]int{}
	for _, r := range records {
		if r.Action == action && r.Allowed {
			out[r.Role]++
		}
	}
	return out
}

// UsedByAlone reports that the role was allowed what Users counted, so often at the
// least, and nobody else was.
func UsedByAlone(users map[string]int, role string, least int) bool {
	return role != "" && least > 0 && len(users) == 1 && users[role] >= least
}
