package refusals_test

import (
	"net/http/httptest"
	"testing"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/stretchr/testify/require"
)

func TestEachProtocolSaysNoInItsOwnShape(t *testing.T) {
	cases := map[string]struct {
		protocol calls.Protocol
		service  string
		status   int
		kind     string
		body     string
	}{
		"S3": {calls.RESTXML, "s3", 403, "text/xml",
			`<Error><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message><RequestId>id</RequestId></Error>`},
		"Route 53": {calls.RESTXML, "route53", 403, "text/xml",
			`<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		"STS": {calls.Query, "sts", 403, "text/xml",
			`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		"SNS": {calls.Query, "sns", 403, "text/xml",
			`<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no &lt;way&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		"EC2": {calls.EC2Query, "ec2", 403, "text/xml",
			`<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no &lt;way&gt;</Message></Error></Errors><RequestID>id</RequestID></Response>`},
		"DynamoDB":        {calls.JSON10, "dynamodb", 400, "application/x-amz-json-1.0", `{"__type":"AccessDeniedException","message":"no \u003cway\u003e"}`},
		"Secrets Manager": {calls.JSON11, "secretsmanager", 400, "application/x-amz-json-1.1", `{"__type":"AccessDeniedException","message":"no \u003cway\u003e"}`},
		"EKS":             {calls.RESTJSON, "eks", 403, "application/json", `{"__type":"AccessDeniedException","message":"no \u003cway\u003e"}`},
		"SQS":             {calls.JSON10, "sqs", 403, "application/x-amz-json-1.0", `{"__type":"AccessDeniedException","message":"no \u003cway\u003e"}`},
		"CloudWatch":      {calls.CBOR, "cloudwatch", 400, "application/cbor", "\xa2\x66__type\x75AccessDeniedException\x67message\x68no <way>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			refusals.Write(w, c.protocol, c.service, "id", refusals.Refusal{Kind: refusals.AccessDenied, Message: "no <way>"})
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.kind, w.Header().Get("Content-Type"))
			require.Contains(t, w.Body.String(), c.body)
			require.Equal(t, "id", w.Header().Get("X-Amzn-Requestid"))
		})
	}
}

func TestADenialIsSaidInTheWordsOfAWS(t *testing.T) {
	r := &iam.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: iam.RoleSession("arn:aws:iam::111122223333:role/reports", "pod")}
	const who = "User: arn:aws:sts::111122223333:assumed-role/reports/pod is not authorized to perform: "
	cases := map[string]struct {
		request *iam.Request
		result  iam.Result
		want    string
	}{
		"nothing allows it": {r, iam.Result{Layer: iam.IdentityLayer},
			who + "s3:GetObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action"},
		"the bucket denies it": {r, iam.Result{Decision: iam.ExplicitlyDenied, Layer: iam.ResourceLayer},
			who + "s3:GetObject on resource: arn:aws:s3:::b/k with an explicit deny in a resource-based policy"},
		"the identity denies it": {r, iam.Result{Decision: iam.ExplicitlyDenied, Layer: iam.IdentityLayer},
			who + "s3:GetObject on resource: arn:aws:s3:::b/k with an explicit deny in an identity-based policy"},
		"the boundary stops it": {r, iam.Result{Layer: iam.BoundaryLayer},
			who + "s3:GetObject on resource: arn:aws:s3:::b/k because no permissions boundary allows the s3:GetObject action"},
		"EC2, on no resource": {&iam.Request{Action: "ec2:DescribeInstances", Resource: "*", Principal: r.Principal}, iam.Result{Layer: iam.IdentityLayer},
			"You are not authorized to perform this operation. " + who + "ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, refusals.Denial(c.request, c.result)) })
	}
}
