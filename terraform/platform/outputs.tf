output "irsa_role_arns" {
  description = "ARNs of the pods' roles, by \"namespace/service account\"."
  value       = local.irsa_role_arns
}

output "web_acl_arns" {
  description = "ARNs of the web ACLs: regional before the API, cloudfront before the application."
  value       = { regional = module.waf_regional.web_acl_arn, cloudfront = module.waf_cloudfront.web_acl_arn }
}

output "distribution_id" {
  description = "Id of the application's distribution, for invalidations."
  value       = module.frontend.distribution_id
}

output "distribution_domain_name" {
  description = "CloudFront's name of the distribution."
  value       = module.frontend.domain_name
}

output "frontend_bucket" {
  description = "Bucket that releases of the application are uploaded to."
  value       = module.frontend.bucket
}

output "certificate_arns" {
  description = "ARNs of the issued certificates: api, app."
  value       = { for host, v in aws_acm_certificate_validation.this : host => v.certificate_arn }
}

output "zone_id" {
  description = "Id of the domain's zone."
  value       = aws_route53_zone.this.zone_id
}

output "zone_name_servers" {
  description = "Name servers that the parent domain must delegate to."
  value       = aws_route53_zone.this.name_servers
}

output "loki_bucket" {
  description = "Bucket of Loki's chunks."
  value       = module.loki.bucket
}

output "argocd_values" {
  description = "Values with which Argo CD's root application is bootstrapped, as YAML."
  value       = yamlencode(local.argocd_values)
}
