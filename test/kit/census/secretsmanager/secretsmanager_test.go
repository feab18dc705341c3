package secretsmanager_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/secretsmanager"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func makeSecret(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string, replicas ...string) {
	in := &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("x")}
	for k, v := range tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	for _, r := range replicas {
		in.AddReplicaRegions = append(in.AddReplicaRegions, types.ReplicaRegionType{Region: aws.String(r)})
	}
	censustest.Do(t, ctx, secretsmanager.NewFromConfig(cfg).CreateSecret, in)
}

func TestSecrets(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			makeSecret(t, ctx, cfg, name+"/database", tags)
		},
		Types: []string{"aws_secretsmanager_secret"},
	})
}

func TestAReplicatedSecretGoesInBothRegions(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	name := censustest.Unique("ft-")
	makeSecret(t, ctx, cfg, name, nil, "eu-west-1")
	scope := census.Scope{Regions: []string{censustest.Region, "eu-west-1"}, Prefix: name}
	found, err := census.Take(ctx, cfg, scope)
	if err != nil {
		t.Fatal(err)
	}
	if found.Len() != 2 {
		t.Errorf("found %v, want the secret in two regions", found.Keys())
	}
	deleted, left, err := census.Sweep(ctx, cfg, scope)
	if err != nil || len(left) > 0 || len(deleted) != 2 {
		t.Errorf("deleted:\n%s\nleft:\n%s\nerror: %v", censustest.Lines(deleted), censustest.Lines(left), err)
	}
}

func TestASecretMarkedForDeletionIsNotCounted(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	name := censustest.Unique("ft-")
	makeSecret(t, ctx, cfg, name, nil)
	censustest.Do(t, ctx, secretsmanager.NewFromConfig(cfg).DeleteSecret, &secretsmanager.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: aws.Int64(7)})
	found, err := census.Take(ctx, cfg, census.Scope{Regions: []string{censustest.Region}, Own: true})
	if err != nil {
		t.Fatal(err)
	}
	if found.Len() > 0 {
		t.Errorf("found %v, want nothing: its days run by themselves", found.Keys())
	}
}
