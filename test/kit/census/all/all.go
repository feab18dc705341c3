// Package all registers the listers of every service.
package all

import (
	_ "github.com/fintrack/platform/test/kit/census/autoscaling"
	_ "github.com/fintrack/platform/test/kit/census/chatbot"
	_ "github.com/fintrack/platform/test/kit/census/cloudwatch"
	_ "github.com/fintrack/platform/test/kit/census/dynamodb"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/events"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/lambda"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/rds"
	_ "github.com/fintrack/platform/test/kit/census/s3"
	_ "github.com/fintrack/platform/test/kit/census/secretsmanager"
	_ "github.com/fintrack/platform/test/kit/census/sns"
	_ "github.com/fintrack/platform/test/kit/census/sqs"
)
