# The most that a role of a service can ever be given: what pods and pipelines call,
# and nothing by which they could give themselves more, or hide what they did.
data "aws_iam_policy_document" "boundary" {
  statement {
    sid = "WhatServicesCall"
    actions = [
      "acm:*", "athena:*", "autoscaling:Describe*", "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation", "cloudwatch:*",
      "cognito-idp:DescribeUserPoolClient", "dynamodb:*", "ec2:*", "ecr:*", "eks:Describe*", "elasticache:Connect",
      "elasticloadbalancing:*", "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:CreateServiceLinkedRole",
      "iam:DeleteInstanceProfile", "iam:Get*", "iam:List*", "iam:PassRole", "iam:RemoveRoleFromInstanceProfile",
      "iam:TagInstanceProfile", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*",
      "kms:ReEncrypt*", "logs:*", "pricing:GetProducts", "rds-db:connect", "route53:*", "s3:*", "secretsmanager:*",
      "shield:Describe*", "shield:GetSubscriptionState", "sns:Publish", "sqs:*", "ssm:GetParameter", "sts:AssumeRole",
      "sts:TagSession", "tag:GetResources", "waf-regional:*", "wafv2:*", "xray:Put*",
    ]
    resources = ["*"] # a boundary grants nothing: each role's own policy names its resources
  }

  statement {
    sid    = "NeverTheDoorsThemselves"
    effect = "Deny"
    actions = [
      "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "config:DeleteConfigurationRecorder", "config:StopConfigurationRecorder",
      "ec2:DisableEbsEncryptionByDefault", "guardduty:DeleteDetector", "iam:CreateAccessKey", "iam:CreateUser",
      "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup", "s3:DeleteBucketPolicy", "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock", "secretsmanager:DeleteResourcePolicy", "secretsmanager:PutResourcePolicy",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-service-boundary"
  description = "The most that a role of a service can be given"
  policy      = data.aws_iam_policy_document.boundary.json
  tags        = local.tags
}
