package calls_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/stretchr/testify/require"
)

// known are the facts of the tests.
type known struct{}

const (
	keyARN = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
	keyID  = "11111111-2222-3333-4444-555555555555"
)

func (known) SecretARN(_, id string) string {
	if id == "fintrack/production/rds" {
		return "arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/rds-AbCdEf"
	}
	return ""
}

func (known) KeyARN(_, id string) string {
	switch id {
	case keyID, keyARN, "alias/app":
		return keyARN
	}
	return ""
}

func (k known) CiphertextKey(_ string, blob []byte) string { return k.KeyARN("", string(blob)) }
func (known) ProfileRole(profile string) string {
	return map[string]string{"nodes": "arn:aws:iam::111122223333:role/nodes"}[profile]
}
func (known) TemplateProfile(_, template string) string {
	return map[string]string{"lt-0123456789abcdef0": "nodes"}[template]
}

// request is METHOD PATH, headers as "Name: value", an empty line and a body.
func request(t testing.TB, text string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, target, bytes.NewReader([]byte(body)))
	r.Host = "127.0.0.1:1"
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		r.Header.Set(k, v)
	}
	return r, []byte(body)
}

func mapped(t testing.TB, service, text string) (calls.Call, error) {
	t.Helper()
	r, body := request(t, text)
	return calls.Map(calls.Input{Request: r, Body: body, Service: service, Region: "us-east-1", Account: "111122223333", Facts: known{}})
}

func rpc(target, body string) string { return "POST /\nX-Amz-Target: " + target + "\n\n" + body }
func form(body string) string {
	return "POST /\nContent-Type: application/x-www-form-urlencoded\n\n" + body
}

// words are the needs of a call, with the condition keys that are named.
func words(c calls.Call, keys ...string) []string {
	var out []string
	for _, n := range c.Needs {
		line := n.Action + " " + n.Resource
		for _, k := range keys {
			if v := n.Context[k]; v != nil {
				line += fmt.Sprintf(" %s=%s", k, strings.Join(v, ","))
			}
		}
		out = append(out, line)
	}
	for _, k := range c.Keys {
		out = append(out, strings.TrimSpace("key "+strings.Join(k.Actions, "+")+" of "+k.Of+" "+k.Key))
	}
	return out
}

