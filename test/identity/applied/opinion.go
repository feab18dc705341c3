package applied

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// opinion asks AWS's own simulator the same questions. Where it disagrees, our engine
// is wrong. The emulator has none.
func (v *suite) opinion(ctx context.Context) {
	c := promise("second-opinion", "AWS's policy simulator answers as this engine does", "iam:SimulatePrincipalPolicy", "CC6.1")
	c.Next = "mend test/kit/iam: AWS is right"
	if chosen, err := sandbox.Chosen(); err != nil || chosen != sandbox.AWS {
		v.s.Checks.NotProven(c, "aws", "the emulator has no policy simulator")
		return
	}
	client := service.NewFromConfig(v.s.Sandbox.AWS)
	var differ []string
	asked := 0
	for _, d := range v.declared {
		i, err := v.account.Find(d.ARN)
		if err != nil {
			continue
		}
		for _, r := range access.Questions(d, v.account.ID, access.Base()) {
			said, err := simulate(ctx, client, i.ARN, r)
			if err != nil {
				v.s.Checks.Err(c, "an answer of the simulator", err)
				return
			}
			asked++
			// The simulator looks at identity policies and the boundary alone.
			r.Principal = i.Principal()
			ours := iam.Evaluate(&r, &iam.Policies{Identity: i.Policies, Boundary: i.Boundary, Delegated: true})
			if said != (ours.Decision == iam.Allowed) {
				differ = append(differ, fmt.Sprintf("%s: %s on %s: AWS says allowed=%t, we say %s", d.Name, r.Action, r.Resource, said, ours.Reason()))
			}
		}
	}
	v.s.Checks.That(c, len(differ) == 0 && asked > 0, "no disagreement", fmt.Sprintf("%d questions, %d disagreements %s", asked, len(differ), strings.Join(differ, "\n            ")))
}

// simulate asks the simulator one question.
func simulate(ctx context.Context, client *service.Client, role string, r iam.Request) (bool, error) {
	in := &service.SimulatePrincipalPolicyInput{PolicySourceArn: &role, ActionNames: []string{r.Action}, ResourceArns: []string{r.Resource}}
	for _, key := range r.Context.Keys() {
		values := r.Context.Get(key)
		kind := types.ContextKeyTypeEnumString
		if len(values) > 1 {
			kind = types.ContextKeyTypeEnumStringList
		}
		in.ContextEntries = append(in.ContextEntries, types.ContextEntry{ContextKeyName: aws.String(key), ContextKeyType: kind, ContextKeyValues: values})
	}
	got, err := client.SimulatePrincipalPolicy(ctx, in)
	if err != nil {
		return false, err
	}
	return len(got.EvaluationResults) == 1 && got.EvaluationResults[0].EvalDecision == types.PolicyEvaluationDecisionTypeAllowed, nil
}
