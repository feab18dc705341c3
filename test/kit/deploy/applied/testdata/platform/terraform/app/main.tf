variable "state_bucket" {
  type = string
}

variable "state_region" {
  type = string
}

variable "retention" {
  type    = number
  default = 3600
}

data "terraform_remote_state" "base" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "base/terraform.tfstate"
    region = var.state_region
  }
}

resource "aws_sqs_queue" "this" {
  name                       = "${var.name}-app"
  message_retention_seconds  = var.retention
  visibility_timeout_seconds = data.terraform_remote_state.base.outputs.seconds
  tags                       = merge(var.tags, { Base = data.terraform_remote_state.base.outputs.queue_arn })
}

variable "topic" {
  type    = string
  default = null
}

resource "aws_sns_topic_subscription" "this" {
  count = var.topic == null ? 0 : 1

  topic_arn = var.topic
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.this.arn
}

output "queue_url" {
  value = aws_sqs_queue.this.url
}
