package s3_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	const drKey = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"
	deploy.Refuses(t, deploy.Refusals{
		Module: "s3",
		Base: `
			name        = "ft-reports"
			kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
			access_log  = { bucket = "ft-logs" }
			object_lock = { retention_days = 365 }
			lifecycle_rules = {
				age = { transitions = [{ days = 30, storage_class = "STANDARD_IA" }, { days = 90, storage_class = "GLACIER_IR" }], expiration_days = 400 }
			}
			policy_documents = ["{\"Version\":\"2012-10-17\",\"Statement\":[]}"]
			replication      = { bucket_arn = "arn:aws:s3:::ft-copies", kms_key_arn = "` + drKey + `" }
		`,
		Cases: []deploy.Refusal{
			{Name: "a name with capital letters", Set: map[string]string{"name": `"FT-Reports"`}, Message: "lower-case letters, digits and hyphens"},
			{Name: "a name with a dot", Set: map[string]string{"name": `"ft.reports"`}, Message: "a dot breaks TLS"},
			{Name: "a name too long for the role's", Set: map[string]string{"name": `"a23456789012345678901234567890123456789012345678901234"`}, Message: "3 to 52"},
			{Name: "a name that S3 keeps for access points", Set: map[string]string{"name": `"reports-s3alias"`}, Message: "S3 keeps those for itself"},
			{Name: "an unknown encryption", Set: map[string]string{"sse_algorithm": `"aws:kms:dsse"`, "kms_key_arn": "null"}, Message: `must be "aws:kms" or "AES256"`},
			{Name: "an alias for a key", Set: map[string]string{"kms_key_arn": `"alias/reports"`}, Message: "not an alias or a bare id"},
			{Name: "no key", Set: map[string]string{"kms_key_arn": "null"}, Message: `kms_key_arn is required with sse_algorithm "aws:kms"`},
			{Name: "a key that would not be used", Set: map[string]string{"sse_algorithm": `"AES256"`}, Message: "the key would not be used"},
			{Name: "force_destroy of locked objects", Set: map[string]string{"force_destroy": "true"}, Message: "force_destroy cannot be true with object_lock"},
			{Name: "a lock of no days", Set: map[string]string{"object_lock": "{ retention_days = 0 }"}, Message: "whole number of days from 1 to 36500"},
			{Name: "a lock of half a day", Set: map[string]string{"object_lock": "{ retention_days = 1.5 }"}, Message: "whole number of days from 1 to 36500"},
			{Name: "an unknown lock", Set: map[string]string{"object_lock": `{ retention_days = 1, mode = "SOFT" }`}, Message: `must be "COMPLIANCE" or "GOVERNANCE"`},
			{Name: "uploads never given up", Set: map[string]string{"abort_multipart_days": "0"}, Message: "whole number from 1 to 30"},
			{Name: "old versions gone within days", Set: map[string]string{"noncurrent_expiration_days": "3"}, Message: "whole number from 7 to 3650"},
			{Name: "a rule called like the module's", Set: map[string]string{"lifecycle_rules": `{ baseline = { expiration_days = 1 } }`}, Message: `not "baseline"`},
			{Name: "a rule that does nothing", Set: map[string]string{"lifecycle_rules": `{ idle = {} }`}, Message: "S3 refuses a rule that does nothing"},
			{Name: "an unknown storage class", Set: map[string]string{"lifecycle_rules": `{ age = { transitions = [{ days = 30, storage_class = "TAPE" }] } }`}, Message: "storage_class of a transition must be"},
			{Name: "infrequent access too early", Set: map[string]string{"lifecycle_rules": `{ age = { transitions = [{ days = 7, storage_class = "STANDARD_IA" }] } }`}, Message: "at least 30 for STANDARD_IA"},
			{Name: "transitions out of order", Set: map[string]string{"lifecycle_rules": `{ age = { transitions = [{ days = 90, storage_class = "GLACIER" }, { days = 30, storage_class = "STANDARD_IA" }] } }`}, Message: "in the order of their days"},
			{Name: "expiry before the last move", Set: map[string]string{"lifecycle_rules": `{ age = { transitions = [{ days = 90, storage_class = "GLACIER" }], expiration_days = 60 } }`}, Message: "an object cannot move after it has expired"},
			{Name: "a bucket that logs to itself", Set: map[string]string{"access_log": `{ bucket = "ft-reports" }`}, Message: "must not be the bucket itself"},
			{Name: "a log source by a pattern", Set: map[string]string{"access_log_sources": `["arn:aws:s3:::ft-*"]`, "sse_algorithm": `"AES256"`, "kms_key_arn": "null", "object_lock": "null"}, Message: "without wildcards"},
			{Name: "logs delivered under a customer key", Set: map[string]string{"access_log_sources": `["arn:aws:s3:::ft-data"]`, "object_lock": "null"}, Message: "S3 delivers server access logs to no other"},
			{Name: "logs delivered into locked storage", Set: map[string]string{"access_log_sources": `["arn:aws:s3:::ft-data"]`, "sse_algorithm": `"AES256"`, "kms_key_arn": "null"}, Message: "S3 delivers server access logs to no other"},
			{Name: "a policy that is no JSON", Set: map[string]string{"policy_documents": `["allow all"]`}, Message: "must be IAM policies as JSON"},
			{Name: "copies to something that is no bucket", Set: map[string]string{"replication": `{ bucket_arn = "ft-copies", kms_key_arn = "` + drKey + `" }`}, Message: "replication.bucket_arn must be the ARN of a bucket"},
			{Name: "copies to itself", Set: map[string]string{"replication": `{ bucket_arn = "arn:aws:s3:::ft-reports", kms_key_arn = "` + drKey + `" }`}, Message: "replication.bucket_arn must not be the bucket itself"},
			{Name: "copies under an alias", Set: map[string]string{"replication": `{ bucket_arn = "arn:aws:s3:::ft-copies", kms_key_arn = "alias/dr" }`}, Message: "replication.kms_key_arn must be the ARN of a key"},
			{Name: "copies of an unknown class", Set: map[string]string{"replication": `{ bucket_arn = "arn:aws:s3:::ft-copies", kms_key_arn = "` + drKey + `", storage_class = "TAPE" }`}, Message: "replication.storage_class must be"},
			{Name: "copies in the same Region", Set: map[string]string{"replication": `{ bucket_arn = "arn:aws:s3:::ft-copies", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }`}, Message: "a copy in the same Region does not survive its loss"},
		},
	})
}
