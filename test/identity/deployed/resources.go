package deployed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/fintrack/platform/test/kit/iam"
)

// Resources reads the policies of buckets, keys, secrets and queues that an intent
// names, by their ARNs. One without a policy has none; anything else is an error.
func Resources(ctx context.Context, c aws.Config, arns []string) ([]iam.Attached, error) {
	var out []iam.Attached
	for _, arn := range arns {
		kind, document, err := document(ctx, c, arn)
		if err != nil {
			return nil, fmt.Errorf("policy of %s: %w", arn, err)
		}
		if document == "" {
			continue
		}
		p, err := iam.Parse(kind, arn, []byte(document))
		if err != nil {
			return nil, err
		}
		out = append(out, iam.Attached{Resource: arn, Policy: p})
	}
	return out, nil
}

func document(ctx context.Context, c aws.Config, arn string) (iam.Kind, string, error) {
	parts, ok := iam.SplitARN(arn)
	if !ok {
		return 0, "", errors.New("no ARN")
	}
	if parts.Region != "" {
		c = c.Copy()
		c.Region = parts.Region
	}
	switch parts.Service {
	case "s3":
		got, err := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &parts.Resource})
		if none(err, "NoSuchBucketPolicy") {
			return iam.ResourcePolicy, "", nil
		}
		if err != nil {
			return 0, "", err
		}
		return iam.ResourcePolicy, aws.ToString(got.Policy), nil
	case "kms":
		got, err := kms.NewFromConfig(c).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default")})
		if err != nil {
			return 0, "", err
		}
		return iam.KeyPolicy, aws.ToString(got.Policy), nil
	case "secretsmanager":
		got, err := secretsmanager.NewFromConfig(c).GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &arn})
		if err != nil {
			return 0, "", err
		}
		return iam.ResourcePolicy, aws.ToString(got.ResourcePolicy), nil
	case "sqs":
		client := sqs.NewFromConfig(c)
		url, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &parts.Resource})
		if err != nil {
			return 0, "", err
		}
		got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNamePolicy}})
		if err != nil {
			return 0, "", err
		}
		return iam.ResourcePolicy, got.Attributes["Policy"], nil
	}
	return 0, "", fmt.Errorf("policies of %s are not read", parts.Service)
}

// none says whether an error means that there is no policy.
func none(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), code)
}
