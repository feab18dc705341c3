package calls

import "strings"

// roleOperations read or change one role; profileOperations one instance profile.
var (
	roleOperations = set(
		"AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "GetRole", "GetRolePolicy",
		"ListAttachedRolePolicies", "ListRolePolicies", "ListRoleTags", "PutRolePermissionsBoundary", "PutRolePolicy", "TagRole",
		"UpdateAssumeRolePolicy", "DeleteRolePermissionsBoundary", "UpdateRole",
	)
	profileOperations = set("CreateInstanceProfile", "DeleteInstanceProfile", "GetInstanceProfile", "TagInstanceProfile")
	policyOperations  = set("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "SetDefaultPolicyVersion")
	userOperations    = set("AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile", "CreateUser", "DeleteUser", "GetUser", "PutUserPolicy")
	listOperations    = set("GetAccountSummary", "ListInstanceProfiles", "ListOpenIDConnectProviders", "ListPolicies", "ListRoles", "ListUsers")
)

// identities is IAM. An ARN without a path stands for roles made without one; the
// platform makes no other.
func identities(in *Input) (Call, error) {
	c, v, err := in.form("iam", Query)
	if err != nil {
		return c, err
	}
	arn := func(kind, name string) string { return "arn:aws:iam::" + in.Account + ":" + kind + "/" + name }
	kind, name := "", ""
	switch {
	case listOperations[c.Operation]:
		return *c.need("*", nil), nil
	case roleOperations[c.Operation]:
		kind, name = "role", strings.TrimPrefix(v.Get("Path"), "/")+v.Get("RoleName")
	case profileOperations[c.Operation]:
		kind, name = "instance-profile", strings.TrimPrefix(v.Get("Path"), "/")+v.Get("InstanceProfileName")
	case policyOperations[c.Operation]:
		if !isARN(v.Get("PolicyArn"), "iam") {
			return c.missing("policy")
		}
		return *c.need(v.Get("PolicyArn"), nil), nil
	case userOperations[c.Operation]:
		kind, name = "user", strings.TrimPrefix(v.Get("Path"), "/")+v.Get("UserName")
	case c.Operation == "CreatePolicy":
		kind, name = "policy", strings.TrimPrefix(v.Get("Path"), "/")+v.Get("PolicyName")
	case c.Operation == "CreateServiceLinkedRole":
		service := v.Get("AWSServiceName")
		role, ok := linkedRoles[service]
		if !ok {
			return c.missing("service whose linked role's name is known here")
		}
		return *c.need(arn("role", "aws-service-role/"+service+"/"+role), context("iam:AWSServiceName", service)), nil
	default:
		return c.unknown()
	}
	if name == "" || strings.HasSuffix(name, "/") {
		return c.missing(kind)
	}
	return *c.need(arn(kind, name), context("iam:PolicyARN", v.Get("PolicyArn"), "iam:PermissionsBoundary", v.Get("PermissionsBoundary"))), nil
}

// linkedRoles are the names of service-linked roles.
var linkedRoles = map[string]string{
	"elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
	"spot.amazonaws.com":                 "AWSServiceRoleForEC2Spot",
	"autoscaling.amazonaws.com":          "AWSServiceRoleForAutoScaling",
}

// sts needs the role that is to be assumed.
func sts(in *Input) (Call, error) {
	c, v, err := in.form("sts", Query)
	if err != nil {
		return c, err
	}
	switch c.Operation {
	case "GetCallerIdentity", "AssumeRoleWithWebIdentity":
		return c, nil
	case "AssumeRole":
		if !isARN(v.Get("RoleArn"), "iam") {
			return c.missing("role")
		}
		ctx := context("sts:ExternalId", v.Get("ExternalId"), "sts:RoleSessionName", v.Get("RoleSessionName"), "sts:SourceIdentity", v.Get("SourceIdentity"))
		c.need(v.Get("RoleArn"), ctx)
		if tags := pairs(v, "Tags.member.", ".Key", ".Value"); len(tags) > 0 {
			c.also("sts:TagSession", v.Get("RoleArn"), tagged(tags))
		}
		return c, nil
	}
	return c.unknown()
}
