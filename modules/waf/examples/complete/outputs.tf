output "waf" {
  description = "Everything that the module puts out."
  value       = module.waf
}

output "kms_key_arn" {
  description = "Key of the example."
  value       = aws_kms_key.this.arn
}

output "load_balancer_arn" {
  description = "The load balancer that is protected."
  value       = aws_lb.this.arn
}
