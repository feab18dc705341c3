# A PostgreSQL instance for data that must not be lost, read by strangers, or
# reached from outside: Multi-AZ, encrypted, IAM-authenticated, TLS only.

locals {
  major = split(".", var.engine_version)[0]

  instance_defaults = {
    instance_class             = var.instance_class
    ca_cert_identifier         = var.ca_cert_identifier
    auto_minor_version_upgrade = true
    maintenance_window         = var.maintenance_window
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = local.instance_defaults.instance_class
  db_name        = var.db_name

  # No password is known to Terraform: RDS makes one, keeps it in Secrets Manager
  # under our key and rotates it. Services log in by IAM token, not with it.
  username                      = var.master_username
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  allocated_storage     = var.allocated_storage
  max_allocated_storage = var.max_allocated_storage
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  port                   = var.port
  ca_cert_identifier     = local.instance_defaults.ca_cert_identifier
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_retention_period
  backup_window             = var.backup_window
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  maintenance_window          = local.instance_defaults.maintenance_window
  auto_minor_version_upgrade  = local.instance_defaults.auto_minor_version_upgrade
  allow_major_version_upgrade = false
  apply_immediately           = var.apply_immediately

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = var.performance_insights_retention_period
  monitoring_interval                   = var.monitoring_interval
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]

  tags = merge(var.tags, { Name = var.name })

  depends_on = [aws_iam_role_policy_attachment.monitoring]
}

# ---------------------------------------------------------------------------
# Read replica
# ---------------------------------------------------------------------------

resource "aws_db_instance" "replica" {
  count = var.read_replica == null ? 0 : 1

  identifier          = "${var.name}-replica"
  replicate_source_db = aws_db_instance.this.identifier
  instance_class      = coalesce(var.read_replica.instance_class, local.instance_defaults.instance_class)
  multi_az            = var.read_replica.multi_az

  iam_database_authentication_enabled = true
  storage_type                        = "gp3"
  max_allocated_storage               = var.max_allocated_storage
  storage_encrypted                   = true
  # kms_key_id is not set: a replica in the same region takes its source's key.

  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  port                   = var.port
  ca_cert_identifier     = local.instance_defaults.ca_cert_identifier
  parameter_group_name   = aws_db_parameter_group.this.name

  copy_tags_to_snapshot = true
  deletion_protection   = var.deletion_protection
  skip_final_snapshot   = true # a replica has nothing that its source has not

  maintenance_window         = local.instance_defaults.maintenance_window
  auto_minor_version_upgrade = local.instance_defaults.auto_minor_version_upgrade
  apply_immediately          = var.apply_immediately

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = var.performance_insights_retention_period
  monitoring_interval                   = var.monitoring_interval
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]

  tags = merge(var.tags, { Name = "${var.name}-replica" })
}
