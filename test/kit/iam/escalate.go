package iam

import (
	"slices"
	"strings"
)

// Path is a way by which an identity can get more than it was given.
type Path struct {
	// From is the identity that begins it.
	From *Identity
	// Way names the kind, such as "pass a role to a new Lambda function".
	Way string
	// Steps are the actions of the chain, each with the statement that allows it.
	Steps []Step
	// To is what is gained: another identity of the account, or "itself" for more of its
	// own permissions.
	To string
}

// Step is one action of a path.
type Step struct {
	Action, Resource string
	Statement        *Statement
}

// String is the chain in one line.
func (p Path) String() string {
	var steps []string
	for _, s := range p.Steps {
		steps = append(steps, s.Action+" on "+s.Resource+" ["+s.Statement.String()+"]")
	}
	return p.From.Name() + ": " + p.Way + ": " + strings.Join(steps, ", then ") + ", gains " + p.To
}

// way is a kind of escalation: actions that must all be allowed, each on some resource.
type way struct {
	name    string
	actions []string
	// pass says that iam:PassRole of a role to this service comes first, and that the
	// gain is that role.
	pass string
	// own says on what the actions must be allowed: on what the identity itself has.
	target target
}

type target uint8

const (
	anyTarget     target = iota
	rolesTarget          // the ARN of another role, which is the gain
	usersTarget          // the ARN of a user, which is the gain
	selfTarget           // the identity itself
	policyTarget         // a managed policy that the identity has
	computeTarget        // something that runs with a role
)

