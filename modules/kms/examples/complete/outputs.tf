output "kms" {
  description = "Everything that the module puts out."
  value       = module.kms
}
