package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/gateway/webidentity"
)

// provider is an OIDC provider that the account registered.
type provider struct {
	arn, issuer string
	clients     []string
}

// provider finds the account's provider of an issuer; nil when there is none.
func (s *store) provider(ctx context.Context, issuer string) (*provider, error) {
	name, ok := strings.CutPrefix(issuer, "https://")
	if !ok || name == "" {
		return nil, nil
	}
	arn := "arn:aws:iam::" + s.config.Account + ":oidc-provider/" + name
	out, err := iam.NewFromConfig(s.in("")).GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if absent(err, "NoSuchEntity") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the provider %s: %w", arn, err)
	}
	if registered := strings.TrimPrefix(aws.ToString(out.Url), "https://"); registered != name {
		return nil, fmt.Errorf("the provider %s is of %s", arn, registered)
	}
	return &provider{arn: arn, issuer: issuer, clients: out.ClientIDList}, nil
}

// maxDocument is the largest document that an issuer is believed, in bytes.
const maxDocument = 1 << 20

// fetchKeys asks the issuer for its keys ("OpenID Connect Discovery 1.0", 4). They are
// asked anew for each token: a key that the issuer publishes no more is good for
// nothing from then on.
func (g *Gateway) fetchKeys(ctx context.Context, issuer string) (webidentity.Keys, error) {
	route, ok := g.config.Issuers[issuer]
	if !ok {
		return nil, fmt.Errorf("this environment has no way to %s", issuer)
	}
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	b, err := fetch(ctx, route.Client, route.Base+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &discovery); err != nil {
		return nil, fmt.Errorf("the discovery document: %w", err)
	}
	if discovery.Issuer != issuer {
		return nil, fmt.Errorf("the discovery document is of %q, want %q", discovery.Issuer, issuer)
	}
	if !strings.HasPrefix(discovery.Keys, "https://") {
		return nil, fmt.Errorf("the discovery document's jwks_uri is %q, want https", discovery.Keys)
	}
	if b, err = fetch(ctx, route.Client, discovery.Keys); err != nil {
		return nil, err
	}
	return webidentity.ParseKeys(b)
}

func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxDocument))
}
