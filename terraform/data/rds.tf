module "rds" {
  source = "../../modules/rds"

  name                      = var.name
  vpc_id                    = data.terraform_remote_state.networking.outputs.vpc_id
  subnet_ids                = data.terraform_remote_state.networking.outputs.isolated_subnet_ids
  client_security_group_ids = { rotation = aws_security_group.rotation.id }
  kms_key_arn               = data.terraform_remote_state.security.outputs.kms_key_arns["rds"]

  instance_class          = var.rds.instance_class
  multi_az                = var.rds.multi_az
  allocated_storage       = var.rds.allocated_storage
  max_allocated_storage   = var.rds.max_allocated_storage
  backup_retention_period = var.rds.backup_retention_days
  read_replica            = var.rds.read_replica == null ? null : { instance_class = var.rds.read_replica }
  deletion_protection     = var.deletion_protection

  tags = merge(local.tags, { Backup = "daily" })
}
