package gitops

import (
	"fmt"
	"strings"
)

// Intended finds disagreements between the service accounts that Terraform makes roles
// for and those that policies/intent/access.yaml lets take a role. intent is that file;
// name is what ${name} stands for in it. elsewhere are accounts of EKS's own add-ons,
// which Argo CD is not told of.
func Intended(accounts map[string]string, intent map[string]any, name string, elsewhere []string) []Finding {
	const file = "policies/intent/access.yaml"
	var out []Finding
	report := func(subject, problem string, args ...any) {
		out = append(out, Finding{Subject: subject, Origin: Origin{File: file}, Problem: fmt.Sprintf(problem, args...)})
	}
	roles, _ := intent["roles"].(map[string]any)
	intended := map[string]string{}
	for _, key := range names(roles) {
		account := text(roles[key], "taken-by", "service-account")
		if account == "" {
			continue // taken by a pipeline, a service of AWS, a node
		}
		intended[account] = strings.ReplaceAll(text(roles[key], "role"), "${name}", name)
		if _, ok := accounts[account]; !ok && !matchAny(elsewhere, account) {
			report("role "+key, "the service account %s may take it, and Terraform hands over no role for that account", account)
		}
	}
	for _, account := range names(accounts) {
		role := accounts[account][strings.LastIndex(accounts[account], "/")+1:]
		switch want, ok := intended[account]; {
		case !ok:
			report("service account "+account, "Terraform makes the role %s for it, and no role of the intent is taken by it", role)
		case want != role:
			report("service account "+account, "the intent gives it the role %s, Terraform %s", want, role)
		}
	}
	return out
}
