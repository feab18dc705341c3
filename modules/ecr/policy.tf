locals {
  # What docker pull and docker push call ("Amazon ECR repository policy examples").
  # GetAuthorizationToken has no resource, so it belongs into IAM policies.
  pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
  push = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]

  statements = concat(
    length(var.pull_principal_arns) == 0 ? [] : [{
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = sort(distinct(var.pull_principal_arns)) }
      Action    = local.pull
    }],
    length(var.push_principal_arns) == 0 ? [] : [{
      Sid       = "Push"
      Effect    = "Allow"
      Principal = { AWS = sort(distinct(var.push_principal_arns)) }
      Action    = sort(concat(local.pull, local.push))
    }],
  )
}

resource "aws_ecr_repository_policy" "this" {
  for_each = length(local.statements) == 0 ? [] : var.repositories

  repository = aws_ecr_repository.this[each.value].name
  policy     = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
