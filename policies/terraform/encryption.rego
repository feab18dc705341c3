# Data at rest lies under a customer's key, and keys are rotated.
package terraform.encryption

import data.terraform.plan

# keyed names, for each type, the attribute that holds the key.
keyed := {
	"aws_cloudwatch_log_group": "kms_key_id",
	"aws_secretsmanager_secret": "kms_key_id",
	"aws_sns_topic": "kms_master_key_id",
	"aws_elasticache_replication_group": "kms_key_id",
	"aws_backup_vault": "kms_key_arn",
	"aws_cloudtrail": "kms_key_id",
}

deny contains violation("key", rc, sprintf("has no %s: it is not encrypted under a customer's key", [attribute]), sprintf("set %s to the ARN of the key", [attribute]), "AWS Key Management Service: AWS services integrated with AWS KMS") if {
	some type, attribute in keyed
	some rc in plan.of(type)
	not plan.given(rc, attribute)
}

# A replica takes its source's key; RDS refuses one of its own in the same region.
deny contains violation("database", rc, "storage is not encrypted under a customer's key", "set storage_encrypted, and kms_key_id unless it is a replica", "Amazon RDS: Encrypting Amazon RDS resources") if {
	some rc in plan.of("aws_db_instance")
	not database_encrypted(rc)
}

database_encrypted(rc) if {
	rc.change.after.storage_encrypted == true
	plan.given(rc, "kms_key_id")
}

database_encrypted(rc) if {
	rc.change.after.storage_encrypted == true
	plan.given(rc, "replicate_source_db")
}

deny contains violation("cache", rc, "is not encrypted at rest and in transit", "set at_rest_encryption_enabled, transit_encryption_enabled and transit_encryption_mode = \"required\"", "Amazon ElastiCache: Data security") if {
	some rc in plan.of("aws_elasticache_replication_group")
	after := rc.change.after
	not [after.at_rest_encryption_enabled, after.transit_encryption_enabled, after.transit_encryption_mode] in [["true", true, "required"], [true, true, "required"]]
}

deny contains violation("queue", rc, "messages are not encrypted", "set kms_master_key_id, or sqs_managed_sse_enabled for messages without data of clients", "Amazon SQS: Encryption at rest") if {
	some rc in plan.of("aws_sqs_queue")
	not plan.given(rc, "kms_master_key_id")
	not rc.change.after.sqs_managed_sse_enabled == true
}

deny contains violation("bucket", rc, "has no default encryption under a customer's key", "add an aws_s3_bucket_server_side_encryption_configuration with aws:kms", "Amazon S3: Setting default server-side encryption behavior") if {
	some rc in plan.of("aws_s3_bucket")
	not bucket_encrypted(rc)
}

bucket_encrypted(rc) if {
	some sse in plan.about(rc, "aws_s3_bucket_server_side_encryption_configuration", "bucket")
	some rule in sse.change.after.rule
	some sse_default in rule.apply_server_side_encryption_by_default
	sse_default.sse_algorithm == "aws:kms"
}

# With a key that the apply finds out, the algorithm may be known only then too.
bucket_encrypted(rc) if {
	some sse in plan.about(rc, "aws_s3_bucket_server_side_encryption_configuration", "bucket")
	some rule in sse.change.after_unknown.rule
	some sse_default in rule.apply_server_side_encryption_by_default
	sse_default.kms_master_key_id == true
}

deny contains violation("repository", rc, "images are not encrypted under a customer's key", "set encryption_configuration with encryption_type = \"KMS\" and kms_key", "Amazon ECR: Encryption at rest") if {
	some rc in plan.of("aws_ecr_repository")
	not "KMS" in {e.encryption_type | some e in rc.change.after.encryption_configuration}
}

deny contains violation("cluster", rc, "Kubernetes secrets are not encrypted under a customer's key", "add encryption_config for secrets", "Amazon EKS: Encrypt Kubernetes secrets with KMS") if {
	some rc in plan.of("aws_eks_cluster")
	not "secrets" in {r | some e in rc.change.after.encryption_config; some r in e.resources}
}

deny contains violation("volume", rc, "an instance's volume is not encrypted", "set ebs.encrypted and ebs.kms_key_id in every block_device_mappings", "Amazon EBS: Amazon EBS encryption") if {
	some rc in plan.of("aws_launch_template")
	not volumes_encrypted(rc)
}

volumes_encrypted(rc) if {
	count(rc.change.after.block_device_mappings) > 0
	every mapping in rc.change.after.block_device_mappings {
		every ebs in mapping.ebs {
			ebs.encrypted == "true"
		}
	}
}

deny contains violation("table", rc, "is not encrypted under a customer's key", "set server_side_encryption with enabled and kms_key_arn", "Amazon DynamoDB: DynamoDB encryption at rest") if {
	some rc in plan.of("aws_dynamodb_table")
	not true in {s.enabled | some s in rc.change.after.server_side_encryption}
}

# Keys of multiple regions are rotated at their primary.
deny contains violation("rotation", rc, "the key is not rotated", "set enable_key_rotation", "AWS KMS: Rotate AWS KMS keys; CIS AWS Foundations Benchmark: KMS rotation") if {
	some rc in plan.of("aws_kms_key")
	not rc.change.after.enable_key_rotation == true
}

deny contains violation("listener", rc, "takes requests in the clear", "redirect to HTTPS, or set protocol = \"HTTPS\"", "Elastic Load Balancing: Listeners for your Application Load Balancers") if {
	some rc in plan.of("aws_lb_listener")
	rc.change.after.protocol == "HTTP"
	not "redirect" in {a.type | some a in rc.change.after.default_action}
}

violation(rule, rc, message, fix, source) := {"rule": concat(".", ["encryption", rule]), "address": rc.address, "message": message, "fix": fix, "source": source}
