package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/stretchr/testify/require"
)

// TestMain shares one emulator and one account.
func TestMain(m *testing.M) {
	r, err := sandbox.Begin("gateway")
	if err != nil {
		panic(err)
	}
	code := 1
	w, end, err := begin(context.Background(), r)
	if err == nil {
		shared = w
		code = m.Run()
		err = end()
	}
	if err := errors.Join(err, r.End()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var shared *world

// refusedWith says whether err is the service's refusal of that code, whose message
// holds the text.
func refusedWith(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode(), api.ErrorMessage())
	require.Contains(t, api.ErrorMessage(), text)
}

func TestASessionIsWhomItsTokenNames(t *testing.T) {
	w := shared
	who, err := sts.NewFromConfig(w.session(t)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::"+w.account+":assumed-role/reports/pod", *who.Arn)
	require.Equal(t, w.account, *who.Account)
	require.Regexp(t, `^AROA[A-Z0-9]+:pod$`, *who.UserId)
}

func TestATokenThatIsNotGoodGetsNoSession(t *testing.T) {
	w := shared
	good := w.token(nil)
	parts := strings.Split(good, ".")
	cases := map[string]struct {
		token      string
		change     func(*sts.AssumeRoleWithWebIdentityInput)
		code, text string
	}{
		"expired":              {token: w.token(map[string]any{"exp": time.Now().Unix() - 1}), code: "ExpiredTokenException", text: "must be before the expiration"},
		"for another audience": {token: w.token(map[string]any{"aud": "https://kubernetes.default.svc"}), code: "InvalidIdentityToken", text: "Incorrect token audience"},
		"of another issuer":    {token: w.token(map[string]any{"iss": "https://elsewhere.test"}), code: "InvalidIdentityToken", text: "No OpenIDConnect provider found in your account for https://elsewhere.test"},
		"not valid yet":        {token: w.token(map[string]any{"nbf": time.Now().Unix() + 600}), code: "InvalidIdentityToken", text: "not valid yet"},
		"tampered":             {token: parts[0] + "." + strings.Split(w.token(map[string]any{"sub": "system:serviceaccount:fintrack:admin"}), ".")[1] + "." + parts[2], code: "InvalidIdentityToken", text: "signature"},
		"no token":             {token: "not a token", code: "InvalidIdentityToken", text: "not a valid JWT"},
		"of another account":   {token: w.token(map[string]any{"sub": "system:serviceaccount:fintrack:other"}), code: "AccessDenied", text: "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"of another namespace": {token: w.token(map[string]any{"sub": "system:serviceaccount:default:reports"}), code: "AccessDenied", text: "Not authorized"},
		"for a role that is not": {token: good, change: func(in *sts.AssumeRoleWithWebIdentityInput) {
			in.RoleArn = aws.String("arn:aws:iam::" + w.account + ":role/nobody")
		}, code: "AccessDenied", text: "Not authorized"},
		"for another path": {token: good, change: func(in *sts.AssumeRoleWithWebIdentityInput) {
			in.RoleArn = aws.String("arn:aws:iam::" + w.account + ":role/x/reports")
		}, code: "AccessDenied", text: "Not authorized"},
		"for a session that is too long": {token: good, change: func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(3601) },
			code: "ValidationError", text: "exceeds the MaxSessionDuration"},
		"for a session that is too short": {token: good, change: func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(899) },
			code: "ValidationError", text: "900 to 43200"},
		"with a session policy that is none": {token: good, change: func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy = aws.String(`{"Statement":1}`) },
			code: "MalformedPolicyDocument", text: "session"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := w.assume(t.Context(), c.token, c.change)
			refusedWith(t, err, c.code, c.text)
		})
	}
}

func TestAKeyThatIsPublishedNoMoreSignsNothing(t *testing.T) {
	w := shared
	old := w.token(nil)
	_, err := w.assume(t.Context(), old, nil)
	require.NoError(t, err)
	w.set(t, func() { w.keyID = "second" })
	_, err = w.assume(t.Context(), old, nil)
	refusedWith(t, err, "InvalidIdentityToken", "publishes no such key")
	_, err = w.assume(t.Context(), w.token(nil), nil)
	require.NoError(t, err)
	w.set(t, func() { w.down = true })
	_, err = w.assume(t.Context(), w.token(nil), nil)
	refusedWith(t, err, "InvalidIdentityToken", "Couldn't retrieve verification key")
}

