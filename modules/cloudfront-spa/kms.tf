# A key for the bucket comes from outside, and so does its policy; only here is the
# distribution known that must be able to decrypt. The policy of the key and the bucket's
# encryption depend on the distribution, and the distribution on neither, so the output
# may be used in the policy of the very key that is handed in.
data "aws_iam_policy_document" "key" {
  statement {
    sid       = "AllowDistributionDecrypt"
    actions   = ["kms:Decrypt"]
    resources = ["*"] # in a key's policy this is the key itself

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }
}
