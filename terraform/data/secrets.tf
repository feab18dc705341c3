# The first password of the reporting role. Ephemeral: in no plan and no state, and
# known to nobody after the first rotation.
ephemeral "aws_secretsmanager_random_password" "reporting" {
  password_length     = 40
  exclude_punctuation = true
}

module "secrets" {
  source = "../../modules/secrets-manager"

  name                    = "${var.name}/${local.long_name}"
  kms_key_arn             = data.terraform_remote_state.security.outputs.kms_key_arns["secrets-manager"]
  recovery_window_in_days = var.secret_recovery_days
  replicas                = { (var.dr_region) = data.terraform_remote_state.security.outputs.dr_kms_key_arns["secrets-manager"] }
  dr_reader_role_arns     = var.dr_reader_role_arns

  secrets = {
    rds = {
      description           = "Where the database is, and the reporting role's password. The services log in by IAM and need no password."
      rotation_days         = 30
      initial_value_version = 1
    }
    redis = {
      description           = "Where the cache is. The services log in by IAM."
      initial_value_version = 1
    }
    sqs = {
      description           = "Where the transactions queue is."
      initial_value_version = 1
    }
    pagerduty = { description = "Routing key of PagerDuty, written by hand." }
    slack     = { description = "Webhooks of the Slack channels, written by hand." }
    grafana   = { description = "Administrator of Grafana, written by hand." }
  }

  initial_values = {
    rds = jsonencode({
      engine   = "postgres"
      host     = module.rds.address
      port     = module.rds.port
      dbname   = module.rds.db_name
      username = "reporting"
      password = ephemeral.aws_secretsmanager_random_password.reporting.random_password
    })
    redis = jsonencode({ host = module.redis.configuration_endpoint, port = module.redis.port })
    sqs   = jsonencode({ "transactions-queue-url" = aws_sqs_queue.transactions.url })
  }

  rotation = {
    layer_arns               = [aws_lambda_layer_version.driver.arn]
    package                  = var.rotation_package
    subnet_ids               = data.terraform_remote_state.networking.outputs.private_subnet_ids
    security_group_ids       = [aws_security_group.rotation.id]
    rotate_immediately       = var.rotate_immediately
    log_kms_key_arn          = data.terraform_remote_state.security.outputs.kms_key_arns["logs"]
    permissions_boundary_arn = data.terraform_remote_state.security.outputs.permissions_boundary_arn
  }

  tags = local.tags
}

resource "aws_lambda_layer_version" "driver" {
  layer_name               = "${var.name}-rotation-driver"
  description              = "The pg8000 driver and the certificate authorities of Amazon RDS."
  filename                 = var.rotation_driver_package
  source_code_hash         = filebase64sha256(var.rotation_driver_package)
  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]
}

# The rotation function: to the database and to the endpoints, nowhere else.
resource "aws_security_group" "rotation" {
  name_prefix = "${var.name}-rotation-"
  description = "Rotation function of ${var.name}: calls the database and Secrets Manager"
  vpc_id      = data.terraform_remote_state.networking.outputs.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-rotation" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "rotation_to_database" {
  security_group_id            = aws_security_group.rotation.id
  description                  = "PostgreSQL"
  referenced_security_group_id = module.rds.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = module.rds.port
  to_port                      = module.rds.port
  tags                         = merge(local.tags, { Name = "${var.name}-rotation-to-database" })
}

resource "aws_vpc_security_group_egress_rule" "rotation_to_endpoints" {
  security_group_id            = aws_security_group.rotation.id
  description                  = "Secrets Manager and KMS by their endpoints"
  referenced_security_group_id = data.terraform_remote_state.networking.outputs.endpoint_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  tags                         = merge(local.tags, { Name = "${var.name}-rotation-to-endpoints" })
}
