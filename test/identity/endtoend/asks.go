package endtoend

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	engine "github.com/fintrack/platform/test/kit/iam"
)

// ask is one request that every pod makes, and the pods that must be answered. All
// others must be refused by policies.
type ask struct {
	id, title string
	// by are the service accounts, "namespace/name"; none: nobody.
	by []string
	do func(ctx context.Context, s session) error
	// lacks says what the emulator has not: policies let the request through, and it
	// is answered by an error of another kind.
	lacks string
}

// The service accounts, by what they are.
const (
	reconciliation = "fintrack/reconciliation-service"
	reporting      = "fintrack/reporting-service"
	notification   = "fintrack/notification-service"
	auth           = "fintrack/auth-service"
	worker         = "fintrack/transaction-worker"
	detector       = "fintrack/ml-anomaly-detector"
	secretsSync    = "external-secrets/external-secrets-sa"
	certManager    = "cert-manager/cert-manager"
	balancer       = "kube-system/aws-load-balancer-controller"
	volumes        = "kube-system/ebs-csi-controller-sa"
	loki           = "monitoring/loki"
	exporter       = "monitoring/cloudwatch-exporter"
	fluentBit      = "logging/fluent-bit"
	updater        = "argocd/argocd-image-updater"
	trivy          = "trivy-system/trivy-operator"
	karpenter      = "karpenter/karpenter"
)

// ask makes every request as every pod.
func (w *world) ask(ctx context.Context) {
	for _, a := range slices.Concat(w.dataAsks(), w.secretAsks(), w.addonAsks(), w.machineAsks(), w.launchAsks(), w.volumeAsks(), w.balancerAsks(), w.forbiddenAsks()) {
		c := promise("request."+a.id, a.title, "data.aws_iam_policy_document", "CC6.1", "CC6.3")
		var answered, odd []string
		for _, account := range w.accounts {
			s := w.sessions[account]
			if s.aws.Credentials == nil {
				continue // it got no session, which fails a check of its own
			}
			err := a.do(ctx, s)
			switch {
			case err == nil, a.lacks != "" && !denied(err):
				answered = append(answered, account)
			case !denied(err):
				odd = append(odd, account+": "+err.Error())
			}
		}
		want := slices.Clone(a.by)
		slices.Sort(want)
		ok := slices.Equal(want, answered) && odd == nil
		word := "answered: "
		if a.lacks != "" {
			word = "let through, though the emulator has " + a.lacks + ": "
		}
		w.s.Checks.That(c, ok, word+list(want)+"; all others refused", word+list(answered)+failures(odd))
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

func failures(odd []string) string {
	if odd == nil {
		return "; all others refused"
	}
	return "; neither answered nor refused: " + strings.Join(odd, "; ")
}

// exercised compares, for every role, what its policies grant with what the gateway
// saw it use.
func (w *world) exercised(ctx context.Context) {
	used, err := w.used()
	if err != nil {
		w.s.Checks.Err(promise("exercised", "Every grant was used once", "trail", "CC6.3"), "a trail", err)
		return
	}
	for _, account := range w.accounts {
		role := w.roles[account]
		c := promise("exercised."+slug(account), "Every action that is granted to the role was asked for, and answered", role, "CC6.3")
		granted, err := w.granted(ctx, role)
		if err != nil {
			w.s.Checks.Err(c, "policies", err)
			continue
		}
		var missing, services []string
		for _, action := range granted {
			switch {
			case used[role][strings.ToLower(action)]:
			case account == volumes && servicesAlone[action]:
				services = append(services, action)
			default:
				missing = append(missing, action)
			}
		}
		if len(missing) == 0 && len(services) > 0 {
			w.s.Checks.NotProven(c, "aws", fmt.Sprintf("each of %d actions was allowed once or more but for %s, which a service of AWS alone can ask in the role's name", len(granted), strings.Join(services, ", ")))
			continue
		}
		if len(missing) > 0 {
			w.s.Checks.NotProven(c, "a request for each grant", fmt.Sprintf("%d of %d actions were not asked for: %s", len(missing), len(granted), strings.Join(missing, ", ")))
			continue
		}
		w.s.Checks.That(c, len(granted) > 0, "each action allowed once or more", fmt.Sprintf("%d actions, each allowed once or more", len(granted)))
	}
}

// servicesAlone are granted to the volumes' driver for what EC2 asks in its name: by
// kms:GrantIsForAWSResource or by the key's policy, nobody but a service can make such
// a request. Of EC2's, a data key and a grant are documented ("How Amazon Elastic Block
// Store uses AWS KMS"), and are asked here.
var servicesAlone = map[string]bool{
	"kms:ListGrants": true, "kms:RevokeGrant": true, "kms:Decrypt": true, "kms:Encrypt": true,
	"kms:GenerateDataKey": true, "kms:ReEncryptFrom": true, "kms:ReEncryptTo": true,
}

// used are the actions that were allowed, in lower case, by role.
func (w *world) used() (map[string]map[string]bool, error) {
	f, err := os.Open(w.trail.Name())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := engine.ReadTrail(f)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]bool{}
	for _, r := range records {
		if !r.Allowed || r.Role == "" {
			continue
		}
		if out[r.Role] == nil {
			out[r.Role] = map[string]bool{}
		}
		out[r.Role][strings.ToLower(r.Action)] = true
	}
	return out, nil
}

// granted are the actions that the role's managed policies allow, as written.
func (w *world) granted(ctx context.Context, role string) ([]string, error) {
	client := iam.NewFromConfig(w.s.Sandbox.AWS)
	name := role[strings.LastIndexByte(role, '/')+1:]
	out, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	actions := map[string]bool{}
	for _, a := range out.AttachedPolicies {
		p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: a.PolicyArn})
		if err != nil {
			return nil, err
		}
		v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: a.PolicyArn, VersionId: p.Policy.DefaultVersionId})
		if err != nil {
			return nil, err
		}
		policy, err := engine.Parse(engine.IdentityPolicy, aws.ToString(a.PolicyName), []byte(aws.ToString(v.PolicyVersion.Document)))
		if err != nil {
			return nil, err
		}
		for _, s := range policy.Statements {
			for _, action := range s.Actions {
				if !s.Deny {
					actions[action] = true
				}
			}
		}
	}
	return sorted(actions), nil
}
