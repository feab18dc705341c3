resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${local.major}"
  description = "Parameters of ${var.name}"

  # Refuses every connection without TLS.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # What changes the schema and who connects belongs to the audit trail.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_connections"
    value = "1"
  }

  parameter {
    name  = "log_disconnections"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = tostring(var.slow_query_ms)
  }

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true # a group in use cannot be deleted
  }
}
