variable "seconds" {
  type    = number
  default = 60
}

resource "aws_sqs_queue" "this" {
  name                       = "${var.name}-base"
  visibility_timeout_seconds = var.seconds
  tags                       = var.tags
}

output "queue_arn" {
  value = aws_sqs_queue.this.arn
}

output "seconds" {
  value = aws_sqs_queue.this.visibility_timeout_seconds
}

output "login" {
  value     = { user = "planted-user", codes = ["planted-code-${var.seconds}"] }
  sensitive = true
}
