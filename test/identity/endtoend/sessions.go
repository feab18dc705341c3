package endtoend

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/fintrack/platform/test/kit/gateway"
)

// audience is the one of tokens for AWS.
const audience = "sts.amazonaws.com"

// lifetime is that of the tokens that are asked for: EKS's own is a day, and the
// later gateway's clock must lie beyond it.
const lifetime = time.Hour

type clock = func() time.Time

// ahead is the clock of the later gateway.
func ahead() time.Time { return time.Now().Add(2 * lifetime) }

// session is one pod's access to AWS, over TLS and over plain HTTP.
type session struct{ aws, plain aws.Config }

// assume takes a role by a token at a gateway, as the SDK in a pod does.
func (w *world) assume(ctx context.Context, g *gateway.Gateway, role, token string) (session, error) {
	at := func(url string, p aws.CredentialsProvider) aws.Config {
		return aws.Config{Region: w.s.Sandbox.Region, BaseEndpoint: &url, Credentials: p, HTTPClient: g.HTTP(), RetryMaxAttempts: 1}
	}
	out, err := sts.NewFromConfig(at(g.URL, aws.AnonymousCredentials{})).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("pod"), WebIdentityToken: &token,
	})
	if err != nil {
		return session{}, err
	}
	c := out.Credentials
	p := credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return session{at(g.URL, p), at(g.PlainURL, p)}, nil
}

// token asks the cluster for a token of the service account.
func (w *world) token(ctx context.Context, account string, audiences ...string) (string, error) {
	namespace, name := split(account)
	return w.cluster.Token(ctx, namespace, name, lifetime, audiences...)
}

// split takes "namespace/service account" apart.
func split(account string) (namespace, name string) {
	namespace, name, _ = strings.Cut(account, "/")
	return namespace, name
}

// code is what a service refused with, "success", or the text of another error.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &api):
		return api.ErrorCode()
	case errors.Is(err, gateway.ErrDenied):
		return "AccessDenied"
	}
	return err.Error()
}

// denials are the codes of the services for what policies do not allow.
var denials = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}

// denied says whether policies refused the request; another failure is none.
func denied(err error) bool { return slices.Contains(denials, code(err)) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// slug is a name as it may stand in a check's id.
func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s)), "-")
}
