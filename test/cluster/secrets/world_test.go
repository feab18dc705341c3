package secrets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// account is the service account that the store reads as.
const (
	namespace = "external-secrets"
	account   = "external-secrets-sa"
)

// secretsInAWS makes every secret of the layer data, encrypted by a key of its own. The
// properties are those that Terraform gives the secret, and those that the platform asks
// for where people write it by hand.
func (p *proof) secretsInAWS(prefix string) {
	t, ctx := p.t, p.t.Context()
	key, err := kms.NewFromConfig(p.box.AWS).CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("secrets-manager")})
	require.NoError(t, err)
	p.key = *key.KeyMetadata.Arn
	declared, err := handover.Secrets(root + "/terraform/data")
	require.NoError(t, err)
	p.values = map[string]map[string]string{}
	for short, properties := range declared {
		p.values[prefix+"/"+short] = map[string]string{}
		for _, property := range properties {
			p.values[prefix+"/"+short][property] = "first " + short + " " + property
		}
	}
	for _, o := range p.wanted() {
		_, keys := o.Fills()
		for _, k := range keys {
			require.Contains(t, p.values, k.Secret, "%s asks for a secret that Terraform does not make", o.ID())
			p.values[k.Secret][k.Property] = "first " + k.Secret + " " + k.Property
		}
	}
	for name, values := range p.values {
		_, err := p.secrets().CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, KmsKeyId: &p.key, SecretString: aws.String(text(t, values))})
		require.NoError(t, err)
	}
}

func text(t require.TestingT, values map[string]string) string {
	b, err := json.Marshal(values)
	require.NoError(t, err)
	return string(b)
}

func (p *proof) secrets() *secretsmanager.Client { return secretsmanager.NewFromConfig(p.box.AWS) }
func (p *proof) iam() *iam.Client                { return iam.NewFromConfig(p.box.AWS) }

// role makes the role of the store's service account, with the trust that the module
// iam-irsa writes and the policy that the layer platform gives it.
func (p *proof) role(given handover.Given, arn string) {
	t, ctx := p.t, p.t.Context()
	provider, err := p.iam().CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: &p.cluster.Issuer, ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("a", 40)},
	})
	require.NoError(t, err)
	trust, err := handover.Trust(root+"/modules/iam-irsa", p.cluster.Issuer, *provider.OpenIDConnectProviderArn, namespace, account)
	require.NoError(t, err)
	given.Outputs["security"] = map[string]any{"kms_key_arns": map[string]any{"secrets-manager": p.key}}
	document, err := handover.Policy(root+"/terraform/platform", given, "external_secrets")
	require.NoError(t, err)
	p.roleName = arn[strings.LastIndexByte(arn, '/')+1:]
	made, err := p.iam().CreateRole(ctx, &iam.CreateRoleInput{RoleName: &p.roleName, AssumeRolePolicyDocument: &trust})
	require.NoError(t, err)
	require.Equal(t, arn, *made.Role.Arn, "the service account names the role that was made")
	policy, err := p.iam().CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &p.roleName, PolicyDocument: &document})
	require.NoError(t, err)
	p.policyARN = *policy.Policy.Arn
	p.grant()
}

func (p *proof) grant() {
	_, err := p.iam().AttachRolePolicy(p.t.Context(), &iam.AttachRolePolicyInput{RoleName: &p.roleName, PolicyArn: &p.policyARN})
	require.NoError(p.t, err)
	p.gateway.Forget()
}

func (p *proof) revoke() {
	_, err := p.iam().DetachRolePolicy(p.t.Context(), &iam.DetachRolePolicyInput{RoleName: &p.roleName, PolicyArn: &p.policyARN})
	require.NoError(p.t, err)
	p.gateway.Forget()
}

