// Package census asks the AWS APIs themselves what exists in an account, and
// removes what a run left there. A Terraform state cannot answer that: an apply
// killed half way leaves resources that no state knows, and the tagging API
// knows too few kinds of resource.
//
// The knowledge of one service is in one subpackage, named for its SDK package,
// which registers its listers when it is imported, as database drivers do. A
// program links only the services that it needs:
//
//	import _ "github.com/fintrack/platform/test/kit/census/rds"
//
// The package test/kit/census/all imports every one.
package census

import (
	"context"
	"fmt"
	"strings"
)

// Resource is one thing that an API listed.
//
// What AWS keeps for a while on a schedule of its own, and nobody can remove
// sooner, is not listed: a KMS key pending deletion ("Deleting AWS KMS keys"), a
// secret marked for deletion ("Delete an AWS Secrets Manager secret"), a
// terminated instance ("Terminate Amazon EC2 instances"), a deleted NAT gateway
// ("NAT gateways": its entry stays for about an hour), a deleted transit gateway
// or attachment. Neither is what AWS puts into every account and nobody can
// delete: managed keys and policies, default parameter groups, the default event
// bus, the main route table and the default group and ACL of each VPC.
type Resource struct {
	// Service is the SDK package, Type the Terraform type.
	Service, Type string
	// ID identifies the resource among those of its type in its region.
	ID  string
	ARN string
	// Name is the name that its maker chose; a path ("cluster/node group") when
	// it lives inside another resource. Empty when it has none.
	Name   string
	Region string
	// Tags are known when the answer that lists the resource carries them, or
	// once ReadTags was called.
	Tags map[string]string
	// ReadTags reads the tags when listing does not give them.
	ReadTags func(context.Context) (map[string]string, error)
	// Leaving says that its deletion is under way and needs only time.
	Leaving bool
	// Delete removes it, with what is part of it. It is called again while the
	// resource is still listed, and must bear that.
	Delete func(context.Context) error
	// Problem is why the last attempt to delete it failed.
	Problem error
}

// Key identifies the resource within its account: region/type/id.
func (r Resource) Key() string { return r.Region + "/" + r.Type + "/" + r.ID }

// String names the resource for people, with the problem of its deletion if any.
func (r Resource) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Type, r.ID)
	if r.Name != "" && r.Name != r.ID {
		fmt.Fprintf(&b, " (%s)", r.Name)
	}
	fmt.Fprintf(&b, " in %s", r.Region)
	if r.Problem != nil {
		fmt.Fprintf(&b, ": %v", r.Problem)
	} else if r.Leaving {
		b.WriteString(": its deletion is under way")
	}
	return b.String()
}
