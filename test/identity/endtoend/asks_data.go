package endtoend

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// do is a request of one pod.
type do func(ctx context.Context, s session) error

// put puts an object with encryption headers, which may be empty.
func put(bucket, key, algorithm, kms string) do {
	return func(ctx context.Context, s session) error {
		in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x"), ServerSideEncryption: s3types.ServerSideEncryption(algorithm)}
		if kms != "" {
			in.SSEKMSKeyId = &kms
		}
		_, err := s3.NewFromConfig(s.aws, pathStyle).PutObject(ctx, in)
		return err
	}
}

func read(bucket, key string, plain bool) do {
	return func(ctx context.Context, s session) error {
		c := s.aws
		if plain {
			c = s.plain
		}
		out, err := s3.NewFromConfig(c, pathStyle).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, out.Body)
		return errors.Join(err, out.Body.Close())
	}
}

func listed(bucket, prefix string) do {
	return func(ctx context.Context, s session) error {
		in := &s3.ListObjectsV2Input{Bucket: &bucket}
		if prefix != "" {
			in.Prefix = &prefix
		}
		_, err := s3.NewFromConfig(s.aws, pathStyle).ListObjectsV2(ctx, in)
		return err
	}
}

func removed(bucket, key string) do {
	return func(ctx context.Context, s session) error {
		_, err := s3.NewFromConfig(s.aws, pathStyle).DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
		return err
	}
}

// dataAsks are those to the data tier: objects, messages, items, the database and the
// cache.
func (w *world) dataAsks() []ask {
	m := &w.material
	reports, key, other := m.buckets["reports"], m.keys["s3"], m.keys["ebs"]
	asks := []ask{
		{id: "report-put", title: "A report is put under the key of the platform by those who write reports", by: []string{reconciliation, reporting}, do: put(reports, "reports/new", "aws:kms", key)},
		{id: "report-put-unencrypted", title: "A report is put without encryption by nobody", do: put(reports, "reports/new", "", "")},
		{id: "report-put-sse-s3", title: "A report is put under S3's own key by nobody", do: put(reports, "reports/new", "AES256", "")},
		{id: "report-put-other-key", title: "A report is put under another key by nobody", do: put(reports, "reports/new", "aws:kms", other)},
		{id: "report-put-elsewhere", title: "An object is put beside the reports by nobody", do: put(reports, "elsewhere/new", "aws:kms", key)},
		{id: "model-put", title: "A model is put by nobody", do: put(reports, "models/new", "aws:kms", key)},
		{id: "report-read", title: "A report is read by those who write reports", by: []string{reconciliation, reporting}, do: read(reports, "reports/seen", false)},
		{id: "report-read-plain", title: "A report is read over plain HTTP by nobody", do: read(reports, "reports/seen", true)},
		{id: "model-read", title: "A model is read by the detector", by: []string{detector}, do: read(reports, "models/seen", false)},
		{id: "object-read-elsewhere", title: "What lies beside reports and models is read by nobody", do: read(reports, "elsewhere/seen", false)},
		{id: "report-list", title: "Reports are listed by those who write them", by: []string{reconciliation, reporting}, do: listed(reports, "reports/2026/")},
		{id: "bucket-list", title: "The whole bucket is listed by nobody", do: listed(reports, "")},
		{id: "report-delete", title: "A report is deleted by nobody", do: removed(reports, "reports/seen")},
		{id: "chunk-put", title: "A chunk of logs is put by Loki", by: []string{loki}, do: put(m.loki, "new", "", "")},
		{id: "chunk-read", title: "A chunk of logs is read by Loki", by: []string{loki}, do: read(m.loki, "seen", false)},
		{id: "chunk-list", title: "Chunks are listed by Loki", by: []string{loki}, do: listed(m.loki, "")},
		{id: "chunk-delete", title: "A chunk of logs is deleted by Loki", by: []string{loki}, do: removed(m.loki, "new")},
	}
	return append(append(append(asks, w.queueAsks()...), w.tableAsks()...), w.connectAsks()...)
}

func (w *world) queueAsks() []ask {
	m := &w.material
	workers := []string{reconciliation, worker}
	sent := func(url string) do {
		return func(ctx context.Context, s session) error {
			_, err := sqs.NewFromConfig(s.aws).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
			return err
		}
	}
	received := func(url string) do {
		return func(ctx context.Context, s session) error {
			_, err := sqs.NewFromConfig(s.aws).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url})
			return err
		}
	}
	return []ask{
		{id: "message-send", title: "A transaction is queued by those who work on the queue", by: workers, do: sent(m.queue)},
		{id: "message-work", title: "A transaction is received, held and deleted by those who work on the queue", by: workers, do: w.workOff},
		{id: "queue-find", title: "The queue is found and looked at by those who work on it", by: workers, do: func(ctx context.Context, s session) error {
			client := sqs.NewFromConfig(s.aws)
			name := m.queue[strings.LastIndexByte(m.queue, '/')+1:]
			_, found := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
			if found != nil {
				return found
			}
			_, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &m.queue, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}})
			return err
		}},
		{id: "queue-purge", title: "The queue is emptied by nobody", do: func(ctx context.Context, s session) error {
			_, err := sqs.NewFromConfig(s.aws).PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &m.queue})
			return err
		}},
		{id: "dead-letters-receive", title: "Dead letters are received by nobody", do: received(m.deadLetters)},
		{id: "interruptions-receive", title: "Word of interruptions is received by Karpenter", by: []string{karpenter}, do: received(m.interruptions)},
		{id: "interruptions-send", title: "Word of interruptions is sent by no pod", do: sent(m.interruptions)},
	}
}

