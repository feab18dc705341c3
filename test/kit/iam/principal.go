package iam

import "strings"

// PrincipalType is what kind of caller makes a request.
type PrincipalType uint8

// The kinds of callers ("IAM JSON policy elements: Principal").
const (
	// Anonymous has no credentials.
	Anonymous PrincipalType = iota
	// Root is the root user of an account.
	Root
	// User is an IAM user.
	User
	// Session is an assumed role.
	Session
	// FederatedUser is a session that a user made by GetFederationToken.
	FederatedUser
	// Service is an AWS service that calls on its own.
	Service
	// WebIdentity has a token of an OIDC provider: AssumeRoleWithWebIdentity.
	WebIdentity
	// SAML has an assertion of a SAML provider: AssumeRoleWithSAML.
	SAML
)

var typeNames = [...]string{"anonymous caller", "root user", "user", "role session", "federated user", "service", "web identity", "SAML identity"}

// String is the type in words.
func (t PrincipalType) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown caller"
}

// contextValue is the value of aws:PrincipalType.
func (t PrincipalType) contextValue() string {
	switch t {
	case Anonymous:
		return "Anonymous"
	case Root:
		return "Account"
	case User:
		return "User"
	case FederatedUser:
		return "FederatedUser"
	case Session:
		return "AssumedRole"
	}
	return ""
}

// Principal is the caller of a request. Use one of the functions below to make it,
// and add what else is known of it.
type Principal struct {
	Type PrincipalType
	// ARN is the caller's own: of a session arn:aws:sts::<account>:assumed-role/<role>/<session>.
	ARN string
	// Role is the ARN of a session's role, with its path.
	Role string
	// User is the ARN of the user who made a federated user's session.
	User string
	// Account is the caller's account, 12 digits; empty for services, web identities,
	// SAML identities and anonymous callers.
	Account string
	// Service is a service's name, such as ec2.amazonaws.com.
	Service string
	// Provider is the ARN of a web or SAML identity's provider, or the name of one that
	// needs no ARN, such as accounts.google.com.
	Provider string
	// UserID is aws:userid, such as AROAEXAMPLE:session.
	UserID string
	// OrgID is the caller's organization.
	OrgID string
	// Tags are the tags of the user, the role or the session.
	Tags map[string]string
	// ServiceLinked says that the role is linked to a service: no control policy of an
	// organization binds it.
	ServiceLinked bool
}

// RoleSession is a session of a role. An ARN that is none makes an anonymous caller.
func RoleSession(role, session string) Principal {
	parts, ok := SplitARN(role)
	if !ok {
		return Principal{}
	}
	return Principal{
		Type: Session, Role: role, Account: parts.Account,
		ARN:           "arn:" + parts.Partition + ":sts::" + parts.Account + ":assumed-role/" + lastOf(role, '/') + "/" + session,
		ServiceLinked: strings.HasPrefix(parts.Resource, "role/aws-service-role/"),
	}
}

// UserWith is an IAM user.
func UserWith(arn string) Principal {
	parts, _ := SplitARN(arn)
	return Principal{Type: User, ARN: arn, Account: parts.Account}
}

// RootOf is the root user of an account.
func RootOf(account string) Principal {
	return Principal{Type: Root, ARN: "arn:aws:iam::" + account + ":root", Account: account}
}

// Federated is the session that a user made by GetFederationToken.
func Federated(user, name string) Principal {
	parts, _ := SplitARN(user)
	return Principal{
		Type: FederatedUser, User: user, Account: parts.Account,
		ARN: "arn:" + parts.Partition + ":sts::" + parts.Account + ":federated-user/" + name,
	}
}

// ServiceNamed is an AWS service, such as lambda.amazonaws.com.
func ServiceNamed(name string) Principal { return Principal{Type: Service, Service: name} }

// WebIdentityOf is the holder of a token of an OIDC provider. The token's claims go
// into the context, as <issuer>:sub and so on.
func WebIdentityOf(provider string) Principal {
	return Principal{Type: WebIdentity, Provider: provider}
}

// SAMLOf is the holder of an assertion of a SAML provider.
func SAMLOf(provider string) Principal { return Principal{Type: SAML, Provider: provider} }

// identity is aws:PrincipalArn: of a session it is the role's.
func (p *Principal) identity() string {
	if p.Type == Session {
		return p.Role
	}
	return p.ARN
}

// String names the caller.
func (p Principal) String() string {
	for _, s := range []string{p.ARN, p.Service, p.Provider} {
		if s != "" {
			return s
		}
	}
	return p.Type.String()
}

// ARN is an Amazon Resource Name in its parts.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// SplitARN takes an ARN apart ("IAM ARNs").
func SplitARN(s string) (ARN, bool) {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ARN{}, false
	}
	var fields [4]string
	for i := range fields {
		if fields[i], rest, ok = strings.Cut(rest, ":"); !ok {
			return ARN{}, false
		}
	}
	return ARN{fields[0], fields[1], fields[2], fields[3], rest}, true
}

// String puts an ARN together.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}
