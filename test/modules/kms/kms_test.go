// Package kms_test proves the module kms: what it promises, read from the AWS
// API of applied examples, and what it refuses.
package kms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// uses are the keys that the example asks for: all that the module makes.
var uses = []string{"backup", "cloudtrail", "dynamodb", "ebs", "ecr", "eks", "elasticache", "logs", "rds", "s3", "secrets-manager", "sns", "sqs"}

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "kms", Verify: verify})
}

func TestMultiRegion(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "kms", Example: "multi-region", Regions: []string{"us-west-2"}, Verify: verifyReplicas})
}

func promise(id, title, use string, controls ...string) check.Check {
	return check.Check{ID: "kms." + use + "." + id, Title: title + " (" + use + ")", Subject: fmt.Sprintf("module.kms.aws_kms_key.this[%q]", use), Controls: controls}
}

type outputs struct {
	Keys    map[string]string `json:"key_arns"`
	Aliases map[string]string `json:"alias_names"`
}

func verify(ctx context.Context, d *deploy.Deployment) {
	var out outputs
	d.OutputAs("kms", &out)
	api := kms.NewFromConfig(d.AWS)
	var have []string
	for use := range out.Keys {
		have = append(have, use)
	}
	slices.Sort(have)
	d.Checks.Equal(check.Check{ID: "kms.a-key-each", Title: "There is a key of its own for each use", Subject: "module.kms.aws_kms_key.this", Controls: []string{"CC6.1", "C1.1"}}, uses, have)
	for _, use := range have {
		verifyKey(ctx, d, api, use, out)
		verifyPolicy(ctx, d, api, use, out.Keys[use])
	}
}

func verifyKey(ctx context.Context, d *deploy.Deployment, api *kms.Client, use string, out outputs) {
	c := promise("enabled", "The key is enabled, symmetric and made by KMS in this account", use, "CC6.1")
	key, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(out.Keys[use])})
	if err != nil {
		d.Checks.Err(c, out.Keys[use], err)
		return
	}
	m := key.KeyMetadata
	d.Checks.Equal(c, fmt.Sprint(types.KeyStateEnabled, types.KeySpecSymmetricDefault, types.OriginTypeAwsKms, d.Sandbox.Account),
		fmt.Sprint(m.KeyState, m.KeySpec, m.Origin, aws.ToString(m.AWSAccountId)))
	d.Checks.Equal(promise("single-region", "The key stays in its region unless asked otherwise", use, "CC6.1"), false, aws.ToBool(m.MultiRegion))

	c = promise("rotation", "New key material is made each year", use, "CC6.1", "C1.1")
	rotation, err := api.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: m.KeyId})
	if err != nil {
		d.Checks.Err(c, "every 365 days", err)
	} else {
		d.Checks.Equal(c, "true every 365 days", fmt.Sprintf("%v every %d days", rotation.KeyRotationEnabled, aws.ToInt32(rotation.RotationPeriodInDays)))
	}

	c = promise("alias", "The key has its alias", use, "CC8.1")
	alias, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + d.Name + "/" + use)})
	if err != nil {
		d.Checks.Err(c, out.Keys[use], err)
	} else {
		d.Checks.Equal(c, out.Keys[use], aws.ToString(alias.KeyMetadata.Arn))
	}

	c = promise("tags", "The key carries the run's tags and its use", use, "CC8.1")
	tags, err := api.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: m.KeyId})
	if err != nil {
		d.Checks.Err(c, "tags", err)
		return
	}
	found := map[string]string{}
	for _, t := range tags.Tags {
		found[aws.ToString(t.TagKey)] = aws.ToString(t.TagValue)
	}
	want := map[string]string{"Name": d.Name + "-" + use, "Use": use}
	for k, v := range d.Sandbox.Tags {
		want[k] = v
	}
	d.Checks.Equal(c, want, found)
}

// statement is one statement of a key policy with its lists as lists.
type statement struct {
	Sid, Effect string
	Principal   map[string]any
	Action      list
	Resource    string
	Condition   map[string]map[string]any
}

type list []string

func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// material are the actions by which data can be read or written under a key.
var material = []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"}

