# What cannot be made again can be restored, and is not deleted by mistake.
package terraform.backups

import data.terraform.plan

deny contains violation("database", rc, sprintf("backups are kept for %v days", [rc.change.after.backup_retention_period]), "keep them for 7 days at least", "Amazon RDS: Working with backups; CIS AWS Foundations Benchmark") if {
	some rc in plan.of("aws_db_instance")
	not plan.given(rc, "replicate_source_db")
	not rc.change.after.backup_retention_period >= 7
}

deny contains violation("deletion", rc, "can be deleted by mistake", "set deletion_protection", "Amazon RDS: Deleting a DB instance") if {
	some rc in plan.of("aws_db_instance")
	not rc.change.after.deletion_protection == true
}

deny contains violation("final_snapshot", rc, "a destroy leaves no snapshot", "set skip_final_snapshot = false and final_snapshot_identifier", "Amazon RDS: Deleting a DB instance") if {
	some rc in plan.of("aws_db_instance")
	not plan.given(rc, "replicate_source_db")
	not rc.change.after.skip_final_snapshot == false
}

deny contains violation("cache", rc, "no snapshot is taken", "set snapshot_retention_limit to 1 or more", "Amazon ElastiCache: Snapshot and restore") if {
	some rc in plan.of("aws_elasticache_replication_group")
	not rc.change.after.snapshot_retention_limit >= 1
}

deny contains violation("bucket", rc, "has no versioning: what is overwritten is lost", "add an aws_s3_bucket_versioning with status Enabled", "Amazon S3: Retaining multiple versions of objects with S3 Versioning") if {
	some rc in plan.of("aws_s3_bucket")
	not versioned(rc)
}

versioned(rc) if {
	some versioning in plan.about(rc, "aws_s3_bucket_versioning", "bucket")
	some configuration in versioning.change.after.versioning_configuration
	configuration.status == "Enabled"
}

deny contains violation("table", rc, "has no point-in-time recovery", "set point_in_time_recovery", "Amazon DynamoDB: Point-in-time backups") if {
	some rc in plan.of("aws_dynamodb_table")
	not true in {p.enabled | some p in rc.change.after.point_in_time_recovery}
}

deny contains violation("key", rc, sprintf("is gone %v days after a mistake", [rc.change.after.deletion_window_in_days]), "set deletion_window_in_days to 7 or more", "AWS KMS: Delete an AWS KMS key") if {
	some rc in plan.of("aws_kms_key")
	rc.change.after.deletion_window_in_days < 7
}

violation(rule, rc, message, fix, source) := {"rule": concat(".", ["backups", rule]), "address": rc.address, "message": message, "fix": fix, "source": source}
