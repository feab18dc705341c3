package secrets_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// certController is the service account and the Deployment of the program that keeps the
// webhook's certificate.
const certController = "external-secrets-cert-controller"

// webhook lets the second controller make the webhook's certificate, with the rights of
// its own account. It comes last: from then on the API server asks a webhook that does
// not run here about each ExternalSecret.
func (p *proof) webhook(program string) {
	c := p.check("webhook-certificate", "The webhook's certificate is made, and what calls the webhook gets its authority", "gitops/addons/external-secrets/manifests/templates", "CC6.1", "CC6.3")
	var secret gitops.Object
	for _, o := range p.tree.Of("", "Secret") {
		if o.Application == "external-secrets" {
			secret = o
		}
	}
	require.NotNil(p.t, secret.Fields, "the chart makes no Secret for the webhook")
	var configurations []gitops.Object
	for _, o := range p.tree.Of("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") {
		if o.Application == "external-secrets" {
			configurations = append(configurations, o)
		}
	}
	require.NotEmpty(p.t, configurations)
	p.make(append(configurations, secret)...)

	kubeconfig, err := p.cluster.KubeconfigFor(p.t.Context(), namespace, certController, 2*time.Hour)
	require.NoError(p.t, err)
	ports, err := controllers.Ports(2)
	require.NoError(p.t, err)
	controllers.Beside(p.t, suite.Current().Run, certController, program, []string{"KUBECONFIG=" + kubeconfig},
		append(p.arguments(certController), fmt.Sprintf("--metrics-addr=127.0.0.1:%d", ports[0]), fmt.Sprintf("--healthz-addr=127.0.0.1:%d", ports[1]))...)
	started := time.Now()
	expected := fmt.Sprintf("the authority of the Secret %s in %d configurations", secret.Name(), len(configurations))
	if err := controllers.Until(p.t.Context(), within, "the authority is there", func(ctx context.Context) (bool, string) {
		authority := base64.StdEncoding.EncodeToString([]byte(p.secret(ctx, namespace, secret.Name())["ca.crt"]))
		if authority == "" {
			return false, "the Secret has no authority"
		}
		var wrong []string
		for _, o := range configurations {
			now, err := p.objects.Get(ctx, o)
			if err != nil {
				return false, err.Error()
			}
			wrong = append(wrong, gitops.Untrusting(now, authority)...)
		}
		return wrong == nil, strings.Join(wrong, "\n            ")
	}); err != nil {
		p.checks.Err(c, expected, err)
		return
	}
	p.checks.That(c, len(configurations) == 2, expected, fmt.Sprintf("there after %.1f s, by the rights of %s", time.Since(started).Seconds(), certController))
}
