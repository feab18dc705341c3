# A policy names what it allows, and to whom. Documents that are known only after the
# apply are listed as not judged.
package terraform.wildcard_iam

import data.terraform.plan

# documents are the attributes that hold policies, by type.
documents := {
	"aws_iam_policy": "policy",
	"aws_iam_role_policy": "policy",
	"aws_iam_role": "assume_role_policy",
	"aws_kms_key": "policy",
	"aws_kms_replica_key": "policy",
	"aws_s3_bucket_policy": "policy",
	"aws_sns_topic_policy": "policy",
	"aws_sqs_queue_policy": "policy",
	"aws_secretsmanager_secret_policy": "policy",
	"aws_ecr_repository_policy": "policy",
	"aws_vpc_endpoint": "policy",
}

judged contains [rc, statement] if {
	some type, attribute in documents
	some rc in plan.of(type)
	document := json.unmarshal(rc.change.after[attribute])
	some statement in list(document.Statement)
	statement.Effect == "Allow"
}

not_judged contains rc.address if {
	some type, attribute in documents
	some rc in plan.of(type)
	rc.change.after_unknown[attribute] == true
}

list(x) := x if is_array(x)

list(x) := [x] if not is_array(x)

# resource_based: in these the resource is the one that the policy is attached to.
resource_based := {"aws_kms_key", "aws_kms_replica_key", "aws_secretsmanager_secret_policy", "aws_ecr_repository_policy"}

# The account itself may administer a key: without it a key cannot be mended ("AWS
# KMS: Default key policy").
administers_key(rc, statement) if {
	rc.type in {"aws_kms_key", "aws_kms_replica_key"}
	some principal in list(statement.Principal.AWS)
	endswith(principal, ":root")
}

# A permissions boundary allows nothing by itself: kinds of action are its purpose.
bounds(rc) if {
	is_string(rc.change.after.name)
	contains(rc.change.after.name, "boundary")
}

# Nor does the policy of an endpoint: it only narrows what may pass.
bounds(rc) if rc.type == "aws_vpc_endpoint"

deny contains violation("action", rc, sprintf("allows every action (%v)", [action]), "name the actions", "AWS IAM: Grant least privilege") if {
	some [rc, statement] in judged
	some action in list(statement.Action)
	action == "*"
}

deny contains violation("service", rc, sprintf("allows every action of a service (%v)", [action]), "name the actions", "AWS IAM: Grant least privilege") if {
	some [rc, statement] in judged
	some action in list(statement.Action)
	endswith(action, ":*")
	not administers_key(rc, statement)
	not bounds(rc)
}

deny contains violation("not_action", rc, "allows everything but some actions", "name the actions that are allowed", "AWS IAM: IAM JSON policy elements: NotAction") if {
	some [rc, statement] in judged
	statement.NotAction
}

# Actions that change something, on every resource, under no condition.
deny contains violation("resource", rc, sprintf("allows %v on every resource", [action]), "name the resources, or say under which condition", "AWS IAM: Grant least privilege") if {
	some [rc, statement] in judged
	rc.type in {"aws_iam_policy", "aws_iam_role_policy"}
	"*" in list(statement.Resource)
	not statement.Condition
	some action in list(statement.Action)
	not reads(action)
	not bounds(rc)
}

# Reading, and what AWS gives no resource for ("Actions, resources, and condition
# keys for AWS services").
reads(action) if regex.match(`^[a-z0-9-]+:(Get|List|Describe|BatchGet|Search|Lookup)[A-Za-z]*$`, action)

reads(action) if action in {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "ec2:CreateNetworkInterface", "logs:StartQuery"}

deny contains violation("principal", rc, "lets in everybody, under no condition", "name the principals, or say under which condition", "AWS IAM: AWS JSON policy elements: Principal") if {
	some [rc, statement] in judged
	everybody(statement.Principal)
	not statement.Condition
	not narrowed(rc, statement)
}

# An endpoint's policy may narrow by what is reached in place of who reaches it.
narrowed(rc, statement) if {
	rc.type == "aws_vpc_endpoint"
	not "*" in list(statement.Resource)
}

everybody(principal) if principal == "*"

everybody(principal) if "*" in list(principal.AWS)

violation(rule, rc, message, fix, source) := {"rule": concat(".", ["wildcard_iam", rule]), "address": rc.address, "message": message, "fix": fix, "source": source}
