package data

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func (l layer) queues(ctx context.Context) {
	url, arn, dead := l.d.Output("transactions_queue_url"), l.d.Output("transactions_queue_arn"), l.d.Output("transactions_dlq_arn")
	const subject = "aws_sqs_queue.transactions"
	encrypted := l.check("queue-key", "Transactions on their way are encrypted with the layer security's key", subject, "CC6.1", "C1.1")
	redrive := l.check("queue-dead-letters", "A transaction that fails five times is set aside, not lost, and from that queue alone", subject, "A1.1", "CC7.3")
	kept := l.check("queue-retention", "A transaction waits up to 14 days", subject, "A1.1")
	policy := l.check("queue-policy", "The queue refuses plain HTTP and every other account", subject, "CC6.1", "CC6.7")
	name := l.check("queue-name", "The queue has the name that alerts and services know", subject, "CC8.1")
	l.d.Checks.Equal(name, l.d.Name+"-transactions", l.d.Output("transactions_queue_name"))
	l.deadLetters(ctx, dead)
	a, err := l.attributes(ctx, url)
	if err != nil {
		l.d.Checks.Err(encrypted, "the queue's attributes", err)
		return
	}
	l.d.Checks.Equal(encrypted, l.keys["sqs"], a["KmsMasterKeyId"])
	l.d.Checks.Equal(kept, "1209600", a["MessageRetentionPeriod"])
	got, err := decode(a["RedrivePolicy"])
	if err != nil {
		l.d.Checks.Err(redrive, "a redrive policy", err)
	} else {
		l.d.Checks.Equal(redrive, map[string]any{"deadLetterTargetArn": dead, "maxReceiveCount": float64(5)}, got)
	}
	l.denials(policy, a["Policy"], arn)
}

// deadLetters reads the queue of what was set aside: the same data, so the same rules.
func (l layer) deadLetters(ctx context.Context, arn string) {
	const subject = "aws_sqs_queue.dead_letters"
	encrypted := l.check("dead-letters-key", "Transactions that were set aside are encrypted with the layer security's key", subject, "CC6.1", "C1.1")
	refuses := l.check("dead-letters-policy", "Their queue refuses plain HTTP and every other account", subject, "CC6.1", "CC6.7")
	url, err := sqs.NewFromConfig(l.d.AWS).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(arn[strings.LastIndexByte(arn, ':')+1:])})
	if err != nil {
		l.d.Checks.Err(encrypted, "the queue", err)
		return
	}
	a, err := l.attributes(ctx, aws.ToString(url.QueueUrl))
	if err != nil {
		l.d.Checks.Err(encrypted, "the queue's attributes", err)
		return
	}
	l.d.Checks.Equal(encrypted, l.keys["sqs"], a["KmsMasterKeyId"])
	l.denials(refuses, a["Policy"], arn)
}

// denials holds a queue's policy against the two denials that both queues have.
func (l layer) denials(c check.Check, policy, arn string) {
	statements, err := policydoc.BySid(policy)
	if err != nil {
		l.d.Checks.Err(c, "two denials", err)
		return
	}
	everybody := map[string]any{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn}
	l.d.Checks.Equal(c, map[string]map[string]any{
		"DenyPlainHTTP":     with(everybody, "DenyPlainHTTP", map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}),
		"DenyOtherAccounts": with(everybody, "DenyOtherAccounts", map[string]any{"StringNotEquals": map[string]any{"aws:PrincipalAccount": l.d.Sandbox.Account}}),
	}, statements)
}

func with(statement map[string]any, sid string, condition map[string]any) map[string]any {
	all := map[string]any{"Sid": sid, "Condition": condition}
	for k, v := range statement {
		all[k] = v
	}
	return all
}

func (l layer) attributes(ctx context.Context, url string) (map[string]string, error) {
	out, err := sqs.NewFromConfig(l.d.AWS).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}
