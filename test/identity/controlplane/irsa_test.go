package controlplane_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/stretchr/testify/require"
)

// account is one on the emulator with a role for the service account
// fintrack/auth-service of a cluster, and a bucket.
type account struct {
	gateway      *gateway.Gateway
	role, bucket string
	trail        bytes.Buffer
}

func newAccount(t *testing.T, r *sandbox.Run, c *cluster.Cluster) *account {
	t.Helper()
	box, err := r.Lease(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Release()) })
	a := &account{bucket: box.Prefix + "-data"}
	client, err := c.HTTP()
	require.NoError(t, err)
	a.gateway, err = gateway.Start(gateway.Config{AWS: box.AWS, Account: box.Account, Trail: &a.trail,
		Issuers: map[string]gateway.Route{c.Issuer: {Base: c.Endpoint, Client: client}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.gateway.Close()) })

	id := iam.NewFromConfig(box.AWS)
	p, err := id.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &c.Issuer, ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("a", 40)}})
	require.NoError(t, err)
	name := strings.TrimPrefix(c.Issuer, "https://")
	role, err := id.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("auth"), AssumeRolePolicyDocument: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":%q},"Condition":{"StringEquals":{%q:"system:serviceaccount:fintrack:auth-service",%q:"sts.amazonaws.com"}}}]}`,
		*p.OpenIDConnectProviderArn, name+":sub", name+":aud"))})
	require.NoError(t, err)
	a.role = *role.Role.Arn
	_, err = id.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("auth"), PolicyName: aws.String("own"), PolicyDocument: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/own/*"}]}`, a.bucket))})
	require.NoError(t, err)
	store := s3.NewFromConfig(box.AWS, func(o *s3.Options) { o.UsePathStyle = true })
	_, err = store.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &a.bucket})
	require.NoError(t, err)
	for _, key := range []string{"own/a", "other/a"} {
		_, err = store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &a.bucket, Key: &key, Body: strings.NewReader(key)})
		require.NoError(t, err)
	}
	return a
}

// read takes the role by the token and reads an object; it returns the code of a
// refusal, or what was read.
func (a *account) read(ctx context.Context, token, key string) string {
	c := aws.Config{Region: "us-east-1", BaseEndpoint: &a.gateway.URL, HTTPClient: a.gateway.HTTP(), RetryMaxAttempts: 1, Credentials: aws.AnonymousCredentials{}}
	got, err := sts.NewFromConfig(c).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &a.role, RoleSessionName: aws.String("pod"), WebIdentityToken: &token})
	if err == nil {
		c.Credentials = credentials.NewStaticCredentialsProvider(*got.Credentials.AccessKeyId, *got.Credentials.SecretAccessKey, *got.Credentials.SessionToken)
		var out *s3.GetObjectOutput
		if out, err = s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }).GetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: &key}); err == nil {
			b, err := io.ReadAll(out.Body)
			if err != nil {
				return err.Error()
			}
			return string(b)
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + " " + api.ErrorMessage()
	}
	return err.Error()
}

func TestATokenOfTheClusterBecomesAnAnsweredRequest(t *testing.T) {
	r := begin(t)
	c := cluster.New(t.Context(), t, r, cluster.Issuer("https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"))
	a := newAccount(t, r, c)
	token := func(namespace, name, audience string) string {
		require.NoError(t, c.EnsureServiceAccount(t.Context(), namespace, name))
		s, err := c.Token(t.Context(), namespace, name, time.Hour, audience)
		require.NoError(t, err)
		return s
	}
	own := token("fintrack", "auth-service", "sts.amazonaws.com")
	require.Equal(t, "own/a", a.read(t.Context(), own, "own/a"))
	require.Contains(t, a.read(t.Context(), own, "other/a"), "AccessDenied User: arn:aws:sts::")
	const untrusted = "AccessDenied Not authorized to perform sts:AssumeRoleWithWebIdentity"
	require.Equal(t, untrusted, a.read(t.Context(), token("fintrack", "reporting-service", "sts.amazonaws.com"), "own/a"))
	require.Equal(t, untrusted, a.read(t.Context(), token("default", "auth-service", "sts.amazonaws.com"), "own/a"))
	require.Equal(t, "InvalidIdentityToken Incorrect token audience", a.read(t.Context(), token("fintrack", "auth-service", "https://kubernetes.default.svc"), "own/a"))

	require.NoError(t, c.RotateKey(t.Context()))
	require.Contains(t, a.read(t.Context(), own, "own/a"), "InvalidIdentityToken")
	require.Equal(t, "own/a", a.read(t.Context(), token("fintrack", "auth-service", "sts.amazonaws.com"), "own/a"))
}
