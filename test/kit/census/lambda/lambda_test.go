package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/lambda"
)

func TestMain(m *testing.M) { censustest.Main(m) }

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func TestLambda(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c, code := censustest.Must(t), lambda.NewFromConfig(cfg), archive(t)
			role := censustest.Do(t, ctx, iam.NewFromConfig(cfg).CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
			must(c.CreateFunction(ctx, &lambda.CreateFunctionInput{
				FunctionName: &name, Role: role.Role.Arn, Runtime: types.RuntimePython312, Handler: aws.String("main.handler"), Code: &types.FunctionCode{ZipFile: code}, Tags: tags,
			}))
			must(c.PublishLayerVersion(ctx, &lambda.PublishLayerVersionInput{LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: code}}))
			queues := sqs.NewFromConfig(cfg)
			queue := censustest.Do(t, ctx, queues.CreateQueue, &sqs.CreateQueueInput{QueueName: &name})
			attributes := censustest.Do(t, ctx, queues.GetQueueAttributes, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
			must(c.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &name, EventSourceArn: aws.String(attributes.Attributes["QueueArn"]), Tags: tags}))
		},
		Types:    []string{"aws_lambda_function", "aws_lambda_layer_version", "aws_lambda_event_source_mapping"},
		Untagged: []string{"aws_lambda_layer_version"},
	})
}

// archive returns the smallest code that a function can have.
func archive(t testing.TB) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("main.py")
	if err == nil {
		_, err = w.Write([]byte("def handler(event, context):\n    return None\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
