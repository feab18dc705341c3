package whole

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	static "github.com/fintrack/platform/test/kit/credentials"
	"github.com/fintrack/platform/test/kit/deploy"
)

// guess is gitleaks' rule for whatever looks random. What Terraform and AWS write
// about resources is full of ids that do; the rules for each vendor's keys hold.
const guess = "generic-api-key"

// credentials looks wherever a static credential could lie.
func credentials(ctx context.Context, s *deploy.Stack) {
	scanner, err := static.NewScanner()
	if err != nil {
		s.T.Fatal(err)
	}
	own, err := s.Sandbox.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, layer := range s.Order {
		inTerraform(ctx, s, scanner, layer, own.AccessKeyID)
	}
	inAccount(ctx, s, scanner)
}

// vendors are the findings but guesses, as lines.
func vendors(found []static.Finding) []string {
	out := []string{}
	for _, f := range found {
		if f.Rule != guess {
			out = append(out, f.String())
		}
	}
	return out
}

// inTerraform reads what Terraform wrote. The sandbox writes the emulator's own key
// into the settings of the provider, and thereby into the plan; on AWS it writes none,
// and any key is a finding.
func inTerraform(ctx context.Context, s *deploy.Stack, scanner *static.Scanner, layer, emulators string) {
	c := promise("no-static-credentials."+layer, "No credential lies in the layer's plan, state or outputs, and no resource is one", "terraform/"+layer, "CC6.1", "CC6.7", "C1.1")
	state, err := s.State(ctx, layer)
	if err != nil {
		s.Checks.Err(c, "a state", err)
		return
	}
	d := s.Deployment(layer)
	plan, err := json.MarshalIndent(d.Plan, "", " ")
	if err != nil {
		s.Checks.Err(c, "a plan", err)
		return
	}
	outputs, err := json.MarshalIndent(d.Outputs, "", " ")
	if err != nil {
		s.Checks.Err(c, "outputs", err)
		return
	}
	text := string(plan)
	if s.Sandbox.Run.Environment.EmulatesAWS() {
		text = strings.ReplaceAll(text, emulators, "")
	}
	found := scanner.Text("plan of "+layer, text)
	found = append(found, scanner.Text("state of "+layer, string(state))...)
	found = append(found, scanner.Text("outputs of "+layer, string(outputs))...)
	found = append(found, static.Resources("plan of "+layer, d.Plan.PlannedValues)...)
	s.Checks.Equal(c, []string{}, vendors(found))
}

// inAccount asks AWS itself.
func inAccount(ctx context.Context, s *deploy.Stack, scanner *static.Scanner) {
	users := promise("no-users", "There is no IAM user, and the root user has no access key", "account", "CC6.1", "CC6.2")
	client := iam.NewFromConfig(s.Sandbox.AWS)
	var names []string
	list, err := client.ListUsers(ctx, &iam.ListUsersInput{})
	if err != nil {
		s.Checks.Err(users, "no user", err)
	} else {
		for _, u := range list.Users {
			names = append(names, aws.ToString(u.UserName))
		}
		summary, err := client.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
		if err != nil {
			s.Checks.Err(users, "a summary", err)
		} else {
			s.Checks.Equal(users, "users: , root keys: 0", fmt.Sprintf("users: %s, root keys: %d", strings.Join(names, " "), summary.SummaryMap["AccountAccessKeysPresent"]))
		}
	}
	inFunctions(ctx, s, scanner)
	inSecrets(ctx, s, scanner)
}

func inFunctions(ctx context.Context, s *deploy.Stack, scanner *static.Scanner) {
	c := promise("no-credentials-in-functions", "No function has a credential in its environment", "aws_lambda_function", "CC6.1", "C1.1")
	list, err := lambda.NewFromConfig(s.Sandbox.AWS).ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil || len(list.Functions) == 0 {
		s.Checks.Err(c, "functions", err)
		return
	}
	var found []static.Finding
	for _, f := range list.Functions {
		if f.Environment == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(f.Environment.Variables)) {
			found = append(found, scanner.Text(aws.ToString(f.FunctionName)+" "+name, name+"="+f.Environment.Variables[name])...)
		}
	}
	s.Checks.Equal(c, []string{}, vendors(found))
}

// inSecrets reads every secret: what it holds may be a password that rotates, and
// never a key of a cloud.
func inSecrets(ctx context.Context, s *deploy.Stack, scanner *static.Scanner) {
	c := promise("no-cloud-keys-in-secrets", "No secret holds an access key or a private key", "module.secrets", "CC6.1", "C1.1")
	client := secretsmanager.NewFromConfig(s.Sandbox.AWS)
	list, err := client.ListSecrets(ctx, &secretsmanager.ListSecretsInput{})
	if err != nil || len(list.SecretList) == 0 {
		s.Checks.Err(c, "secrets", err)
		return
	}
	var found []static.Finding
	read := 0
	for _, x := range list.SecretList {
		v, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: x.ARN})
		if err != nil {
			continue // written by hand later: it has no value yet
		}
		read++
		found = append(found, scanner.Text(aws.ToString(x.Name), aws.ToString(v.SecretString)+string(v.SecretBinary))...)
	}
	if read == 0 {
		s.Checks.That(c, false, "secrets with a value", "none")
		return
	}
	s.Checks.Equal(c, []string{}, vendors(found))
}
