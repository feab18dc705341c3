output "role_arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}

output "role_id" {
  description = "Unique id of the role, as it begins the aws:userid of its sessions."
  value       = aws_iam_role.this.unique_id
}

output "subjects" {
  description = "Subjects of the tokens that may assume the role."
  value       = local.subjects
}

output "service_account_annotations" {
  description = "Annotations that give a Kubernetes service account the role."
  value       = { "eks.amazonaws.com/role-arn" = aws_iam_role.this.arn }
}
