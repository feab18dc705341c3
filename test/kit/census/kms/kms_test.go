package kms_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/kms"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestKMS(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), kms.NewFromConfig(cfg)
			key := makeKey(t, ctx, cfg, tags, false)
			must(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/" + name), TargetKeyId: key}))
			external := types.OriginTypeExternal
			must(c.CreateKey(ctx, &kms.CreateKeyInput{Origin: external, Tags: tagList(tags)}))
		},
		Types:    []string{"aws_kms_key", "aws_kms_external_key", "aws_kms_alias"},
		Nameless: []string{"aws_kms_external_key"}, // has no alias here
		Apart:    []string{"aws_kms_replica_key"},
	})
}

func tagList(tags map[string]string) (ts []types.Tag) {
	for k, v := range tags {
		ts = append(ts, types.Tag{TagKey: aws.String(k), TagValue: aws.String(v)})
	}
	return ts
}

func makeKey(t testing.TB, ctx context.Context, cfg aws.Config, tags map[string]string, multiRegion bool) *string {
	return censustest.Do(t, ctx, kms.NewFromConfig(cfg).CreateKey, &kms.CreateKeyInput{MultiRegion: aws.Bool(multiRegion), Tags: tagList(tags)}).KeyMetadata.KeyId
}

func TestReplicaKeysGoBeforeTheirPrimary(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	tags := map[string]string{"fintrack:run": "ours"}
	key := makeKey(t, ctx, cfg, tags, true)
	censustest.Do(t, ctx, kms.NewFromConfig(cfg).ReplicateKey, &kms.ReplicateKeyInput{KeyId: key, ReplicaRegion: aws.String("eu-west-1"), Tags: tagList(tags)})

	scope := census.Scope{Regions: []string{censustest.Region, "eu-west-1"}, Tags: tags}
	found, err := census.Take(ctx, cfg, scope)
	if err != nil {
		t.Fatal(err)
	}
	if got := found.Keys(); len(got) != 2 || got[0] != "eu-west-1/aws_kms_replica_key/"+*key || got[1] != "us-east-1/aws_kms_key/"+*key {
		t.Errorf("found %v, want the replica and the primary of %s", got, *key)
	}
	deleted, left, err := census.Sweep(ctx, cfg, scope)
	if err != nil || len(left) > 0 || len(deleted) != 2 {
		t.Errorf("deleted:\n%s\nleft:\n%s\nerror: %v", censustest.Lines(deleted), censustest.Lines(left), err)
	}
}
