// Package secretsmanager lists and deletes the secrets of AWS Secrets Manager.
package secretsmanager

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(census.Lister{
		Service: "secretsmanager", Types: []string{"aws_secretsmanager_secret"}, Regional: true, List: list,
		Parts: []census.Part{
			{Type: "aws_secretsmanager_secret_version", Of: "aws_secretsmanager_secret", Why: "a version is an entry of its secret"},
			{Type: "aws_secretsmanager_secret_policy", Of: "aws_secretsmanager_secret", Why: "the policy is an attribute of its secret"},
			{Type: "aws_secretsmanager_secret_rotation", Of: "aws_secretsmanager_secret", Why: "the rotation is an attribute of its secret"},
		},
	})
}

// list leaves out secrets that are marked for deletion, as the API does unless it
// is asked for them.
func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := secretsmanager.NewFromConfig(cfg)
	return census.Each(ctx, secretsmanager.NewListSecretsPaginator(c, &secretsmanager.ListSecretsInput{}),
		func(p *secretsmanager.ListSecretsOutput) []types.SecretListEntry { return p.SecretList },
		func(s types.SecretListEntry) census.Resource {
			if s.DeletedDate != nil {
				return census.Resource{}
			}
			return census.Resource{
				ID: aws.ToString(s.Name), Name: aws.ToString(s.Name), ARN: aws.ToString(s.ARN),
				Tags:   census.Tags(s.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }),
				Delete: func(ctx context.Context) error { return deleteSecret(ctx, c, cfg.Region, s) },
			}
		})
}

// deleteSecret ends the replication first, from whichever side it is asked
// ("Delete an AWS Secrets Manager secret", "Promote a replica secret").
func deleteSecret(ctx context.Context, c *secretsmanager.Client, region string, s types.SecretListEntry) error {
	if s.PrimaryRegion != nil && *s.PrimaryRegion != region {
		if _, err := c.StopReplicationToReplica(ctx, &secretsmanager.StopReplicationToReplicaInput{SecretId: s.ARN}); err != nil {
			return fmt.Errorf("make the replica a secret of its own: %w", err)
		}
	} else if err := dropReplicas(ctx, c, s.ARN); err != nil {
		return err
	}
	_, err := c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: s.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)})
	return err
}

func dropReplicas(ctx context.Context, c *secretsmanager.Client, secret *string) error {
	out, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: secret})
	if err != nil {
		return err
	}
	var regions []string
	for _, r := range out.ReplicationStatus {
		regions = append(regions, aws.ToString(r.Region))
	}
	if len(regions) == 0 {
		return nil
	}
	_, err = c.RemoveRegionsFromReplication(ctx, &secretsmanager.RemoveRegionsFromReplicationInput{SecretId: secret, RemoveReplicaRegions: regions})
	if err != nil {
		return fmt.Errorf("remove its replicas: %w", err)
	}
	return nil
}
