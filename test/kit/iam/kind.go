package iam

// Kind says where a policy is attached, and by that which elements it may have.
type Kind uint8

// The kinds of policies ("Policies and permissions in IAM").
const (
	// IdentityPolicy is attached to a user, a group or a role, inline or managed.
	IdentityPolicy Kind = iota + 1
	// BoundaryPolicy is the permissions boundary of a user or a role.
	BoundaryPolicy
	// SessionPolicy is passed when a session is made.
	SessionPolicy
	// ResourcePolicy is attached to a resource: a bucket, a queue, a topic, a secret.
	ResourcePolicy
	// TrustPolicy is a role's: who may assume it. It must allow.
	TrustPolicy
	// KeyPolicy is a KMS key's. It must allow.
	KeyPolicy
	// ServiceControlPolicy is an organization's, for the principals of an account.
	ServiceControlPolicy
	// ResourceControlPolicy is an organization's, for the resources of an account.
	ResourceControlPolicy
	// EndpointPolicy is a VPC endpoint's.
	EndpointPolicy
)

var kindNames = [...]string{
	"policy", "identity policy", "permissions boundary", "session policy", "resource policy", "trust policy",
	"key policy", "service control policy", "resource control policy", "endpoint policy",
}

// String is the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[0]
}

// principals says whether the kind's statements name principals: always, never, or as
// their author likes.
func (k Kind) principals() (must, may bool) {
	switch k {
	case ResourcePolicy, TrustPolicy, KeyPolicy, ResourceControlPolicy:
		return true, true
	case EndpointPolicy:
		return false, true
	}
	return false, false
}

// resources says whether the kind's statements name resources.
func (k Kind) resources() (must, may bool) {
	switch k {
	case TrustPolicy:
		return false, false
	case ResourcePolicy: // a repository's policy of ECR names none
		return false, true
	}
	return true, true
}