// ways are the kinds of escalation that are known from public research on IAM ("AWS IAM
// Privilege Escalation - Methods and Mitigation", Rhino Security Labs) and AWS's own
// "Grant permissions to pass a role to an AWS service".
var ways = []way{
	{name: "write a new version of its own policy", actions: []string{"iam:CreatePolicyVersion"}, target: policyTarget},
	{name: "choose an older version of its own policy", actions: []string{"iam:SetDefaultPolicyVersion"}, target: policyTarget},
	{name: "attach a policy to itself", actions: []string{"iam:AttachRolePolicy"}, target: selfTarget},
	{name: "attach a policy to itself", actions: []string{"iam:AttachUserPolicy"}, target: selfTarget},
	{name: "write an inline policy for itself", actions: []string{"iam:PutRolePolicy"}, target: selfTarget},
	{name: "write an inline policy for itself", actions: []string{"iam:PutUserPolicy"}, target: selfTarget},
	{name: "attach a policy to a group", actions: []string{"iam:AttachGroupPolicy"}},
	{name: "write an inline policy for a group", actions: []string{"iam:PutGroupPolicy"}},
	{name: "join a group", actions: []string{"iam:AddUserToGroup"}},
	{name: "remove its boundary", actions: []string{"iam:DeleteRolePermissionsBoundary"}, target: selfTarget},
	{name: "remove its boundary", actions: []string{"iam:DeleteUserPermissionsBoundary"}, target: selfTarget},
	{name: "change its boundary", actions: []string{"iam:PutRolePermissionsBoundary"}, target: selfTarget},
	{name: "change its boundary", actions: []string{"iam:PutUserPermissionsBoundary"}, target: selfTarget},
	{name: "detach a policy that denies", actions: []string{"iam:DetachRolePolicy"}, target: selfTarget},
	{name: "delete an inline policy that denies", actions: []string{"iam:DeleteRolePolicy"}, target: selfTarget},
	{name: "make another role trust it, and take that role", actions: []string{"iam:UpdateAssumeRolePolicy"}, target: rolesTarget},
	{name: "make an access key of a user", actions: []string{"iam:CreateAccessKey"}, target: usersTarget},
	{name: "make a password of a user", actions: []string{"iam:CreateLoginProfile"}, target: usersTarget},
	{name: "change the password of a user", actions: []string{"iam:UpdateLoginProfile"}, target: usersTarget},
	{name: "make a user with a key", actions: []string{"iam:CreateUser", "iam:CreateAccessKey", "iam:AttachUserPolicy"}},
	{name: "make a role that it may take", actions: []string{"iam:CreateRole", "iam:AttachRolePolicy"}},
	{name: "make a role that it may take", actions: []string{"iam:CreateRole", "iam:PutRolePolicy"}},
	{name: "let tokens of its own provider in", actions: []string{"iam:CreateOpenIDConnectProvider", "iam:UpdateAssumeRolePolicy"}},
	{name: "pass a role to a new Lambda function and call it", pass: "lambda.amazonaws.com", actions: []string{"lambda:CreateFunction", "lambda:InvokeFunction"}},
	{name: "pass a role to a new Lambda function that events call", pass: "lambda.amazonaws.com", actions: []string{"lambda:CreateFunction", "lambda:CreateEventSourceMapping"}},
	{name: "pass a role to a new Lambda function that others may call", pass: "lambda.amazonaws.com", actions: []string{"lambda:CreateFunction", "lambda:AddPermission"}},
	{name: "pass a role to a new instance", pass: "ec2.amazonaws.com", actions: []string{"ec2:RunInstances"}},
	{name: "give an instance another profile", pass: "ec2.amazonaws.com", actions: []string{"ec2:AssociateIamInstanceProfile"}},
	{name: "give an instance another profile", pass: "ec2.amazonaws.com", actions: []string{"ec2:ReplaceIamInstanceProfileAssociation"}},
	{name: "put a role into an instance profile", pass: "ec2.amazonaws.com", actions: []string{"iam:AddRoleToInstanceProfile"}},
	{name: "pass a role to a new task of ECS", pass: "ecs-tasks.amazonaws.com", actions: []string{"ecs:RegisterTaskDefinition", "ecs:RunTask"}},
	{name: "pass a role to a new service of ECS", pass: "ecs-tasks.amazonaws.com", actions: []string{"ecs:RegisterTaskDefinition", "ecs:CreateService"}},
	{name: "pass a role to a new Glue endpoint", pass: "glue.amazonaws.com", actions: []string{"glue:CreateDevEndpoint"}},
	{name: "pass a role to a new Glue job", pass: "glue.amazonaws.com", actions: []string{"glue:CreateJob", "glue:StartJobRun"}},
	{name: "pass a role to a new stack", pass: "cloudformation.amazonaws.com", actions: []string{"cloudformation:CreateStack"}},
	{name: "pass a role to a changed stack", pass: "cloudformation.amazonaws.com", actions: []string{"cloudformation:UpdateStack"}},
	{name: "pass a role to a new build", pass: "codebuild.amazonaws.com", actions: []string{"codebuild:CreateProject", "codebuild:StartBuild"}},
	{name: "pass a role to a new pipeline of data", pass: "datapipeline.amazonaws.com", actions: []string{"datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"}},
	{name: "pass a role to a new notebook", pass: "sagemaker.amazonaws.com", actions: []string{"sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"}},
	{name: "pass a role to a new state machine", pass: "states.amazonaws.com", actions: []string{"states:CreateStateMachine", "states:StartExecution"}},
	{name: "pass a role to a new automation", pass: "ssm.amazonaws.com", actions: []string{"ssm:StartAutomationExecution"}},
	{name: "pass a role to a new runtime of pods", pass: "pods.eks.amazonaws.com", actions: []string{"eks:CreatePodIdentityAssociation"}},
	{name: "change the code of a function", actions: []string{"lambda:UpdateFunctionCode"}, target: computeTarget},
	{name: "change the layers of a function", actions: []string{"lambda:UpdateFunctionConfiguration"}, target: computeTarget},
	{name: "run commands on an instance", actions: []string{"ssm:SendCommand"}, target: computeTarget},
	{name: "open a shell on an instance", actions: []string{"ssm:StartSession"}, target: computeTarget},
	{name: "log in to an instance with a key of its own", actions: []string{"ec2-instance-connect:SendSSHPublicKey"}, target: computeTarget},
	{name: "write what an instance runs when it starts", actions: []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}, target: computeTarget},
	{name: "change a Glue endpoint's key", actions: []string{"glue:UpdateDevEndpoint"}, target: computeTarget},
	{name: "run a command in a container", actions: []string{"ecs:ExecuteCommand"}, target: computeTarget},
	{name: "make itself an administrator of the cluster", actions: []string{"eks:CreateAccessEntry", "eks:AssociateAccessPolicy"}, target: computeTarget},
	{name: "rewrite who may use a key", actions: []string{"kms:PutKeyPolicy"}, target: computeTarget},
	{name: "give itself the key by a grant", actions: []string{"kms:CreateGrant"}, target: computeTarget},
	{name: "rewrite who may read a bucket", actions: []string{"s3:PutBucketPolicy"}, target: computeTarget},
	{name: "rewrite who may read a secret", actions: []string{"secretsmanager:PutResourcePolicy"}, target: computeTarget},
}

// Escalations lists the ways by which an identity could get more than it was given,
// in any context: an Allow with a condition counts, for a caller can often meet it; a
// condition that names the service that a role may be passed to is heeded.
func (a *Account) Escalations(from *Identity) []Path {
	var out []Path
	for i := range ways {
		out = append(out, a.along(from, &ways[i])...)
	}
	return append(out, a.assumes(from)...)
}

// along follows one way.
func (a *Account) along(from *Identity, w *way) []Path {
	if w.pass == "" {
		return a.reach(from, w, w.target)
	}
	rest := from.some(w.actions, "")
	if rest == nil {
		return nil
	}
	var out []Path
	for _, role := range a.Identities {
		if role.Trust == nil || role == from || !a.serves(role, w.pass) {
			continue
		}
		r := Request{Action: "iam:PassRole", Resource: role.ARN, Principal: from.Principal(), ResourceAccount: a.ID}
		r.Context.Set("iam:PassedToService", w.pass)
		s := a.could(from, r)
		if s == nil || contradicts(s, "iam:passedtoservice", w.pass) {
			continue
		}
		out = append(out, Path{from, w.name, append([]Step{{r.Action, role.ARN, s}}, rest...), role.ARN})
	}
	return out
}