func verifyPolicy(ctx context.Context, d *deploy.Deployment, api *kms.Client, use, key string) {
	c := promise("no-wildcard-action", "Nobody has kms:*, and every statement names its actions", use, "CC6.3")
	got, err := api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String(key), PolicyName: aws.String("default")})
	if err != nil {
		d.Checks.Err(c, "a key policy", err)
		return
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(aws.ToString(got.Policy)), &policy); err != nil {
		d.Checks.Err(c, "a key policy", err)
		return
	}
	var wild, open, idle []string
	bySid := map[string]statement{}
	for _, s := range policy.Statement {
		bySid[s.Sid] = s
		for _, a := range s.Action {
			if strings.Contains(a, "*") {
				wild = append(wild, s.Sid+" "+a)
			}
			if s.Sid == "Administration" && slices.Contains(material, a) {
				idle = append(idle, a)
			}
		}
		if s.Principal["AWS"] == "*" || s.Principal["AWS"] == nil && s.Principal["Service"] == nil {
			open = append(open, s.Sid)
		}
	}
	d.Checks.That(c, len(wild) == 0, "no wildcard", fmt.Sprint(wild))
	d.Checks.That(promise("no-open-principal", "No statement is open to everybody", use, "CC6.1", "CC6.3"), len(open) == 0, "named principals", fmt.Sprint(open))
	d.Checks.That(promise("administration-cannot-use", "Who administers the key cannot use it, nor grant its use", use, "CC6.1", "CC6.3"),
		len(idle) == 0 && len(bySid["Administration"].Action) > 0, "administrative actions only", fmt.Sprint(idle, " of ", len(bySid["Administration"].Action)))
	verifyUse(d, use, bySid)
}

// through are the services by which a key is used, where they are not called as
// the use is; the key for logs is used by none.
var through = map[string][]string{"ebs": {"ec2"}, "secrets-manager": {"lambda", "secretsmanager"}, "cloudtrail": {"s3"}, "logs": nil}

// granted are the services that hold grants, by use.
var granted = map[string]string{
	"backup": "backup", "dynamodb": "dynamodb", "ebs": "ec2", "ecr": "ecr", "eks": "eks", "elasticache": "elasticache", "rds": "rds", "secrets-manager": "lambda",
}

// logged are the uses whose log groups are under the key as well.
var logged = []string{"eks", "elasticache", "logs", "sns"}

