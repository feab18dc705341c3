output "key_arns" {
  description = "ARN of each key, by use."
  value       = { for use, k in aws_kms_key.this : use => k.arn }
}

output "key_ids" {
  description = "Id of each key, by use."
  value       = { for use, k in aws_kms_key.this : use => k.key_id }
}

output "alias_names" {
  description = "Alias of each key, by use."
  value       = { for use, a in aws_kms_alias.this : use => a.name }
}

output "policies" {
  description = "Policy of each key as JSON, by use; a replica in another region needs one of its own."
  value       = { for use, k in aws_kms_key.this : use => k.policy }
}
