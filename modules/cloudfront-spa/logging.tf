# Standard logging v2. The older kind writes by ACL, so its bucket would have to give up
# BucketOwnerEnforced, and it knows neither Parquet nor partitions.

resource "aws_cloudwatch_log_delivery_source" "this" {
  name         = var.name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn

  tags = var.tags

  lifecycle {
    precondition {
      condition     = data.aws_region.current.name == "us-east-1"
      error_message = "The module must be called with a provider in us-east-1, not ${data.aws_region.current.name}: CloudFront delivers its logs from there alone."
    }
  }
}

resource "aws_cloudwatch_log_delivery_destination" "this" {
  name          = var.name
  output_format = "parquet"

  delivery_destination_configuration {
    destination_resource_arn = var.log_bucket_arn
  }

  tags = var.tags
}

resource "aws_cloudwatch_log_delivery" "this" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.this.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.this.arn

  # Partitioned by the hour, so that a query over one day reads one day.
  s3_delivery_configuration {
    suffix_path                 = "/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"
    enable_hive_compatible_path = false
  }

  tags = var.tags
}
