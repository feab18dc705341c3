package iam

import "strings"

// Request is one action on one resource. A call that touches several resources is
// several requests, and each must be allowed.
type Request struct {
	// Action is service:Name, such as s3:GetObject; its case does not matter.
	Action string
	// Resource is an ARN, or "*" for an action that knows no resource.
	Resource  string
	Principal Principal
	Context   Context
	// ResourceAccount is the account that owns the resource. It need not be given when
	// the ARN names it; a bucket's does not. Where nothing says it, the resource counts
	// as the caller's own account's.
	ResourceAccount string
	// ResourceOrgID is the organization of that account.
	ResourceOrgID string
	// EncryptionContext is that of a cryptographic operation of KMS, for grants.
	EncryptionContext map[string]string
}

// owner is the account of the resource, or "" when nothing says it.
func (r *Request) owner() string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	rest, ok := strings.CutPrefix(r.Resource, "arn:")
	if !ok {
		return ""
	}
	for range 3 {
		if _, rest, ok = strings.Cut(rest, ":"); !ok {
			return ""
		}
	}
	account, _, _ := strings.Cut(rest, ":")
	if len(account) != 12 {
		return "" // "aws" of what AWS owns, or none
	}
	return account
}

// Policies are all that bear on a request.
type Policies struct {
	// ServiceControl are the service control policies of the caller's account, by level:
	// the organization's root, its units, the account. Every level must allow. None: the
	// account is in no organization, or manages it.
	ServiceControl [][]*Policy
	// ResourceControl are those of the resource's account, likewise.
	ResourceControl [][]*Policy
	// Endpoint is the policy of the VPC endpoint that the request came through.
	Endpoint []*Policy
	// Resource are the policies of the resource. A role's trust policy and a key's
	// policy belong here.
	Resource []*Policy
	// Delegated says that the resource's policy leaves the decision to the account's
	// identity policies, as a key policy that allows the account does. It is for
	// questions about identities alone, when the key's policy is not at hand.
	Delegated bool
	// Grants are those of a KMS key.
	Grants []Grant
	// Identity are the inline and managed policies of the caller: of a session its
	// role's, of a user also its groups'.
	Identity []*Policy
	// Boundary is the caller's permissions boundary; nil when it has none.
	Boundary *Policy
	// Session are the policies that were passed when the session was made; a session
	// without any is not narrowed.
	Session []*Policy
}

// Grant lets a principal use a KMS key ("Grants in AWS KMS").
type Grant struct {
	// Grantee is the ARN of the principal, or a service's name.
	Grantee string
	// Operations are those that it may call, without the prefix: Decrypt.
	Operations []string
	// ContextEquals must be the encryption context itself, ContextSubset a part of it;
	// nil narrows nothing.
	ContextEquals, ContextSubset map[string]string
}
