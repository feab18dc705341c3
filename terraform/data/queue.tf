resource "aws_sqs_queue" "transactions" {
  name                       = "${var.name}-transactions"
  kms_master_key_id          = data.terraform_remote_state.security.outputs.kms_key_arns["sqs"]
  visibility_timeout_seconds = 120     # a worker's limit for one transaction, twice
  message_retention_seconds  = 1209600 # 14 days, the longest that SQS keeps one
  receive_wait_time_seconds  = 20

  tags = merge(local.tags, { Name = "${var.name}-transactions" })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-transactions-dlq"
  kms_master_key_id         = data.terraform_remote_state.security.outputs.kms_key_arns["sqs"]
  message_retention_seconds = 1209600

  tags = merge(local.tags, { Name = "${var.name}-transactions-dlq" })
}

resource "aws_sqs_queue_redrive_policy" "transactions" {
  queue_url = aws_sqs_queue.transactions.url
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.transactions.arn]
  })
}

# The roles' own policies grant; these deny what no grant may open: plain HTTP, and
# every other account.
data "aws_iam_policy_document" "queue" {
  for_each = { transactions = aws_sqs_queue.transactions.arn, dead_letters = aws_sqs_queue.dead_letters.arn }

  statement {
    sid       = "DenyPlainHTTP"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "DenyOtherAccounts"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  for_each = { transactions = aws_sqs_queue.transactions.url, dead_letters = aws_sqs_queue.dead_letters.url }

  queue_url = each.value
  policy    = data.aws_iam_policy_document.queue[each.key].json
}
