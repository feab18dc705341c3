package secretsmanager_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	const (
		key   = `"arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"`
		layer = `"arn:aws:lambda:us-east-1:123456789012:layer:pg8000:1"`
		// Any file will do for the package where nothing is applied.
		whole = `layer_arns = [` + layer + `], log_kms_key_arn = ` + key + `, package = "main.tf"`
	)
	rotation := func(arguments string) map[string]string {
		return map[string]string{"rotation": "{ " + arguments + " }"}
	}
	secret := func(name, arguments string) map[string]string {
		return map[string]string{"secrets": `{ "` + name + `" = { ` + arguments + ` } }`, "initial_values": "{}"}
	}
	deploy.Refuses(t, deploy.Refusals{
		Module: "secrets-manager",
		Base: `
			name                = "fintrack/production"
			kms_key_arn         = ` + key + `
			secrets             = { rds = { description = "the database", rotation_days = 30, initial_value_version = 1 }, queue = { description = "the queue" } }
			initial_values      = { rds = "{}" }
			replicas            = { "us-west-2" = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555" }
			dr_reader_role_arns = ["arn:aws:iam::210987654321:role/readers/dr"]
			rotation            = { ` + whole + `, subnet_ids = ["subnet-0abc"], security_group_ids = ["sg-0abc"] }
		`,
		Cases: []deploy.Refusal{
			{Name: "a name that ends in a slash", Set: map[string]string{"name": `"fintrack/"`}, Message: "beginning and ending with a letter or digit"},
			{Name: "a name with an empty part", Set: map[string]string{"name": `"fintrack//production"`}, Message: "without an empty part"},
			{Name: "an alias for a key", Set: map[string]string{"kms_key_arn": `"alias/secrets"`}, Message: "kms_key_arn must be the ARN of a key"},
			{Name: "no secrets", Set: map[string]string{"secrets": "{}"}, Message: "at least one secret"},
			{Name: "a secret's name with a space", Set: secret("the database", `description = "x"`), Message: "in parts divided by single slashes"},
			{Name: "a secret's name that looks like an ARN's suffix", Set: secret("sqs-config", `description = "x"`), Message: "must not end in a hyphen and six"},
			{Name: "a secret without a description", Set: secret("rds", `description = " "`), Message: "a description that says what it opens"},
			{Name: "a rotation once a year", Set: secret("rds", `description = "x", rotation_days = 365`), Message: "whole number from 1 to 90"},
			{Name: "a rotation without a function", Set: map[string]string{"rotation": "null"}, Message: "say in rotation how the function reaches the database"},
			{Name: "a first value of version 0", Set: secret("rds", `description = "x", initial_value_version = 0`), Message: "whole number from 1 upwards"},
			{Name: "a first value that is not given", Set: map[string]string{"initial_values": "{}"}, Message: "initial_values lacks the value of a secret"},
			{Name: "a recovery window of a day", Set: map[string]string{"recovery_window_in_days": "1"}, Message: "from 7 to 30, or 0"},
			{Name: "a copy in no Region", Set: map[string]string{"replicas": `{ "Oregon" = "arn:aws:kms:us-west-2:123456789012:key/1" }`}, Message: "replicas must be keyed by Region"},
			{Name: "a copy under a key of another Region", Set: map[string]string{"replicas": `{ "us-west-2" = ` + key + ` }`}, Message: "a key in that same Region"},
			{Name: "a copy beside the original", Set: map[string]string{"replicas": `{ "us-east-1" = ` + key + ` }`}, Message: "must not name the Region of the secrets themselves"},
			{Name: "a whole account as reader", Set: map[string]string{"dr_reader_role_arns": `["arn:aws:iam::210987654321:root"]`}, Message: "would admit whoever is made later"},
			{Name: "readers by a pattern", Set: map[string]string{"dr_reader_role_arns": `["arn:aws:iam::210987654321:role/*"]`}, Message: "without wildcards"},
			{Name: "an unknown strategy", Set: rotation(whole + `, strategy = "both"`), Message: `must be "single-user" or "alternating-users"`},
			{Name: "alternating users without a superuser", Set: rotation(whole + `, strategy = "alternating-users"`), Message: `belongs to the strategy "alternating-users"`},
			{Name: "a superuser that is not needed", Set: rotation(whole + `, superuser_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master-AbCdEf"`), Message: "whose function needs no superuser"},
			{Name: "a function without a driver", Set: rotation(`layer_arns = [], log_kms_key_arn = ` + key + `, package = "main.tf"`), Message: "the function's package holds no database driver"},
			{Name: "a layer without its version", Set: rotation(`layer_arns = ["arn:aws:lambda:us-east-1:123456789012:layer:pg8000"], log_kms_key_arn = ` + key + `, package = "main.tf"`), Message: "must be ARNs of layer versions"},
			{Name: "subnets without a security group", Set: rotation(whole + `, subnet_ids = ["subnet-0abc"]`), Message: "belong together"},
			{Name: "a window of days", Set: rotation(whole + `, window = "2d"`), Message: `must be "1h" to "24h"`},
			{Name: "a retention that CloudWatch does not know", Set: rotation(whole + `, log_retention_days = 100`), Message: "one of the periods that CloudWatch Logs takes"},
			{Name: "logs under an alias", Set: rotation(`layer_arns = [` + layer + `], log_kms_key_arn = "alias/logs", package = "main.tf"`), Message: "rotation.log_kms_key_arn must be the ARN of a key"},
			{Name: "a function that was not built", Set: rotation(`layer_arns = [` + layer + `], log_kms_key_arn = ` + key + `, package = "nowhere.zip"`), Message: "Build it with modules/secrets-manager/lambda/build"},
		},
	})
}
