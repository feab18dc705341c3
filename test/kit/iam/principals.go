package iam

import (
	"fmt"
	"regexp"
	"strings"
)

// principalEntry is one principal that a statement names.
type principalEntry struct {
	kind  entryKind
	value string
}

type entryKind uint8

const (
	everybody entryKind = iota
	accountEntry
	roleEntry
	userEntry
	sessionEntry // of a role, or of a federated user
	serviceEntry
	providerEntry
	canonicalEntry
	idEntry // the unique id that IAM puts in place of a principal that was deleted
)

// access is how directly a resource's policy means the caller. The order counts.
type access uint8

const (
	noAccess access = iota
	throughAccount
	throughRole // or, of a federated user, through the user
	direct
)

var (
	accountID     = regexp.MustCompile(`^[0-9]{12}$`)
	uniqueID      = regexp.MustCompile(`^A[A-Z0-9]{15,127}$`)
	principalARN  = regexp.MustCompile(`^arn:[a-z0-9-]+:(iam|sts)::([0-9]{12}):(.+)$`)
	principalKeys = []string{"AWS", "Service", "Federated", "CanonicalUser"}
)

// entryOf reads one value of a Principal element ("IAM JSON policy elements:
// Principal").
func entryOf(kind, value string) (principalEntry, error) {
	if value == "*" && (kind == "AWS" || kind == "*") {
		return principalEntry{kind: everybody}, nil
	}
	switch kind {
	case "Service":
		if value != "*" && !strings.Contains(value, ".") {
			return principalEntry{}, fmt.Errorf("%q is no service principal; want a name such as ec2.amazonaws.com", value)
		}
		return principalEntry{serviceEntry, value}, nil
	case "Federated":
		return principalEntry{providerEntry, value}, nil
	case "CanonicalUser":
		return principalEntry{canonicalEntry, value}, nil
	}
	if accountID.MatchString(value) {
		return principalEntry{accountEntry, value}, nil
	}
	if uniqueID.MatchString(value) {
		return principalEntry{idEntry, value}, nil
	}
	m := principalARN.FindStringSubmatch(value)
	switch {
	case m == nil:
		return principalEntry{}, fmt.Errorf("%q is no principal; want an account id, an ARN of a user, a role or a session, or *", value)
	case strings.ContainsAny(value, "*?"):
		return principalEntry{}, fmt.Errorf("%q: a principal cannot hold a wildcard; want the whole ARN, or * alone", value)
	case m[1] == "iam" && m[3] == "root":
		return principalEntry{accountEntry, m[2]}, nil
	case m[1] == "iam" && strings.HasPrefix(m[3], "role/"):
		return principalEntry{roleEntry, value}, nil
	case m[1] == "iam" && strings.HasPrefix(m[3], "user/"):
		return principalEntry{userEntry, value}, nil
	case m[1] == "sts" && (strings.HasPrefix(m[3], "assumed-role/") || strings.HasPrefix(m[3], "federated-user/")):
		return principalEntry{sessionEntry, value}, nil
	}
	return principalEntry{}, fmt.Errorf("%q is the ARN of no principal; want a user, a role, a session or an account's root", value)
}

// means says how directly the entry names the caller.
func (n *principalEntry) means(p *Principal) access {
	switch n.kind {
	case everybody:
		return direct
	case accountEntry:
		switch {
		case p.Account == "" || p.Account != n.value:
			return noAccess
		case p.Type == Root:
			return direct
		}
		return throughAccount
	case roleEntry:
		return when(p.Type == Session && p.Role == n.value, throughRole)
	case userEntry:
		if p.Type == FederatedUser && p.User == n.value {
			return throughRole
		}
		return when(p.Type == User && p.ARN == n.value, direct)
	case sessionEntry:
		return when((p.Type == Session || p.Type == FederatedUser) && p.ARN == n.value, direct)
	case serviceEntry:
		return when(p.Type == Service && (n.value == "*" || p.Service == n.value), direct)
	case providerEntry:
		return when((p.Type == WebIdentity || p.Type == SAML) && (n.value == "*" || p.Provider == n.value), direct)
	case canonicalEntry, idEntry:
		// Neither can be told from the ARN of a caller; a deleted principal calls no more.
	}
	return noAccess
}

func when(b bool, a access) access {
	if b {
		return a
	}
	return noAccess
}

// matchesPrincipal says how directly the statement means the caller.
func (s *Statement) matchesPrincipal(p *Principal) access {
	if s.NotPrincipals {
		return when(!s.excepts(p), direct)
	}
	best := noAccess
	for i := range s.principals {
		if a := s.principals[i].means(p); a > best {
			best = a
			if a == direct && p.Type == Session && s.principals[i].kind == everybody && s.narrowsIdentity {
				best = throughRole
			}
		}
	}
	return best
}

// excepts says whether NotPrincipal leaves the caller out: each of the names that it
// goes by must be listed.
func (s *Statement) excepts(p *Principal) bool {
	var self, parent, account bool
	for i := range s.principals {
		n := &s.principals[i]
		switch n.means(p) {
		case direct:
			if n.kind == everybody {
				return true
			}
			self = true
		case throughRole:
			parent = true
		case throughAccount:
			account = true
		}
	}
	switch p.Type {
	case User:
		return self && account
	case Session, FederatedUser:
		return self && parent && account
	}
	return self
}
