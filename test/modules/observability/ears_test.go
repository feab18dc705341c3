package observability_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ears is a queue that is subscribed to both topics.
type ears struct {
	m             module
	sns           *sns.Client
	sqs           *sqs.Client
	url           *string
	subscriptions []string
}

func (m module) listen(ctx context.Context) (*ears, error) {
	e := &ears{m: m, sns: sns.NewFromConfig(m.AWS), sqs: sqs.NewFromConfig(m.AWS)}
	name := m.Name + "-ears"
	arn := "arn:aws:sqs:" + m.Region + ":" + m.Sandbox.Account + ":" + name
	topics := []string{m.topicARN("critical"), m.topicARN("warning")}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
		"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": topics}},
	}}})
	if err != nil {
		return nil, err
	}
	q, err := e.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"Policy": string(policy)}, Tags: m.Sandbox.Tags})
	if err != nil {
		return nil, fmt.Errorf("create a queue: %w", err)
	}
	e.url = q.QueueUrl
	for _, topic := range topics {
		s, err := e.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(topic), Protocol: aws.String("sqs"), Endpoint: aws.String(arn), ReturnSubscriptionArn: true})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("subscribe the queue to %s: %w", topic, err), e.end(context.WithoutCancel(ctx)))
		}
		e.subscriptions = append(e.subscriptions, *s.SubscriptionArn)
	}
	return e, nil
}

func (e *ears) close(ctx context.Context) {
	if err := e.end(ctx); err != nil {
		e.m.T.Errorf("stop listening: %v", err)
	}
}

func (e *ears) end(ctx context.Context) error {
	var errs []error
	for _, arn := range e.subscriptions {
		_, err := e.sns.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: aws.String(arn)})
		errs = append(errs, err)
	}
	_, err := e.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: e.url})
	return errors.Join(append(errs, err)...)
}

// instant says that everybody has been told before an alarm's change is answered, as the
// emulator does it: who hears nothing then will hear nothing later.
func (e *ears) instant() bool { return e.m.Sandbox.Run.Environment.EmulatesAWS() }

// quiet is how many seconds nothing more must be heard before the listening ends.
func (e *ears) quiet() int32 {
	if e.instant() {
		return 0
	}
	return 5
}

// hear returns what alarms said, "<alarm> <state>", once count messages have come and
// then nothing more, or when settleBound is over or more cannot come.
func (e *ears) hear(ctx context.Context, count int) (map[string]bool, error) {
	heard := map[string]bool{}
	for deadline := time.Now().Add(settleBound); time.Now().Before(deadline); {
		got, err := e.receive(ctx)
		if err != nil {
			return nil, err
		}
		for _, said := range got {
			heard[said] = true
		}
		if len(got) == 0 && (len(heard) >= count || e.instant()) {
			break
		}
	}
	return heard, nil
}

// drain forgets what was said until there is quiet.
func (e *ears) drain(ctx context.Context) error {
	for {
		if got, err := e.receive(ctx); err != nil || len(got) == 0 {
			return err
		}
	}
}

func (e *ears) receive(ctx context.Context) ([]string, error) {
	got, err := e.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: e.url, MaxNumberOfMessages: 10, WaitTimeSeconds: e.quiet()})
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	var said []string
	for _, message := range got.Messages {
		text, err := decode(message)
		if err != nil {
			return nil, err
		}
		said = append(said, strings.TrimPrefix(text, e.m.Name+"-"))
		if _, err := e.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: e.url, ReceiptHandle: message.ReceiptHandle}); err != nil {
			return nil, fmt.Errorf("delete a message: %w", err)
		}
	}
	return said, nil
}

func decode(m types.Message) (string, error) {
	var envelope struct{ Message string }
	var alarm struct{ AlarmName, NewStateValue string }
	if err := errors.Join(json.Unmarshal([]byte(aws.ToString(m.Body)), &envelope), json.Unmarshal([]byte(envelope.Message), &alarm)); err != nil {
		return "", fmt.Errorf("decode a notification: %w", err)
	}
	return alarm.AlarmName + " " + alarm.NewStateValue, nil
}