// verifyUse checks who may use the key, and by which way alone.
func verifyUse(d *deploy.Deployment, use string, bySid map[string]statement) {
	region, account := d.Region, d.Sandbox.Account
	services, other := through[use]
	if !other {
		services = []string{use}
	}
	want := []string{"Administration"}
	if len(services) > 0 {
		want = append(want, "UseThroughTheService")
		s := bySid["UseThroughTheService"]
		d.Checks.Equal(promise("via-service-only", "The key is used through its service by this account alone", use, "CC6.1", "C1.1"),
			fmt.Sprint("arn:aws:iam::"+account+":root", account, hosts(region, services...)),
			fmt.Sprint(s.Principal["AWS"], s.Condition["StringEquals"]["kms:CallerAccount"], several(s.Condition["StringEquals"]["kms:ViaService"])))
	}
	if service, ok := granted[use]; ok {
		want = append(want, "GrantsForTheServicesResources")
		s := bySid["GrantsForTheServicesResources"]
		d.Checks.Equal(promise("grants-for-the-service", "Grants are made for the service's resources alone", use, "CC6.1", "CC6.3"),
			fmt.Sprint("true", hosts(region, service)),
			fmt.Sprint(s.Condition["Bool"]["kms:GrantIsForAWSResource"], several(s.Condition["StringEquals"]["kms:ViaService"])))
	}
	ofAccount := map[string]any{"aws:SourceAccount": account}
	if slices.Contains(logged, use) {
		want = append(want, "Service")
		s := bySid["Service"]
		d.Checks.Equal(promise("logs-service-only", "CloudWatch Logs uses the key by itself, for this account's log groups alone", use, "CC6.1", "C1.1"),
			fmt.Sprint("logs."+region+".amazonaws.com", map[string]map[string]any{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:" + region + ":" + account + ":log-group:*"}}),
			fmt.Sprint(single(s.Principal["Service"]), s.Condition))
	}
	switch use {
	case "sns":
		want = append(want, "Publishers")
		s := bySid["Publishers"]
		d.Checks.Equal(promise("publishers", "What raises alarms may publish under the key, for this account alone, and no more", use, "CC6.1", "CC7.2"),
			fmt.Sprint([]string{"budgets.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com", "events.amazonaws.com"}, list{"kms:Decrypt", "kms:GenerateDataKey"}, map[string]map[string]any{"StringEquals": ofAccount}),
			fmt.Sprint(s.Principal["Service"], s.Action, s.Condition))
	case "cloudtrail":
		want = append(want, "Trail")
		s := bySid["Trail"]
		d.Checks.Equal(promise("trail", "CloudTrail makes data keys for this account's trails, and cannot read what it wrote", use, "CC6.1", "CC7.2"),
			fmt.Sprint("cloudtrail.amazonaws.com", list{"kms:DescribeKey", "kms:GenerateDataKey"}, map[string]map[string]any{"StringEquals": ofAccount, "ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:" + region + ":" + account + ":trail/*"}}),
			fmt.Sprint(single(s.Principal["Service"]), s.Action, s.Condition))
	}
	var have []string
	for sid := range bySid {
		have = append(have, sid)
	}
	slices.Sort(have)
	slices.Sort(want)
	d.Checks.Equal(promise("no-other-statement", "The key policy says nothing else", use, "CC6.3"), want, have)
}

// single is the value of a list of one.
func single(v any) any {
	if l, ok := v.([]any); ok && len(l) == 1 {
		return l[0]
	}
	return v
}

// several are the values of a condition, sorted.
func several(v any) []string {
	l, ok := v.([]any)
	if !ok {
		l = []any{v}
	}
	var out []string
	for _, one := range l {
		out = append(out, fmt.Sprint(one))
	}
	slices.Sort(out)
	return out
}

// hosts are services as kms:ViaService names them, sorted.
func hosts(region string, services ...string) []string {
	var out []string
	for _, s := range services {
		out = append(out, s+"."+region+".amazonaws.com")
	}
	slices.Sort(out)
	return out
}

func verifyReplicas(ctx context.Context, d *deploy.Deployment) {
	var primary, replica outputs
	d.OutputAs("kms", &primary)
	d.OutputAs("replica", &replica)
	cfg := d.AWS.Copy()
	cfg.Region = d.Output("dr_region")
	there := kms.NewFromConfig(cfg)
	for use, arn := range primary.Keys {
		c := check.Check{ID: "kms.multi-region." + use, Title: "The key has a replica of the same id in the DR region (" + use + ")", Controls: []string{"A1.2", "CC6.1"},
			Subject: fmt.Sprintf("module.replica.aws_kms_replica_key.this[%q]", use)}
		want := strings.Replace(arn, ":"+d.Region+":", ":"+cfg.Region+":", 1)
		key, err := there.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + d.Name + "/" + use)})
		if err != nil {
			d.Checks.Err(c, want, err)
			continue
		}
		kind := "no multi-region key"
		if m := key.KeyMetadata.MultiRegionConfiguration; m != nil {
			kind = string(m.MultiRegionKeyType)
		}
		d.Checks.Equal(c, want+" REPLICA "+want, fmt.Sprint(aws.ToString(key.KeyMetadata.Arn), " ", kind, " ", replica.Keys[use]))

		c = check.Check{ID: "kms.multi-region-policy." + use, Title: "The replica is used through the DR region's service alone (" + use + ")", Controls: []string{"CC6.1", "CC6.3"}, Subject: c.Subject}
		policy, err := there.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyMetadata.KeyId, PolicyName: aws.String("default")})
		if err != nil {
			d.Checks.Err(c, "a key policy", err)
			continue
		}
		text := aws.ToString(policy.Policy)
		d.Checks.That(c, strings.Contains(text, "."+cfg.Region+".amazonaws.com") && !strings.Contains(text, "."+d.Region+".amazonaws.com"), "services of "+cfg.Region+" only", text)
	}
}
