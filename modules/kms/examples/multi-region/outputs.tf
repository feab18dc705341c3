output "kms" {
  description = "The primaries."
  value       = module.kms
}

output "replica" {
  description = "The replicas."
  value       = module.replica
}

output "dr_region" {
  description = "Region of the replicas."
  value       = var.dr_region
}