// controller starts External Secrets with the arguments of its chart and the rights of
// its own service account; the endpoints of AWS are the gateway's.
func (p *proof) controller(program string) {
	kubeconfig, err := p.cluster.KubeconfigFor(p.t.Context(), namespace, account, 2*time.Hour)
	require.NoError(p.t, err)
	authority := filepath.Join(p.t.TempDir(), "gateway.pem")
	require.NoError(p.t, os.WriteFile(authority, p.gateway.CA, 0o600))
	ports, err := controllers.Ports(1)
	require.NoError(p.t, err)
	args := append(p.arguments("external-secrets"), fmt.Sprintf("--metrics-addr=127.0.0.1:%d", ports[0]))
	controllers.Beside(p.t, suite.Current().Run, "external-secrets", program, []string{
		"KUBECONFIG=" + kubeconfig, "AWS_STS_ENDPOINT=" + p.gateway.URL, "AWS_SECRETSMANAGER_ENDPOINT=" + p.gateway.URL, "AWS_CA_BUNDLE=" + authority,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_REGION=",
	}, args...)
}

// arguments are those that the chart gives the program in a Deployment, but for the
// addresses at which it answers, and the election of a leader, which needs a pod.
func (p *proof) arguments(deployment string) []string {
	for _, o := range p.tree.Of("apps", "Deployment") {
		if o.Namespace != namespace || o.Name() != deployment {
			continue
		}
		containers, _ := o.At("spec", "template", "spec", "containers").([]any)
		given, _ := containers[0].(map[string]any)["args"].([]any)
		var out []string
		for _, a := range given {
			if s := fmt.Sprint(a); !strings.HasPrefix(s, "--metrics-addr") && !strings.HasPrefix(s, "--healthz-addr") && !strings.HasPrefix(s, "--enable-leader-election") {
				out = append(out, s)
			}
		}
		require.NotEmpty(p.t, out)
		return out
	}
	p.t.Fatalf("the chart makes no Deployment %s", deployment)
	return nil
}

// wanted are the platform's ExternalSecrets.
func (p *proof) wanted() []gitops.Object { return p.tree.Of("external-secrets.io", "ExternalSecret") }

// secret reads a Secret's values by key, nil when there is none.
func (p *proof) secret(ctx context.Context, namespace, name string) map[string]string {
	var s struct{ Data map[string][]byte }
	if err := p.cluster.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+namespace+"/secrets/"+name, nil, &s); err != nil {
		return nil
	}
	out := map[string]string{}
	for k, v := range s.Data {
		out[k] = string(v)
	}
	return out
}

// declared are the values that an ExternalSecret's Secret must have.
func (p *proof) declared(o gitops.Object) map[string]string {
	out := map[string]string{}
	_, keys := o.Fills()
	for _, k := range keys {
		out[k.Key] = p.values[k.Secret][k.Property]
	}
	return out
}

// failure is the status of an ExternalSecret's condition Ready, and the reasons
// that the controller gave in events, of it and of its store.
func (p *proof) failure(ctx context.Context, o gitops.Object) (condition, reasons string) {
	now, err := p.objects.Get(ctx, o)
	if err != nil {
		return "", err.Error()
	}
	var events struct {
		Items []struct {
			InvolvedObject struct{ Kind, Name string }
			Message        string
		}
	}
	if err := p.cluster.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+o.Namespace+"/events", nil, &events); err != nil {
		return "", err.Error()
	}
	var said []string
	for _, e := range events.Items {
		of := e.InvolvedObject.Kind == "ExternalSecret" && e.InvolvedObject.Name == o.Name() ||
			e.InvolvedObject.Kind == "SecretStore" && e.InvolvedObject.Name == o.Text("spec", "secretStoreRef", "name")
		if of && !slices.Contains(said, e.Message) {
			said = append(said, e.Message)
		}
	}
	return controllers.Condition(now, "Ready"), fmt.Sprintf("Ready is %q: %s", controllers.Condition(now, "Ready"), strings.Join(said, "; "))
}