// ask is one request of a session.
type ask func(ctx context.Context, w *world, c aws.Config) error

func put(bucket func(*world) string, key, algorithm string, with func(*world) string) ask {
	return func(ctx context.Context, w *world, c aws.Config) error {
		in := &s3.PutObjectInput{Bucket: aws.String(bucket(w)), Key: &key, Body: strings.NewReader("x"), ServerSideEncryption: s3types.ServerSideEncryption(algorithm)}
		if with != nil {
			in.SSEKMSKeyId = aws.String(with(w))
		}
		_, err := s3.NewFromConfig(c, pathStyle).PutObject(ctx, in)
		return err
	}
}

func get(key string) ask {
	return func(ctx context.Context, w *world, c aws.Config) error {
		out, err := s3.NewFromConfig(c, pathStyle).GetObject(ctx, &s3.GetObjectInput{Bucket: &w.bucket, Key: &key})
		if err == nil {
			_, err = io.Copy(io.Discard, out.Body)
		}
		return err
	}
}

func own(w *world) string { return w.bucket }
func key(w *world) string { return w.keyARN }

func TestPoliciesDecideWhatASessionMayDo(t *testing.T) {
	w := shared
	objects := "arn:aws:s3:::" + w.bucket + "/reports/*"
	encrypted := `{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`
	through := func(service string) string {
		return `{"StringEquals":{"kms:ViaService":"` + service + `.us-east-1.amazonaws.com"}}`
	}
	queue := "arn:aws:sqs:us-east-1:" + w.account + ":transactions"
	table := "arn:aws:dynamodb:us-east-1:" + w.account + ":table/items"
	send := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := sqs.NewFromConfig(c).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &w.queue, MessageBody: aws.String("x")})
		return err
	}
	secret := func(id string) ask {
		return func(ctx context.Context, w *world, c aws.Config) error {
			_, err := secretsmanager.NewFromConfig(c).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
			return err
		}
	}
	item := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := dynamodb.NewFromConfig(c).PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("items"), Item: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: "1"}}})
		return err
	}
	instances := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := ec2.NewFromConfig(c).DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
		return err
	}
	directly := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := kms.NewFromConfig(c).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &w.keyARN, KeySpec: "AES_256"})
		return err
	}
	// The emulator has no such operation: the gateway alone can say that it may.
	maybe := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := ec2.NewFromConfig(c).CopyVolumes(ctx, &ec2.CopyVolumesInput{SourceVolumeId: aws.String("vol-0123456789abcdef0"), DryRun: aws.Bool(true)})
		return err
	}
	volume := func(ctx context.Context, w *world, c aws.Config) error {
		_, err := ec2.NewFromConfig(c).CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(1), Encrypted: aws.Bool(true), KmsKeyId: &w.keyARN})
		return err
	}
	attached := func(ctx context.Context, w *world, c aws.Config) error {
		v, err := ec2.NewFromConfig(w.admin).CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(1), Encrypted: aws.Bool(true), KmsKeyId: &w.keyARN})
		if err != nil {
			return err
		}
		_, err = ec2.NewFromConfig(c).AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: v.VolumeId, InstanceId: aws.String("i-0123456789abcdef0"), Device: aws.String("/dev/sdf")})
		return err
	}
	forService := `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`
	cases := []struct {
		name   string
		grants []string
		ask    ask
		code   string // "" when it must succeed
		text   string
	}{
		{"nothing is granted, so nothing is allowed", nil, get("reports/a"), "AccessDenied", "because no identity-based policy allows the s3:GetObject action"},
		{"an object that is not encrypted by a key of ours is read with s3:GetObject alone", []string{allow("s3:GetObject", "arn:aws:s3:::"+w.bucket+"/*")}, get("private/a"), "", ""},
		{"an encrypted object is not read without the right to decrypt", []string{allow("s3:GetObject", objects)}, get("reports/a"), "AccessDenied", "kms:Decrypt"},
		{"an encrypted object is read with it", []string{allow("s3:GetObject", objects), allow("kms:Decrypt", w.keyARN, through("s3"))}, get("reports/a"), "", ""},
		{"another prefix is not read", []string{allow("s3:GetObject", objects), allow("kms:Decrypt", w.keyARN)}, get("private/a"), "AccessDenied", "s3:GetObject"},
		{"a put with the key is taken", []string{allow("s3:PutObject", objects, encrypted), allow("kms:GenerateDataKey", w.keyARN, through("s3"))}, put(own, "reports/b", "aws:kms", key), "", ""},
		{"a put without encryption is not", []string{allow("s3:PutObject", objects, encrypted), allow("kms:GenerateDataKey", w.keyARN)}, put(own, "reports/b", "", nil), "AccessDenied", "s3:PutObject"},
		{"a put whose key may not be used is not", []string{allow("s3:PutObject", objects, encrypted)}, put(own, "reports/b", "aws:kms", key), "AccessDenied", "kms:GenerateDataKey"},
		{"a key that is granted through S3 does not open to its holder", []string{allow("kms:GenerateDataKey", w.keyARN, through("s3"))}, directly, "AccessDeniedException", "kms:GenerateDataKey"},
		{"a message is sent", []string{allow("sqs:SendMessage", queue), allow("kms:*", w.keyARN, through("sqs"))}, send, "", ""},
		{"a message is not sent without the queue's key", []string{allow("sqs:SendMessage", queue)}, send, "AccessDenied", "kms:GenerateDataKey"},
		{"a message is not sent with the right to receive", []string{allow("sqs:ReceiveMessage", queue), allow("kms:*", w.keyARN)}, send, "AccessDenied", "sqs:SendMessage"},
		{"a secret is read by its name", []string{allow("secretsmanager:GetSecretValue", w.secret), allow("kms:Decrypt", w.keyARN, through("secretsmanager"))}, secret("fintrack/production/rds"), "", ""},
		{"a secret is not read without its key", []string{allow("secretsmanager:GetSecretValue", w.secret)}, secret(w.secret), "AccessDeniedException", "kms:Decrypt"},
		{"another secret is not read", []string{allow("secretsmanager:GetSecretValue", w.secret), allow("kms:Decrypt", w.keyARN)}, secret("fintrack/production/redis"), "AccessDeniedException", "secretsmanager:GetSecretValue"},
		{"an item is put", []string{allow("dynamodb:PutItem", table)}, item, "", ""},
		{"an item is not put with the right to read", []string{allow("dynamodb:GetItem", table)}, item, "AccessDeniedException", "dynamodb:PutItem"},
		{"instances are listed in the region that is granted", []string{allow("ec2:DescribeInstances", "*", `{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`)}, instances, "", ""},
		{"a request that only asks whether it may is told that it may", []string{allow("ec2:CopyVolumes", "*")}, maybe, "DryRunOperation", "would have succeeded"},
		{"a request that only asks whether it may is told that it may not", nil, maybe, "UnauthorizedOperation", "You are not authorized to perform this operation"},
		{"an encrypted volume is made with its key", []string{allow("ec2:CreateVolume", "*"), allow("kms:GenerateDataKeyWithoutPlaintext", w.keyARN, through("ec2"))}, volume, "", ""},
		{"an encrypted volume is not made without its key", []string{allow("ec2:CreateVolume", "*")}, volume, "UnauthorizedOperation", "kms:GenerateDataKeyWithoutPlaintext"},
		{"an encrypted volume is not attached without a grant", []string{allow("ec2:AttachVolume", "*")}, attached, "UnauthorizedOperation", "kms:CreateGrant"},
		{"an encrypted volume is attached with one for a service, to an instance that is not there", []string{allow("ec2:AttachVolume", "*"), allow("kms:CreateGrant", w.keyARN, forService)}, attached, "InvalidInstanceID.NotFound", ""},
		{"instances are not listed in another", []string{allow("ec2:DescribeInstances", "*", `{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`)}, instances, "UnauthorizedOperation", "You are not authorized to perform this operation"},
	}
	session := w.session(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			grants := c.grants
			if grants == nil {
				grants = []string{allow("s3:ListAllMyBuckets", "*")}
			}
			w.grant(t, grants...) // a write through the gateway is seen at once
			err := c.ask(t.Context(), w, session)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refusedWith(t, err, c.code, c.text)
		})
	}
}

