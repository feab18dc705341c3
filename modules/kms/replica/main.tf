# Replicas of multi-region keys, in the region of the provider that the module is
# given. A module of its own, so that who needs no replica needs no second
# provider.

resource "aws_kms_replica_key" "this" {
  for_each = var.primary_key_arns

  primary_key_arn         = each.value
  description             = "${var.name}: replica for ${each.key}"
  deletion_window_in_days = var.deletion_window_in_days
  policy                  = var.policies[each.key]
  tags                    = merge(var.tags, { Name = "${var.name}-${each.key}", Use = each.key })
}

resource "aws_kms_alias" "this" {
  for_each = var.primary_key_arns

  name          = "alias/${var.name}/${each.key}"
  target_key_id = aws_kms_replica_key.this[each.key].key_id
}
