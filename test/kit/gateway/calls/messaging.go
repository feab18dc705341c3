package calls

import (
	"net/url"
	"strings"
)

// batches are the operations on several messages, which need the permission of the
// one on one ("Actions, resources, and condition keys for Amazon SQS", "... SNS").
var batches = map[string]string{
	"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage",
	"ChangeMessageVisibilityBatch": "ChangeMessageVisibility", "PublishBatch": "Publish",
}

// queueOperations are those on one queue.
var queueOperations = set(
	"AddPermission", "ChangeMessageVisibility", "CreateQueue", "DeleteMessage", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl",
	"ListDeadLetterSourceQueues", "ListQueueTags", "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage",
	"SetQueueAttributes", "TagQueue", "UntagQueue",
)

// sqs speaks JSON today and a form in older SDKs.
func sqs(in *Input) (Call, error) {
	var c Call
	var url, name, owner string
	if in.Request.Header.Get("X-Amz-Target") != "" {
		var d document
		var err error
		if c, d, err = in.target("sqs", JSON10); err != nil {
			return c, err
		}
		url, name, owner = d.text("QueueUrl"), d.text("QueueName"), d.text("QueueOwnerAWSAccountId")
	} else {
		var v map[string][]string
		var err error
		if c, v, err = in.form("sqs", Query); err != nil {
			return c, err
		}
		url, name, owner = first(v["QueueUrl"]), first(v["QueueName"]), first(v["QueueOwnerAWSAccountId"])
		if url == "" && strings.Count(in.Request.URL.Path, "/") == 2 {
			url = in.Request.URL.Path
		}
	}
	if c.Operation == "ListQueues" {
		return *c.need("*", nil), nil
	}
	action := c.Operation
	if one, ok := batches[action]; ok {
		action = one
	}
	if !queueOperations[action] {
		return c.unknown()
	}
	arn := in.queue(url, name, owner)
	if arn == "" {
		return c.missing("queue")
	}
	c.also("sqs:"+action, arn, nil)
	switch action {
	case "SendMessage":
		c.Keys = []KeyUse{{Of: arn, Actions: []string{"kms:GenerateDataKey", "kms:Decrypt"}}}
	case "ReceiveMessage":
		c.Keys = []KeyUse{{Of: arn, Actions: []string{"kms:Decrypt"}}}
	}
	return c, nil
}

// queue is the ARN of the queue at a URL, https://<host>/<account>/<name>, or of a
// name.
func (in *Input) queue(at, name, owner string) string {
	if at != "" {
		u, err := url.Parse(at)
		if err != nil {
			return ""
		}
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if len(parts) != 2 || parts[1] == "" || !isAccount(parts[0]) {
			return ""
		}
		owner, name = parts[0], parts[1]
	}
	if name == "" {
		return ""
	}
	if owner == "" {
		owner = in.Account
	}
	return "arn:aws:sqs:" + in.Region + ":" + owner + ":" + name
}

// sns needs the topic; of a subscription it is the start of its ARN.
func sns(in *Input) (Call, error) {
	c, v, err := in.form("sns", Query)
	if err != nil {
		return c, err
	}
	switch c.Operation {
	case "ListTopics", "ListSubscriptions":
		return *c.need("*", nil), nil
	case "Publish", "PublishBatch":
		arn := v.Get("TopicArn")
		if arn == "" {
			arn = v.Get("TargetArn")
		}
		if v.Get("PhoneNumber") != "" || v.Has("TopicArn") && v.Has("TargetArn") || !isARN(arn, "sns") {
			return c.missing("topic")
		}
		c.also("sns:Publish", arn, nil)
		c.Keys = []KeyUse{{Of: arn, Actions: []string{"kms:GenerateDataKey", "kms:Decrypt"}}}
		return c, nil
	case "CreateTopic":
		if v.Get("Name") == "" {
			return c.missing("topic")
		}
		return *c.need(in.arn("sns", v.Get("Name")), nil), nil
	case "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic", "ListSubscriptionsByTopic", "Subscribe":
		if !isARN(v.Get("TopicArn"), "sns") {
			return c.missing("topic")
		}
		return *c.need(v.Get("TopicArn"), context("sns:Protocol", v.Get("Protocol"), "sns:Endpoint", v.Get("Endpoint"))), nil
	}
	return c.unknown()
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func set(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// isARN says whether s is an ARN of the service, in six parts.
func isARN(s, service string) bool {
	p := strings.SplitN(s, ":", 6)
	return len(p) == 6 && p[0] == "arn" && p[2] == service && p[5] != ""
}