func TestPlainHTTPIsRefusedByTheBucketsPolicy(t *testing.T) {
	w := shared
	w.grant(t, allow("s3:GetObject", "arn:aws:s3:::"+w.bucket+"/*"))
	session := w.session(t)
	require.NoError(t, get("private/a")(t.Context(), w, session))
	session.BaseEndpoint = &w.gateway.PlainURL
	refusedWith(t, get("private/a")(t.Context(), w, session), "AccessDenied", "with an explicit deny in a resource-based policy")
}

func TestASessionPolicyNarrows(t *testing.T) {
	w := shared
	w.grant(t, allow("s3:*", "*"))
	narrow, err := w.assume(t.Context(), w.token(nil), func(in *sts.AssumeRoleWithWebIdentityInput) {
		in.Policy = aws.String(`{"Version":"2012-10-17","Statement":[` + allow("s3:GetObject", "arn:aws:s3:::"+w.bucket+"/private/*") + `]}`)
	})
	require.NoError(t, err)
	require.NoError(t, get("private/a")(t.Context(), w, narrow))
	_, err = s3.NewFromConfig(narrow, pathStyle).ListBuckets(t.Context(), &s3.ListBucketsInput{})
	refusedWith(t, err, "AccessDenied", "because no session policy allows the s3:ListAllMyBuckets action")
}

