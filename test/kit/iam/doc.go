// Package iam reads AWS IAM policies and decides requests by them as AWS documents
// it. It is pure: it reads no file, no clock and no network.
//
// # Use
//
//	policy, err := iam.Parse(iam.IdentityPolicy, "reports-read", document)
//	result := iam.Evaluate(&iam.Request{
//		Action:    "s3:GetObject",
//		Resource:  "arn:aws:s3:::reports/2026/a.csv",
//		Principal: iam.RoleSession("arn:aws:iam::111122223333:role/reports", "pod"),
//		Context:   iam.NewContext(map[string][]string{"aws:SecureTransport": {"true"}}),
//	}, &iam.Policies{Identity: []*iam.Policy{policy}})
//	fmt.Println(result.Decision, result.Reason())
//
// Parse compiles a policy once; Evaluate then allocates nothing. A Policy is never
// changed after Parse, so that many goroutines may evaluate it at once. A Request and
// its Context are only read.
//
// # Order of evaluation
//
// As "Policy evaluation logic" in the IAM User Guide has it:
//
//  1. a Deny of any policy that applies ends it: ExplicitlyDenied;
//  2. resource control policies, then service control policies: every level must allow;
//  3. the policy of a VPC endpoint, when the request came through one;
//  4. policies of the resource. In the principal's own account an Allow for the user
//     or the session itself is enough; one for the role is still held to the boundary
//     and the session policies; one for the account leaves the decision to the
//     identity's policies. The trust policy of a role and the policy of a KMS key must
//     allow in any case, and no identity policy takes their place;
//  5. identity policies, the permissions boundary, session policies.
//
// Across accounts both sides must allow ("Cross-account policy evaluation logic").
// Services, web identities, SAML identities and anonymous callers have no identity
// policies: the resource's policy alone decides.
//
// # Choices where the documentation leaves one open
//
//   - A condition value whose variable has no value in the request matches nothing, and
//     a negated operator is then false too: the statement does not apply ("IAM policy
//     elements: Variables and tags": such a statement is invalid).
//   - What a variable stands for is taken literally; a "*" in it is no wildcard.
//   - A "*" within an ARN stays between its colons, except as the last character of a
//     segment, where it may go on beyond them ("IAM JSON policy elements: Resource").
//     The last of the six parts counts as one segment.
//   - An operator without a set prefix that meets a key with several values is true
//     when one of them matches; a negated one when none does.
//   - The principal "*" counts as the caller itself, unless a condition on
//     aws:PrincipalArn narrows it, for then it counts as that role.
//   - A grant of KMS counts as a statement of the key's policy for its grantee.
//   - A user name in NotPrincipal exempts it only if its account is named beside it,
//     and a session only if its role and account are ("IAM JSON policy elements:
//     NotPrincipal").
//
// # Context keys
//
// Keys are found whatever their case. What follows from the principal and the resource
// need not be given: aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType,
// aws:PrincipalOrgID, aws:PrincipalTag/…, aws:PrincipalIsAWSService,
// aws:PrincipalServiceName, aws:userid, aws:username, aws:FederatedProvider,
// aws:ResourceAccount, aws:ResourceOrgID and kms:CallerAccount; a value in the Context goes before.
// aws:CurrentTime and all others are the caller's to give.
package iam
