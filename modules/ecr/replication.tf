data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

# A copy lands in the repository of the same name in the other region. Where there
# is none ECR makes one with mutable tags and without our key, so apply this module
# there too ("Private image replication in Amazon ECR").
resource "aws_ecr_replication_configuration" "this" {
  count = length(var.replication_regions) == 0 ? 0 : 1

  replication_configuration {
    rule {
      dynamic "destination" {
        for_each = var.replication_regions

        content {
          region      = destination.value
          registry_id = data.aws_caller_identity.current.account_id
        }
      }

      dynamic "repository_filter" {
        for_each = sort(var.repositories)

        content {
          filter      = repository_filter.value
          filter_type = "PREFIX_MATCH"
        }
      }
    }
  }

  depends_on = [aws_ecr_repository.this]

  lifecycle {
    precondition {
      condition     = !contains(var.replication_regions, data.aws_region.current.name)
      error_message = "replication_regions must not hold ${data.aws_region.current.name}, the region of the repositories themselves."
    }
  }
}