func TestASessionEndsWhenItsTimeIsOver(t *testing.T) {
	w := shared
	w.grant(t, allow("s3:GetObject", "*"))
	session, err := w.assume(t.Context(), w.token(nil), func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(900) })
	require.NoError(t, err)
	w.set(t, func() { w.ahead = 890 * time.Second })
	status, said := w.signedGet(t, session)
	require.Equal(t, http.StatusOK, status, said)
	w.set(t, func() { w.ahead = 901 * time.Second })
	status, said = w.signedGet(t, session)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, said, "<Code>ExpiredToken</Code>")
}

// signedGet asks for an object by a request that is signed at the gateway's time.
func (w *world) signedGet(t *testing.T, c aws.Config) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.gateway.URL+"/"+w.bucket+"/private/a", nil)
	require.NoError(t, err)
	own, err := c.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), own, r, "UNSIGNED-PAYLOAD", "s3", "us-east-1", w.now()))
	res, err := w.gateway.HTTP().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

func TestARoleAssumesAnotherOnlyWhenBothSidesAllowIt(t *testing.T) {
	w := shared
	session := w.session(t)
	other := "arn:aws:iam::" + w.account + ":role/other"
	assume := func() error {
		_, err := sts.NewFromConfig(session).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &other, RoleSessionName: aws.String("chained")})
		return err
	}
	w.grant(t, allow("sts:AssumeRole", other))
	refusedWith(t, assume(), "AccessDenied", "because no resource-based policy allows the sts:AssumeRole action")

	admin := iamapi.NewFromConfig(w.through(w.admin.Credentials))
	_, err := admin.UpdateAssumeRolePolicy(t.Context(), &iamapi.UpdateAssumeRolePolicyInput{RoleName: aws.String("other"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + w.account + `:root"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	require.NoError(t, assume())
	w.grant(t, allow("s3:ListAllMyBuckets", "*"))
	refusedWith(t, assume(), "AccessDenied", "because no identity-based policy allows the sts:AssumeRole action")
}

func TestWhatIsNotUnderstoodIsRefusedAndNeverForwarded(t *testing.T) {
	w := shared
	w.grant(t, allow("*", "*"))
	session := w.session(t)
	count := func(o *s3.Options) { o.UsePathStyle = true }
	_, err := s3.NewFromConfig(session, count).DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &w.bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("private/a")}}}})
	refusedWith(t, err, "AccessDenied", "the gateway knows no such request")
	require.NoError(t, get("private/a")(t.Context(), w, session), "it is still there")

	_, err = sts.NewFromConfig(session).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	refusedWith(t, err, "AccessDenied", "the gateway knows no such request")
	records, err := iam.ReadTrail(strings.NewReader(w.trail.String()))
	require.NoError(t, err)
	last := records[len(records)-1]
	require.Equal(t, "sts:GetSessionToken", last.Action)
	require.False(t, last.Allowed)
}

func TestACallerThatIsNotKnownIsRefused(t *testing.T) {
	w := shared
	w.grant(t, allow("*", "*"))
	good, err := w.session(t).Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	admin, err := w.admin.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	with := func(key, secret, token string) aws.Config {
		return w.through(credentials.NewStaticCredentialsProvider(key, secret, token))
	}
	cases := map[string]struct {
		config aws.Config
		code   string
	}{
		"another secret":                     {with(good.AccessKeyID, "other", good.SessionToken), "SignatureDoesNotMatch"},
		"another session's token":            {with(good.AccessKeyID, good.SecretAccessKey, "other"), "InvalidAccessKeyId"},
		"no token":                           {with(good.AccessKeyID, good.SecretAccessKey, ""), "InvalidAccessKeyId"},
		"a key that nobody was given":        {with("AKIAIOSFODNN7EXAMPLE", "x", ""), "InvalidAccessKeyId"},
		"the administrator's key alone":      {with(admin.AccessKeyID, "guess", admin.SessionToken), "SignatureDoesNotMatch"},
		"the emulator's well-known test key": {with("testing", "testing", ""), "InvalidAccessKeyId"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { refusedWith(t, get("private/a")(t.Context(), w, c.config), c.code, "") })
	}
	t.Run("nobody at all", func(t *testing.T) {
		res, err := w.gateway.HTTP().Get(w.gateway.URL + "/" + w.bucket + "/private/a")
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, http.StatusForbidden, res.StatusCode)
	})
}

func TestTheAdministratorPassesAsRoot(t *testing.T) {
	w := shared
	c := w.through(w.admin.Credentials)
	require.NoError(t, get("reports/a")(t.Context(), w, c))
	c.BaseEndpoint = &w.gateway.PlainURL
	require.NoError(t, get("private/a")(t.Context(), w, c))
}

func TestAPolicyThatCannotBeReadIsARefusal(t *testing.T) {
	w := shared
	w.grant(t, allow("s3:GetObject", "*"))
	session := w.session(t)
	admin := s3.NewFromConfig(w.through(w.admin.Credentials), pathStyle)
	bucket := w.bucket + "-damaged"
	_, err := admin.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	require.NoError(t, err)
	_, err = admin.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a"), Body: strings.NewReader("a")})
	require.NoError(t, err)
	read := func() error {
		_, err := s3.NewFromConfig(session, pathStyle).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("a")})
		return err
	}
	require.NoError(t, read())
	_, err = admin.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{"StringSomehow":{"aws:x":"y"}}}]}`)})
	require.NoError(t, err)
	refusedWith(t, read(), "InternalError", "StringSomehow")
}

func TestEveryDecisionIsInTheTrail(t *testing.T) {
	w := shared
	w.grant(t, allow("s3:GetObject", "arn:aws:s3:::"+w.bucket+"/reports/*"), allow("kms:Decrypt", w.keyARN))
	before := len(w.trail.String())
	session := w.session(t)
	require.NoError(t, get("reports/a")(t.Context(), w, session))
	require.Error(t, get("private/a")(t.Context(), w, session))
	records, err := iam.ReadTrail(strings.NewReader(w.trail.String()[before:]))
	require.NoError(t, err)
	var lines []string
	for _, r := range records {
		verdict := "denied"
		if r.Allowed {
			verdict = "allowed"
		}
		lines = append(lines, r.Action+" "+verdict+" "+r.Policy)
		require.NotEmpty(t, r.Request)
		require.NotEmpty(t, r.Reason)
	}
	require.Equal(t, []string{
		"sts:AssumeRoleWithWebIdentity allowed reports", "s3:GetObject allowed reports/grants", "kms:Decrypt allowed reports/grants", "s3:GetObject denied ",
	}, lines)
}