func TestARequestIsReadAsTheActionsThatItNeeds(t *testing.T) {
	const a = "arn:aws:"
	const own = ":us-east-1:111122223333:"
	cipher := base64.StdEncoding.EncodeToString([]byte(keyID))
	cases := map[string]struct {
		service, request string
		keys             []string
		want             []string
	}{
		"an object is read": {"s3", "GET /b/reports/a%20b", nil, []string{"s3:GetObject arn:aws:s3:::b/reports/a b", "key kms:Decrypt of arn:aws:s3:::b/reports/a b"}},
		"a version of an object is read": {"s3", "GET /b/k?versionId=1", []string{"s3:VersionId"},
			[]string{"s3:GetObjectVersion arn:aws:s3:::b/k s3:VersionId=1", "key kms:Decrypt of arn:aws:s3:::b/k"}},
		"an object's head is read":    {"s3", "HEAD /b/k", nil, []string{"s3:GetObject arn:aws:s3:::b/k"}},
		"a version of one is deleted": {"s3", "DELETE /b/k?versionId=1", nil, []string{"s3:DeleteObjectVersion arn:aws:s3:::b/k"}},
		"an object is put with a key": {"s3", "PUT /b/k?x-id=PutObject\nX-Amz-Server-Side-Encryption: aws:kms\nX-Amz-Server-Side-Encryption-Aws-Kms-Key-Id: K", []string{"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"}, []string{"s3:PutObject arn:aws:s3:::b/k s3:x-amz-server-side-encryption=aws:kms s3:x-amz-server-side-encryption-aws-kms-key-id=K", "key kms:GenerateDataKey of arn:aws:s3:::b K"}},
		"one is put by default":       {"s3", "PUT /b/k", []string{"s3:x-amz-server-side-encryption"}, []string{"s3:PutObject arn:aws:s3:::b/k", "key kms:GenerateDataKey of arn:aws:s3:::b"}},
		"one is put by S3's own key":  {"s3", "PUT /b/k\nX-Amz-Server-Side-Encryption: AES256", nil, []string{"s3:PutObject arn:aws:s3:::b/k"}},
		"one is put with tags":        {"s3", "PUT /b/k\nX-Amz-Tagging: a=b\nX-Amz-Server-Side-Encryption: AES256", []string{"s3:RequestObjectTag/a"}, []string{"s3:PutObject arn:aws:s3:::b/k s3:RequestObjectTag/a=b", "s3:PutObjectTagging arn:aws:s3:::b/k s3:RequestObjectTag/a=b"}},
		"one is opened to all":        {"s3", "PUT /b/k\nX-Amz-Acl: public-read\nX-Amz-Server-Side-Encryption: AES256", []string{"s3:x-amz-acl"}, []string{"s3:PutObject arn:aws:s3:::b/k s3:x-amz-acl=public-read", "s3:PutObjectAcl arn:aws:s3:::b/k s3:x-amz-acl=public-read"}},
		"a part is put":               {"s3", "PUT /b/k?partNumber=1&uploadId=u", nil, []string{"s3:PutObject arn:aws:s3:::b/k"}},
		"objects are listed":          {"s3", "GET /b?list-type=2&prefix=reports%2F&delimiter=%2F", []string{"s3:prefix", "s3:delimiter"}, []string{"s3:ListBucket arn:aws:s3:::b s3:prefix=reports/ s3:delimiter=/"}},
		"a policy is removed":         {"s3", "DELETE /b?policy", nil, []string{"s3:DeleteBucketPolicy arn:aws:s3:::b"}},
		"encryption is looked at":     {"s3", "GET /b/?encryption", nil, []string{"s3:GetEncryptionConfiguration arn:aws:s3:::b"}},
		"buckets are listed":          {"s3", "GET /", nil, []string{"s3:ListAllMyBuckets *"}},
		"a message is sent":           {"sqs", rpc("AmazonSQS.SendMessage", `{"QueueUrl":"http://h/111122223333/q"}`), nil, []string{"sqs:SendMessage " + a + "sqs" + own + "q", "key kms:GenerateDataKey+kms:Decrypt of " + a + "sqs" + own + "q"}},
		"messages are sent":           {"sqs", rpc("AmazonSQS.SendMessageBatch", `{"QueueUrl":"http://h/111122223333/q"}`), nil, []string{"sqs:SendMessage " + a + "sqs" + own + "q", "key kms:GenerateDataKey+kms:Decrypt of " + a + "sqs" + own + "q"}},
		"a queue of another is asked": {"sqs", rpc("AmazonSQS.GetQueueAttributes", `{"QueueUrl":"http://h/999988887777/q"}`), nil, []string{"sqs:GetQueueAttributes arn:aws:sqs:us-east-1:999988887777:q"}},
		"a queue is found by name":    {"sqs", rpc("AmazonSQS.GetQueueUrl", `{"QueueName":"q"}`), nil, []string{"sqs:GetQueueUrl " + a + "sqs" + own + "q"}},
		"a form asks for messages":    {"sqs", form("Action=ReceiveMessage&QueueUrl=http%3A%2F%2Fh%2F111122223333%2Fq"), nil, []string{"sqs:ReceiveMessage " + a + "sqs" + own + "q", "key kms:Decrypt of " + a + "sqs" + own + "q"}},
		"a topic is published to":     {"sns", form("Action=Publish&TopicArn=arn:aws:sns:us-east-1:111122223333:t"), nil, []string{"sns:Publish arn:aws:sns:us-east-1:111122223333:t", "key kms:GenerateDataKey+kms:Decrypt of arn:aws:sns:us-east-1:111122223333:t"}},
		"a secret is read by name":    {"secretsmanager", rpc("secretsmanager.GetSecretValue", `{"SecretId":"fintrack/production/rds","VersionStage":"AWSPREVIOUS"}`), []string{"secretsmanager:VersionStage"}, []string{"secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/rds-AbCdEf secretsmanager:VersionStage=AWSPREVIOUS", "key kms:Decrypt of arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/rds-AbCdEf"}},
		"a secret that is not there":  {"secretsmanager", rpc("secretsmanager.DescribeSecret", `{"SecretId":"x"}`), nil, []string{"secretsmanager:DescribeSecret " + a + "secretsmanager" + own + "secret:x"}},
		"a key is used by its alias":  {"kms", rpc("TrentService.GenerateDataKey", `{"KeyId":"alias/app","EncryptionContext":{"a":"b"}}`), []string{"kms:EncryptionContext:a", "kms:EncryptionContextKeys"}, []string{"kms:GenerateDataKey " + keyARN + " kms:EncryptionContext:a=b kms:EncryptionContextKeys=a"}},
		"a ciphertext names its key":  {"kms", rpc("TrentService.Decrypt", `{"CiphertextBlob":"`+cipher+`"}`), nil, []string{"kms:Decrypt " + keyARN}},
		"a grant is made":             {"kms", rpc("TrentService.CreateGrant", `{"KeyId":"`+keyID+`","GranteePrincipal":"p","Operations":["Decrypt"]}`), []string{"kms:GrantIsForAWSResource"}, []string{"kms:CreateGrant " + keyARN + " kms:GrantIsForAWSResource=false"}},
		"an item is put":              {"dynamodb", rpc("DynamoDB_20120810.PutItem", `{"TableName":"t"}`), nil, []string{"dynamodb:PutItem " + a + "dynamodb" + own + "table/t", "key kms:Decrypt of " + a + "dynamodb" + own + "table/t"}},
		"an index is queried":         {"dynamodb", rpc("DynamoDB_20120810.Query", `{"TableName":"t","IndexName":"i"}`), nil, []string{"dynamodb:Query " + a + "dynamodb" + own + "table/t/index/i", "key kms:Decrypt of " + a + "dynamodb" + own + "table/t"}},
		"two tables are read in a batch": {"dynamodb", rpc("DynamoDB_20120810.BatchGetItem", `{"RequestItems":{"b":{},"a":{}}}`), nil, []string{
			"dynamodb:BatchGetItem " + a + "dynamodb" + own + "table/a", "dynamodb:BatchGetItem " + a + "dynamodb" + own + "table/b", "key kms:Decrypt of " + a + "dynamodb" + own + "table/a", "key kms:Decrypt of " + a + "dynamodb" + own + "table/b"}},
		"a transaction needs each of its parts": {"dynamodb", rpc("DynamoDB_20120810.TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"t"}},{"ConditionCheck":{"TableName":"u"}}]}`), nil, []string{
			"dynamodb:PutItem " + a + "dynamodb" + own + "table/t", "dynamodb:ConditionCheckItem " + a + "dynamodb" + own + "table/u", "key kms:Decrypt of " + a + "dynamodb" + own + "table/t", "key kms:Decrypt of " + a + "dynamodb" + own + "table/u"}},
		"lines are added to a log":          {"logs", rpc("Logs_20140328.PutLogEvents", `{"logGroupName":"/g","logStreamName":"s"}`), nil, []string{"logs:PutLogEvents " + a + "logs" + own + "log-group:/g:log-stream:s"}},
		"streams are listed":                {"logs", rpc("Logs_20140328.DescribeLogStreams", `{"logGroupIdentifier":"/g"}`), nil, []string{"logs:DescribeLogStreams " + a + "logs" + own + "log-group:/g:log-stream:"}},
		"metrics are read":                  {"monitoring", "POST /service/GraniteServiceVersion20100801/operation/ListMetrics", nil, []string{"cloudwatch:ListMetrics *"}},
		"metrics are written":               {"monitoring", form("Action=PutMetricData&Namespace=n"), []string{"cloudwatch:namespace"}, []string{"cloudwatch:PutMetricData * cloudwatch:namespace=n"}},
		"an image is read":                  {"ecr", rpc("AmazonEC2ContainerRegistry_V20150921.BatchGetImage", `{"repositoryName":"r"}`), nil, []string{"ecr:BatchGetImage " + a + "ecr" + own + "repository/r"}},
		"another registry is asked":         {"ecr", rpc("AmazonEC2ContainerRegistry_V20150921.ListImages", `{"repositoryName":"r","registryId":"999988887777"}`), nil, []string{"ecr:ListImages arn:aws:ecr:us-east-1:999988887777:repository/r"}},
		"a role is assumed with tags":       {"sts", form("Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/r&ExternalId=x&Tags.member.1.Key=a&Tags.member.1.Value=b"), []string{"sts:ExternalId", "aws:RequestTag/a"}, []string{"sts:AssumeRole arn:aws:iam::111122223333:role/r sts:ExternalId=x", "sts:TagSession arn:aws:iam::111122223333:role/r aws:RequestTag/a=b"}},
		"who am I":                          {"sts", form("Action=GetCallerIdentity"), nil, nil},
		"AWS's own parameter is read":       {"ssm", rpc("AmazonSSM.GetParameter", `{"Name":"/aws/service/eks/x"}`), nil, []string{"ssm:GetParameter arn:aws:ssm:us-east-1::parameter/aws/service/eks/x"}},
		"an own parameter is read":          {"ssm", rpc("AmazonSSM.GetParameter", `{"Name":"/app/x"}`), nil, []string{"ssm:GetParameter " + a + "ssm" + own + "parameter/app/x"}},
		"a cluster is looked at":            {"eks", "GET /clusters/c", nil, []string{"eks:DescribeCluster " + a + "eks" + own + "cluster/c"}},
		"a web ACL is put before what":      {"wafv2", rpc("AWSWAF_20190729.AssociateWebACL", `{"WebACLArn":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/n/i","ResourceArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"}`), nil, []string{"wafv2:AssociateWebACL arn:aws:wafv2:us-east-1:111122223333:regional/webacl/n/i", "wafv2:AssociateWebACL arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1", "elasticloadbalancing:SetWebACL arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"}},
		"a role is given a policy":          {"iam", form("Action=PutRolePolicy&RoleName=r"), nil, []string{"iam:PutRolePolicy arn:aws:iam::111122223333:role/r"}},
		"a service's role is made":          {"iam", form("Action=CreateServiceLinkedRole&AWSServiceName=elasticloadbalancing.amazonaws.com"), []string{"iam:AWSServiceName"}, []string{"iam:CreateServiceLinkedRole arn:aws:iam::111122223333:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing iam:AWSServiceName=elasticloadbalancing.amazonaws.com"}},
		"instances are listed":              {"ec2", form("Action=DescribeInstances"), nil, []string{"ec2:DescribeInstances *"}},
		"an instance is ended":              {"ec2", form("Action=TerminateInstances&InstanceId.1=i-0123456789abcdef0"), nil, []string{"ec2:TerminateInstances " + a + "ec2" + own + "instance/i-0123456789abcdef0"}},
		"an instance is tagged":             {"ec2", form("Action=CreateTags&ResourceId.1=i-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=i-0123456789abcdef1"), []string{"aws:RequestTag/a", "aws:TagKeys", "ec2:CreateAction"}, []string{"ec2:CreateTags " + a + "ec2" + own + "instance/i-0123456789abcdef0 aws:RequestTag/a=i-0123456789abcdef1 aws:TagKeys=a"}},
		"a volume is made with a tag":       {"ec2", form("Action=CreateVolume&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"), []string{"aws:RequestTag/a", "ec2:CreateAction"}, []string{"ec2:CreateVolume " + a + "ec2" + own + "volume/* aws:RequestTag/a=b", "ec2:CreateTags " + a + "ec2" + own + "volume/* aws:RequestTag/a=b ec2:CreateAction=CreateVolume"}},
		"a launch template is made":         {"ec2", form("Action=CreateLaunchTemplate&LaunchTemplateName=n&LaunchTemplateData.ImageId=ami-0123456789abcdef0"), nil, []string{"ec2:CreateLaunchTemplate " + a + "ec2" + own + "launch-template/*"}},
		"a volume is made with a key":       {"ec2", form("Action=CreateVolume&KmsKeyId=alias/app"), nil, []string{"ec2:CreateVolume " + a + "ec2" + own + "volume/*", "key kms:GenerateDataKeyWithoutPlaintext of  alias/app"}},
		"a volume is made from a snapshot":  {"ec2", form("Action=CreateVolume&SnapshotId=snap-0123456789abcdef0"), nil, []string{"ec2:CreateVolume arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0", "ec2:CreateVolume " + a + "ec2" + own + "volume/*", "key kms:GenerateDataKeyWithoutPlaintext of arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"}},
		"a volume is attached":              {"ec2", form("Action=AttachVolume&VolumeId=vol-0123456789abcdef0&InstanceId=i-0123456789abcdef0"), nil, []string{"ec2:AttachVolume " + a + "ec2" + own + "instance/i-0123456789abcdef0", "ec2:AttachVolume " + a + "ec2" + own + "volume/vol-0123456789abcdef0", "key kms:CreateGrant of " + a + "ec2" + own + "volume/vol-0123456789abcdef0"}},
		"a volume is copied":                {"ec2", form("Action=CopyVolumes&SourceVolumeId=vol-0123456789abcdef0&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"), []string{"ec2:CreateAction"}, []string{"ec2:CopyVolumes " + a + "ec2" + own + "volume/vol-0123456789abcdef0", "ec2:CopyVolumes " + a + "ec2" + own + "volume/*", "ec2:CreateTags " + a + "ec2" + own + "volume/* ec2:CreateAction=CopyVolumes"}},
		"a snapshot is locked":              {"ec2", form("Action=LockSnapshot&SnapshotId=snap-0123456789abcdef0&LockMode=governance"), nil, []string{"ec2:LockSnapshot arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"}},
		"a snapshot is kept at hand":        {"ec2", form("Action=EnableFastSnapshotRestores&SourceSnapshotId.1=snap-0123456789abcdef0"), nil, []string{"ec2:EnableFastSnapshotRestores arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"}},
		"a web ACL is taken from before it": {"wafv2", rpc("AWSWAF_20190729.DisassociateWebACL", `{"ResourceArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"}`), nil, []string{"wafv2:DisassociateWebACL arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1", "elasticloadbalancing:SetWebACL arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"}},
		"a fleet passes its nodes' role": {"ec2", form("Action=CreateFleet&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId=lt-0123456789abcdef0&TargetCapacitySpecification.DefaultTargetCapacityType=spot"), []string{"iam:PassedToService"}, []string{
			"ec2:CreateFleet " + a + "ec2" + own + "launch-template/lt-0123456789abcdef0", "ec2:CreateFleet " + a + "ec2" + own + "fleet/*", "ec2:CreateFleet " + a + "ec2" + own + "instance/*",
			"ec2:CreateFleet " + a + "ec2" + own + "network-interface/*", "ec2:CreateFleet " + a + "ec2" + own + "volume/*", "ec2:CreateFleet " + a + "ec2" + own + "spot-instances-request/*",
			"iam:PassRole arn:aws:iam::111122223333:role/nodes iam:PassedToService=ec2.amazonaws.com"}},
		"a target group is made": {"elasticloadbalancing", form("Action=CreateTargetGroup&Name=n&Tags.member.1.Key=a&Tags.member.1.Value=b"), []string{"aws:RequestTag/a", "elasticloadbalancing:CreateAction"}, []string{
			"elasticloadbalancing:CreateTargetGroup " + a + "elasticloadbalancing" + own + "targetgroup/n/* aws:RequestTag/a=b",
			"elasticloadbalancing:AddTags " + a + "elasticloadbalancing" + own + "targetgroup/n/* aws:RequestTag/a=b elasticloadbalancing:CreateAction=CreateTargetGroup"}},
		"a listener is made": {"elasticloadbalancing", form("Action=CreateListener&LoadBalancerArn=arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"), nil, []string{"elasticloadbalancing:CreateListener arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/l/1"}},
		"records are changed": {"route53", "POST /2013-04-01/hostedzone/Z/rrset/\n\n<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>_ACME-challenge.*.X.io.</Name><Type>TXT</Type></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
			[]string{"route53:ChangeResourceRecordSetsActions", "route53:ChangeResourceRecordSetsRecordTypes", "route53:ChangeResourceRecordSetsNormalizedRecordNames"},
			[]string{`route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z route53:ChangeResourceRecordSetsActions=UPSERT route53:ChangeResourceRecordSetsRecordTypes=TXT route53:ChangeResourceRecordSetsNormalizedRecordNames=_acme-challenge.\052.x.io`}},
		"a change is waited for": {"route53", "GET /2013-04-01/change/C", nil, []string{"route53:GetChange arn:aws:route53:::change/C"}},
		"names are read":         {"tagging", rpc("ResourceGroupsTaggingAPI_20170126.GetResources", `{}`), nil, []string{"tag:GetResources *"}},
		"prices are read":        {"pricing", rpc("AWSPriceListService.GetProducts", `{}`), nil, []string{"pricing:GetProducts *"}},
		"certificates are read":  {"acm", rpc("CertificateManager.DescribeCertificate", `{"CertificateArn":"arn:aws:acm:us-east-1:111122223333:certificate/c"}`), nil, []string{"acm:DescribeCertificate arn:aws:acm:us-east-1:111122223333:certificate/c"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := mapped(t, c.service, c.request)
			require.NoError(t, err)
			require.Equal(t, c.want, words(got, c.keys...))
		})
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	cases := map[string]struct{ service, request, says string }{
		"a service that is not mapped":                          {"glue", rpc("AWSGlue.GetTables", "{}"), "service glue"},
		"an operation that is not mapped":                       {"sqs", rpc("AmazonSQS.StartMessageMoveTask", `{}`), "sqs:StartMessageMoveTask"},
		"a statement in a language of its own":                  {"dynamodb", rpc("DynamoDB_20120810.ExecuteStatement", `{"Statement":"SELECT"}`), "ExecuteStatement"},
		"a body that is no JSON":                                {"kms", rpc("TrentService.Decrypt", `x`), "no JSON"},
		"a table that is not named":                             {"dynamodb", rpc("DynamoDB_20120810.GetItem", `{}`), "no table"},
		"a batch of nothing":                                    {"dynamodb", rpc("DynamoDB_20120810.BatchGetItem", `{}`), "no resource"},
		"objects that are deleted by a list":                    {"s3", "POST /b?delete", "POST bucket?delete"},
		"an object that is copied":                              {"s3", "PUT /b/k\nX-Amz-Copy-Source: /b/other", "copying"},
		"two operations in one query":                           {"s3", "GET /b?policy&acl", "both"},
		"a bucket in the host's name":                           {"s3", "GET /k\nHost: b", ""},
		"a form with two actions":                               {"sts", form("Action=AssumeRole&Action=GetCallerIdentity"), "2 times"},
		"a form with two roles":                                 {"sts", form("Action=AssumeRole&RoleArn=a&RoleArn=b"), "2 times"},
		"a form whose action is also in the query":              {"iam", "POST /?Action=GetRole\n\nAction=DeleteRole&RoleName=r", "2 times"},
		"a topic and a target":                                  {"sns", form("Action=Publish&TopicArn=arn:aws:sns:us-east-1:1:t&TargetArn=arn:aws:sns:us-east-1:1:u"), "no topic"},
		"a message to a telephone":                              {"sns", form("Action=Publish&PhoneNumber=1"), "no topic"},
		"a queue's address that is none":                        {"sqs", rpc("AmazonSQS.SendMessage", `{"QueueUrl":"http://h/q"}`), "no queue"},
		"a ciphertext of a key that is not there":               {"kms", rpc("TrentService.Decrypt", `{"CiphertextBlob":"eA=="}`), "no key"},
		"a ciphertext of another key than is named":             {"kms", rpc("TrentService.Decrypt", `{"KeyId":"other","CiphertextBlob":"`+base64.StdEncoding.EncodeToString([]byte(keyID))+`"}`), "no key"},
		"instances by a template's name":                        {"ec2", form("Action=RunInstances&LaunchTemplate.LaunchTemplateName=n"), "by name"},
		"a profile that is not there":                           {"ec2", form("Action=RunInstances&IamInstanceProfile.Name=other"), "other, which is not there"},
		"a change of records that names none":                   {"route53", "POST /2013-04-01/hostedzone/Z/rrset\n\n<x/>", "names no changes"},
		"metrics whose namespace is not read":                   {"monitoring", "POST /service/GraniteServiceVersion20100801/operation/PutMetricData", "no namespace"},
		"a service whose linked role is not known":              {"iam", form("Action=CreateServiceLinkedRole&AWSServiceName=x.amazonaws.com"), "linked role"},
		"a load balancer's ARN of another service":              {"elasticloadbalancing", form("Action=DeleteLoadBalancer&LoadBalancerArn=arn:aws:s3:::b"), "no resource"},
		"a session by GetSessionToken":                          {"sts", form("Action=GetSessionToken"), "sts:GetSessionToken"},
		"a log group by an ARN, which may be another account's": {"logs", rpc("Logs_20140328.FilterLogEvents", `{"logGroupIdentifier":"arn:aws:logs:us-east-1:999988887777:log-group:/g"}`), "by its name alone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, body := request(t, c.request)
			if strings.HasPrefix(name, "a bucket in the host") {
				r.Host = "b.s3.us-east-1.amazonaws.com"
			}
			_, err := calls.Map(calls.Input{Request: r, Body: body, Service: c.service, Region: "us-east-1", Account: "111122223333", Facts: known{}})
			require.ErrorIs(t, err, calls.ErrUnknown)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzMap(f *testing.F) {
	f.Add("s3", "GET", "/b/k?acl", "", "")
	f.Add("dynamodb", "POST", "/", "DynamoDB_20120810.TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"t"}}]}`)
	f.Add("ec2", "POST", "/", "", "Action=RunInstances&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a")
	f.Add("logs", "POST", "/", "Logs_20140328.PutLogEvents", `{"logGroupIdentifier":"arn:aws:logs:a:b:c"}`)
	services := calls.Prefixes()
	slices.Sort(services)
	f.Fuzz(func(t *testing.T, service, method, target, rpc, body string) {
		r, err := http.NewRequest(method, "http://127.0.0.1"+target, nil)
		if err != nil {
			return
		}
		r.Header.Set("X-Amz-Target", rpc)
		for _, s := range append([]string{service}, services...) {
			c, err := calls.Map(calls.Input{Request: r, Body: []byte(body), Service: s, Region: "r", Account: "111122223333", Facts: known{}})
			if err == nil && c.Needs == nil && c.Service != "sts" {
				t.Fatalf("%s:%s was read and needs nothing", c.Service, c.Operation)
			}
			for _, n := range c.Needs {
				if err == nil && (n.Resource == "" || !strings.Contains(n.Action, ":")) {
					t.Fatalf("a need without action or resource: %+v", n)
				}
			}
		}
	})
}