// serves says whether a service may take the role.
func (a *Account) serves(role *Identity, service string) bool {
	r := Request{Action: "sts:AssumeRole", Resource: role.ARN, Principal: ServiceNamed(service), ResourceAccount: a.ID}
	return Possible(&r, &Policies{Resource: []*Policy{role.Trust}}).Decision == Allowed
}

// contradicts says whether a condition of the statement on one key cannot hold for a
// value.
func contradicts(s *Statement, key, value string) bool {
	r := Request{}
	r.Context.Set(key, value)
	e := evaluation{request: &r}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.key.name == key && !c.holds(&e) {
			return true
		}
	}
	return false
}

// could is the statement that allows a request in some context, or nil.
func (a *Account) could(from *Identity, r Request) *Statement {
	p := a.Of(from, &r)
	p.Delegated = true
	got := Possible(&r, p)
	if got.Decision != Allowed {
		return nil
	}
	if got.Statement == nil {
		return &Statement{Policy: &Policy{Name: got.Layer.String()}}
	}
	return got.Statement
}

// reach follows a way without a role that is passed.
func (a *Account) reach(from *Identity, w *way, t target) []Path {
	path := func(steps []Step, to string) []Path {
		if steps == nil {
			return nil
		}
		return []Path{{from, w.name, steps, to}}
	}
	switch t {
	case selfTarget:
		return path(a.all(from, w.actions, from.ARN), "itself")
	case policyTarget:
		var out []Path
		for _, p := range from.Policies {
			if strings.HasPrefix(p.Name, "arn:") && !strings.Contains(p.Name, ":iam::aws:") {
				out = append(out, path(a.all(from, w.actions, p.Name), "itself")...)
			}
		}
		return out
	case rolesTarget, usersTarget:
		var out []Path
		for _, i := range a.Identities {
			if i != from && (i.Trust != nil) == (t == rolesTarget) {
				out = append(out, path(a.all(from, w.actions, i.ARN), i.ARN)...)
			}
		}
		return out
	case computeTarget:
		return path(from.some(w.actions, "outside"), "what that holds or runs as")
	}
	return path(from.some(w.actions, ""), "whatever it grants there")
}

// all are the steps when every action is possible on one resource, or nil.
func (a *Account) all(from *Identity, actions []string, resource string) []Step {
	var out []Step
	for _, action := range actions {
		s := a.could(from, Request{Action: action, Resource: resource, Principal: from.Principal(), ResourceAccount: a.ID})
		if s == nil {
			return nil
		}
		out = append(out, Step{action, resource, s})
	}
	return out
}

// some are the steps when every action is allowed on some resource, or nil. With
// "outside" a statement that a condition holds to the caller's own tags or to what
// AWS itself asks for does not count.
func (i *Identity) some(actions []string, how string) []Step {
	var out []Step
	for _, action := range actions {
		if i.Boundary != nil && !i.Boundary.speaksOf(action, false) || i.always(action) {
			return nil
		}
		s := i.allowing(action, how == "outside")
		if s == nil {
			return nil
		}
		out = append(out, Step{action, strings.Join(s.Resources, ", "), s})
	}
	return out
}

// held are the keys that hold a statement to the platform's own things or to what a
// service asks for on behalf of a resource.
func held(s *Statement) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		return c.key.name == "kms:grantisforawsresource" || strings.HasPrefix(c.key.name, "aws:resourcetag/")
	})
}

func (i *Identity) allowing(action string, outside bool) *Statement {
	for _, p := range i.Policies {
		for n := range p.Statements {
			s := &p.Statements[n]
			if !s.Deny && s.MatchesAction(action) && (!outside || !held(s)) {
				return s
			}
		}
	}
	return nil
}

// assumes follows roles that can be taken one from another, and says where a chain
// ends.
func (a *Account) assumes(from *Identity) []Path {
	var out []Path
	seen := map[*Identity]bool{from: true}
	type link struct {
		at    *Identity
		steps []Step
	}
	for queue := []link{{from, nil}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, to := range a.Identities {
			if to.Trust == nil || seen[to] {
				continue
			}
			s := a.mayTake(at.at, to)
			if s == nil {
				continue
			}
			seen[to] = true
			steps := append(slices.Clone(at.steps), Step{"sts:AssumeRole", to.ARN, s})
			out = append(out, Path{from, "take another role", steps, to.ARN})
			queue = append(queue, link{to, steps})
		}
	}
	return out
}

// mayTake is the statement by which one identity can take the role of another, or nil.
// Here the trust policy must really allow.
func (a *Account) mayTake(from, to *Identity) *Statement {
	r := Request{Action: "sts:AssumeRole", Resource: to.ARN, Principal: from.Principal(), ResourceAccount: a.ID}
	got := Possible(&r, a.Of(from, &r))
	if got.Decision != Allowed {
		return nil
	}
	return got.Statement
}