// workOff receives a message, prolongs the hold on it and deletes it.
func (w *world) workOff(ctx context.Context, s session) error {
	admin := sqs.NewFromConfig(w.s.Sandbox.AWS)
	if _, err := admin.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &w.material.queue, MessageBody: aws.String("work")}); err != nil {
		return err
	}
	client := sqs.NewFromConfig(s.aws)
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &w.material.queue})
	if err != nil {
		return err
	}
	if len(out.Messages) == 0 {
		return errors.New("no message was received")
	}
	handle := out.Messages[0].ReceiptHandle
	if _, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &w.material.queue, ReceiptHandle: handle, VisibilityTimeout: 60}); err != nil {
		return err
	}
	_, err = client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &w.material.queue, ReceiptHandle: handle})
	return err
}

// tableAsks are those to the items of each table.
func (w *world) tableAsks() []ask {
	keys := map[string][]string{"idempotency": {"request_id"}, "reconciliations": {"client_id", "run_id"}, "anomalies": {"client_id", "transaction_id"}}
	writers := map[string][]string{"idempotency": {worker}, "reconciliations": {reconciliation}, "anomalies": {detector}}
	readers := map[string][]string{"idempotency": {worker}, "reconciliations": {reconciliation, reporting, detector}, "anomalies": {reporting, notification, detector}}
	var asks []ask
	for _, short := range sorted(keys) {
		table := w.material.tables[short]
		item := map[string]types.AttributeValue{}
		for _, k := range keys[short] {
			item[k] = &types.AttributeValueMemberS{Value: "1"}
		}
		asks = append(asks,
			ask{id: short + "-write", title: "Items of " + short + " are written by their writers", by: writers[short], do: written(table, item)},
			ask{id: short + "-read", title: "Items of " + short + " are read by their readers", by: readers[short], do: looked(table, keys[short][0], item)},
			ask{id: short + "-delete", title: "Items of " + short + " are deleted by nobody", do: func(ctx context.Context, s session) error {
				_, err := dynamodb.NewFromConfig(s.aws).DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: item})
				return err
			}},
			ask{id: short + "-scan", title: "The table " + short + " is scanned by nobody", do: func(ctx context.Context, s session) error {
				_, err := dynamodb.NewFromConfig(s.aws).Scan(ctx, &dynamodb.ScanInput{TableName: &table})
				return err
			}},
		)
	}
	return asks
}

// written puts, updates, checks and batch-writes an item.
func written(table string, item map[string]types.AttributeValue) do {
	return func(ctx context.Context, s session) error {
		client := dynamodb.NewFromConfig(s.aws)
		if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
			return err
		}
		if _, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &table, Key: item, UpdateExpression: aws.String("SET seen = :v"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberBOOL{Value: true}}}); err != nil {
			return err
		}
		_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{ConditionCheck: &types.ConditionCheck{TableName: &table, Key: item, ConditionExpression: aws.String("attribute_exists(#k)"), ExpressionAttributeNames: map[string]string{"#k": sorted(item)[0]}}}}})
		if err != nil {
			return err
		}
		_, err = client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: {{PutRequest: &types.PutRequest{Item: item}}}}})
		return err
	}
}

// looked gets an item alone and in a batch, and queries for it.
func looked(table, hash string, item map[string]types.AttributeValue) do {
	return func(ctx context.Context, s session) error {
		client := dynamodb.NewFromConfig(s.aws)
		if _, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: item}); err != nil {
			return err
		}
		if _, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: {Keys: []map[string]types.AttributeValue{item}}}}); err != nil {
			return err
		}
		_, err := client.Query(ctx, &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("#k = :v"),
			ExpressionAttributeNames: map[string]string{"#k": hash}, ExpressionAttributeValues: map[string]types.AttributeValue{":v": item[hash]}})
		return err
	}
}

// connectAsks are logins by token: to the database, and to the cache.
func (w *world) connectAsks() []ask {
	m := &w.material
	database := func(user string) do {
		return func(ctx context.Context, s session) error {
			token, err := loginToken(ctx, s, "rds-db", address(m.host, m.port), "DBUser", user)
			if err != nil {
				return err
			}
			return w.gateway.ConnectDatabase(ctx, m.host, m.port, user, token)
		}
	}
	asks := []ask{
		{id: "database-application", title: "The database is entered as fintrack_app by the services that use it", by: []string{reconciliation, reporting, notification, auth, worker}, do: database("fintrack_app")},
		{id: "database-migrator", title: "The database is entered as the schema's owner by no pod", do: database("fintrack_migrator")},
		{id: "database-administrator", title: "The database is entered as its administrator by no pod", do: database("fintrack_admin")},
	}
	by := map[string]string{"auth": auth, "reconciliation": reconciliation, "worker": worker}
	for _, short := range sorted(by) {
		user := m.users[short][strings.LastIndexByte(m.users[short], ':')+1:]
		asks = append(asks, ask{id: "cache-" + short, title: "The cache is entered as " + short + " by that service alone", by: []string{by[short]}, do: func(ctx context.Context, s session) error {
			token, err := loginToken(ctx, s, "elasticache", m.cache, "User", user)
			if err != nil {
				return err
			}
			return w.gateway.ConnectCache(ctx, m.cache, user, token)
		}})
	}
	return asks
}

// loginToken presigns a connect, as the SDK's own builder of such tokens does.
func loginToken(ctx context.Context, s session, service, host, parameter, user string) (string, error) {
	r, err := connectRequest(host, parameter, user)
	if err != nil {
		return "", err
	}
	own, err := s.aws.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	url, _, err := v4.NewSigner().PresignHTTP(ctx, own, r, emptyHash, service, s.aws.Region, time.Now())
	return strings.TrimPrefix(url, "https://"), err
}
