package gateway_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/stretchr/testify/require"
)

const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"

// world is an account on the emulator with a gateway before it, and an issuer of
// tokens whose keys the test holds.
type world struct {
	gateway *gateway.Gateway
	admin   aws.Config
	account string
	issuer  *httptest.Server
	trail   *safeBuffer

	mu     sync.Mutex
	ahead  time.Duration // of the gateway's clock
	key    *rsa.PrivateKey
	keyID  string
	down   bool // the issuer does not answer
	bucket string
	keyARN string
	queue  string
	secret string
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// begin leases an account, fills it, and starts a gateway before it. The account
// serves all tests: the emulator takes long to make the first role of one.
func begin(ctx context.Context, r *sandbox.Run) (w *world, end func() error, err error) {
	box, err := r.Lease(ctx)
	if err != nil {
		return nil, nil, err
	}
	w = &world{admin: box.AWS, account: box.Account, trail: &safeBuffer{}, keyID: "first", bucket: box.Prefix + "-reports"}
	if w.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, nil, err
	}
	w.issuer = httptest.NewTLSServer(http.HandlerFunc(w.serveIssuer))
	for _, fill := range []func(context.Context) error{w.fillKey, w.fillBucket, w.fillServices, w.fillRoles} {
		if err := fill(ctx); err != nil {
			return nil, nil, err
		}
	}
	w.gateway, err = gateway.Start(gateway.Config{
		AWS: w.admin, Account: w.account, Trail: w.trail, Now: w.now,
		Issuers: map[string]gateway.Route{issuer: {Base: w.issuer.URL, Client: w.issuer.Client()}},
	})
	return w, func() error {
		defer w.issuer.Close()
		return errors.Join(w.gateway.Close(), box.Release())
	}, err
}

// now is the gateway's clock.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// set changes the issuer or the clock for one test.
func (w *world) set(t testing.TB, change func()) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	ahead, id, down := w.ahead, w.keyID, w.down
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ahead, w.keyID, w.down = ahead, id, down
	})
	change()
}

// serveIssuer serves the issuer's documents.
func (w *world) serveIssuer(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		http.Error(out, "down", http.StatusServiceUnavailable)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		fmt.Fprintf(out, `{"issuer":%q,"jwks_uri":%q}`, issuer, w.issuer.URL+"/keys")
	case "/keys":
		e := big.NewInt(int64(w.key.E)).Bytes()
		fmt.Fprintf(out, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}]}`, w.keyID, b64(w.key.N.Bytes()), b64(e))
	default:
		http.NotFound(out, r)
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is one of the service account reports in the namespace fintrack, good for an
// hour but for what change says.
func (w *world) token(change map[string]any) string {
	now := w.now().Unix()
	claims := map[string]any{
		"iss": issuer, "sub": "system:serviceaccount:fintrack:reports", "aud": []string{"sts.amazonaws.com"},
		"iat": now, "nbf": now, "exp": now + 3600,
	}
	maps.Copy(claims, change)
	w.mu.Lock()
	defer w.mu.Unlock()
	return signToken(w.key, w.keyID, claims)
}

func signToken(key *rsa.PrivateKey, id string, claims map[string]any) string {
	head, _ := json.Marshal(map[string]string{"alg": "RS256", "kid": id})
	body, _ := json.Marshal(claims)
	text := b64(head) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	s, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return text + "." + b64(s)
}

func (w *world) fillRoles(ctx context.Context) error {
	id := iam.NewFromConfig(w.admin)
	name := strings.TrimPrefix(issuer, "https://")
	p, err := id.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuer), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("a", 40)}})
	if err != nil {
		return err
	}
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"Pod","Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":%q},
		"Condition":{"StringEquals":{%q:"system:serviceaccount:fintrack:reports",%q:"sts.amazonaws.com"}}}]}`, *p.OpenIDConnectProviderArn, name+":sub", name+":aud")
	for _, role := range []string{"reports", "other"} {
		if _, err = id.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(role), AssumeRolePolicyDocument: &trust}); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) fillKey(ctx context.Context) error {
	key, err := kms.NewFromConfig(w.admin).CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`, w.account))})
	if err == nil {
		w.keyARN = *key.KeyMetadata.Arn
	}
	return err
}

func (w *world) fillServices(ctx context.Context) error {
	q, err := sqs.NewFromConfig(w.admin).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("transactions"), Attributes: map[string]string{"KmsMasterKeyId": w.keyARN}})
	if err != nil {
		return err
	}
	w.queue = *q.QueueUrl
	s, err := secretsmanager.NewFromConfig(w.admin).CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("fintrack/production/rds"), SecretString: aws.String("{}"), KmsKeyId: &w.keyARN})
	if err != nil {
		return err
	}
	w.secret = *s.ARN
	_, err = dynamodb.NewFromConfig(w.admin).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("items"), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	return err
}

func (w *world) fillBucket(ctx context.Context) error {
	client := s3.NewFromConfig(w.admin, pathStyle)
	_, made := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &w.bucket})
	_, closed := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &w.bucket, Policy: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Sid":"DenyInsecureTransport","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::%[1]s","arn:aws:s3:::%[1]s/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, w.bucket))})
	_, encrypted := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &w.bucket, Key: aws.String("reports/a"), Body: strings.NewReader("a"),
		ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &w.keyARN})
	_, plain := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &w.bucket, Key: aws.String("private/a"), Body: strings.NewReader("a")})
	return errors.Join(made, closed, encrypted, plain)
}

// grant gives the role reports one inline policy of these statements; the change goes
// through the gateway, as Terraform's do.
func (w *world) grant(t testing.TB, statements ...string) {
	t.Helper()
	_, err := iam.NewFromConfig(w.through(w.admin.Credentials)).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("reports"), PolicyName: aws.String("grants"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`),
	})
	require.NoError(t, err)
}

func allow(action, resource string, condition ...string) string {
	c := ""
	if len(condition) > 0 {
		c = `,"Condition":` + condition[0]
	}
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q%s}`, action, resource, c)
}

// through is a configuration that asks the gateway with those credentials.
func (w *world) through(p aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: w.admin.Region, BaseEndpoint: &w.gateway.URL, Credentials: p, HTTPClient: w.gateway.HTTP(), RetryMaxAttempts: 1}
}

// assume takes a role by a token, and returns a configuration of the session.
func (w *world) assume(ctx context.Context, token string, change func(*sts.AssumeRoleWithWebIdentityInput)) (aws.Config, error) {
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::" + w.account + ":role/reports"), RoleSessionName: aws.String("pod"), WebIdentityToken: &token,
	}
	if change != nil {
		change(in)
	}
	out, err := sts.NewFromConfig(w.through(aws.AnonymousCredentials{})).AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return aws.Config{}, err
	}
	c := out.Credentials
	return w.through(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)), nil
}

func (w *world) session(t testing.TB) aws.Config {
	t.Helper()
	c, err := w.assume(t.Context(), w.token(nil), nil)
	require.NoError(t, err)
	return c
}

func pathStyle(o *s3.Options) { o.UsePathStyle = true }
