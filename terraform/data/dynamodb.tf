locals {
  tables = {
    # Each request of a client once: what was answered to an Idempotency-Key.
    idempotency = { hash_key = "request_id", range_key = null, ttl = "expires_at" }
    # The course of every reconciliation, by client and run.
    reconciliations = { hash_key = "client_id", range_key = "run_id", ttl = null }
    # What the anomaly detector marked, by client and transaction.
    anomalies = { hash_key = "client_id", range_key = "transaction_id", ttl = null }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash_key
  range_key                   = each.value.range_key
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = compact([each.value.hash_key, each.value.range_key])

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "ttl" {
    for_each = each.value.ttl[*]

    content {
      enabled        = true
      attribute_name = ttl.value
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["dynamodb"]
  }

  tags = merge(local.tags, { Name = "${var.name}-${each.key}", Backup = "daily" })
}
