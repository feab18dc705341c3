# Nothing of the data tier has a public address, and nothing is open to everybody.
package terraform.public_access

import data.terraform.plan

everybody := {"0.0.0.0/0", "::/0"}

# web are the ports at which everybody may knock.
web := {80, 443}

deny contains violation("database", rc, "has a public address", "set publicly_accessible = false", "Amazon RDS: Hiding a DB instance in a VPC from the internet") if {
	some rc in plan.of("aws_db_instance")
	rc.change.after.publicly_accessible == true
}

deny contains violation("bucket", rc, "has no public access block with all four settings", "add an aws_s3_bucket_public_access_block", "Amazon S3: Blocking public access to your Amazon S3 storage") if {
	some rc in plan.of("aws_s3_bucket")
	not bucket_blocked(rc)
}

bucket_blocked(rc) if {
	some block in plan.about(rc, "aws_s3_bucket_public_access_block", "bucket")
	every setting in {"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"} {
		block.change.after[setting] == true
	}
}

deny contains violation("ingress", rc, sprintf("everybody may connect on ports %v to %v", [rc.change.after.from_port, rc.change.after.to_port]), "name security groups or networks", "Amazon VPC: Security group rules") if {
	some rc in plan.of("aws_vpc_security_group_ingress_rule")
	some address in {rc.change.after.cidr_ipv4, rc.change.after.cidr_ipv6}
	address in everybody
	not {rc.change.after.from_port, rc.change.after.to_port} & web == {rc.change.after.from_port, rc.change.after.to_port}
}

deny contains violation("inline_ingress", rc, sprintf("everybody may connect on ports %v to %v", [rule.from_port, rule.to_port]), "name security groups or networks, in rules of their own", "Amazon VPC: Security group rules") if {
	some rc in plan.of("aws_security_group")
	some rule in rc.change.after.ingress
	some address in array.concat(rule.cidr_blocks, rule.ipv6_cidr_blocks)
	address in everybody
	not {rule.from_port, rule.to_port} & web == {rule.from_port, rule.to_port}
}

deny contains violation("api_server", rc, "the API server is open to everybody", "name networks in public_access_cidrs", "Amazon EKS: Cluster API server endpoint") if {
	some rc in plan.of("aws_eks_cluster")
	some config in rc.change.after.vpc_config
	config.endpoint_public_access == true
	not closed(config)
}

closed(config) if {
	count(config.public_access_cidrs) > 0
	every cidr in config.public_access_cidrs {
		not cidr in everybody
	}
}

deny contains violation("addresses", rc, "instances in this subnet get public addresses", "set map_public_ip_on_launch = false", "Amazon VPC: IP addressing for your VPCs and subnets") if {
	some rc in plan.of("aws_subnet")
	rc.change.after.map_public_ip_on_launch == true
}

violation(rule, rc, message, fix, source) := {"rule": concat(".", ["public_access", rule]), "address": rc.address, "message": message, "fix": fix, "source": source}
