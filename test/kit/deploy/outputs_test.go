package deploy_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/deployed"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
)

func TestWhatAPlanAppliesIsNamedByTheBlockThatDeclaresIt(t *testing.T) {
	t.Parallel()
	change := func(module, kind, name, address string, mode tfjson.ResourceMode, actions ...tfjson.Action) *tfjson.ResourceChange {
		return &tfjson.ResourceChange{Address: address, ModuleAddress: module, Mode: mode, Type: kind, Name: name, Change: &tfjson.Change{Actions: actions}}
	}
	plan := &tfjson.Plan{
		Config: &tfjson.Config{RootModule: &tfjson.ConfigModule{ModuleCalls: map[string]*tfjson.ModuleCall{
			"bucket": {Source: "../../modules/s3", Module: &tfjson.ConfigModule{ModuleCalls: map[string]*tfjson.ModuleCall{
				"key": {Source: "../kms", Module: &tfjson.ConfigModule{}},
			}}},
		}}},
		ResourceChanges: []*tfjson.ResourceChange{
			change("", "aws_sqs_queue", "q", `aws_sqs_queue.q["a.b"]`, tfjson.ManagedResourceMode, tfjson.ActionCreate),
			change(`module.bucket["x.module.y"]`, "aws_s3_bucket", "this", `module.bucket["x.module.y"].aws_s3_bucket.this`, tfjson.ManagedResourceMode, tfjson.ActionDelete, tfjson.ActionCreate),
			change(`module.bucket["x.module.y"].module.key[0]`, "aws_kms_key", "this", `module.bucket["x.module.y"].module.key[0].aws_kms_key.this`, tfjson.ManagedResourceMode, tfjson.ActionNoop),
			change("", "aws_sqs_queue", "gone", "aws_sqs_queue.gone", tfjson.ManagedResourceMode, tfjson.ActionDelete),
			change("", "aws_region", "here", "data.aws_region.here", tfjson.DataResourceMode, tfjson.ActionRead),
		},
	}
	require.Equal(t, []deployed.Resource{
		{Address: `aws_sqs_queue.q["a.b"]`, Declared: "terraform/data:aws_sqs_queue.q"},
		{Address: `module.bucket["x.module.y"].aws_s3_bucket.this`, Declared: "modules/s3:aws_s3_bucket.this"},
		{Address: `module.bucket["x.module.y"].module.key[0].aws_kms_key.this`, Declared: "modules/kms:aws_kms_key.this"},
	}, deploy.Applied(plan, "terraform/data"))
}
