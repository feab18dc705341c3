// Package backup lists and deletes what AWS Backup holds.
package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const plan, vault = "aws_backup_plan", "aws_backup_vault"
	census.Register(
		census.Lister{
			Service: "backup", Types: []string{plan}, Regional: true, Order: census.Actors, List: census.With(backup.NewFromConfig, listPlans),
			Parts: []census.Part{
				{Type: "aws_backup_selection", Of: plan, Why: "a selection is an entry of its plan"},
			},
		},
		census.Lister{
			Service: "backup", Types: []string{vault}, Regional: true, Order: census.Workloads + 50, List: census.With(backup.NewFromConfig, listVaults),
			Parts: []census.Part{
				{Type: "aws_backup_vault_lock_configuration", Of: vault, Why: "an attribute of its vault"},
				{Type: "aws_backup_vault_policy", Of: vault, Why: "an attribute of its vault"},
				{Type: "aws_backup_vault_notifications", Of: vault, Why: "an attribute of its vault"},
			},
		},
	)
}

func tagged(c *backup.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTags(ctx, &backup.ListTagsInput{ResourceArn: arn})
		if err != nil {
			return nil, err
		}
		if out.Tags == nil {
			return map[string]string{}, nil
		}
		return out.Tags, nil
	}
}

func listPlans(ctx context.Context, c *backup.Client) ([]census.Resource, error) {
	return census.Each(ctx, backup.NewListBackupPlansPaginator(c, &backup.ListBackupPlansInput{}),
		func(p *backup.ListBackupPlansOutput) []types.BackupPlansListMember { return p.BackupPlansList },
		func(p types.BackupPlansListMember) census.Resource {
			return census.Resource{
				ID: aws.ToString(p.BackupPlanId), ARN: aws.ToString(p.BackupPlanArn), Name: aws.ToString(p.BackupPlanName), ReadTags: tagged(c, p.BackupPlanArn),
				Delete: func(ctx context.Context) error { return deletePlan(ctx, c, p.BackupPlanId) },
			}
		})
}

// deletePlan deletes the selections first ("Deleting backup plans").
func deletePlan(ctx context.Context, c *backup.Client, id *string) error {
	selections, err := census.Collect(ctx, backup.NewListBackupSelectionsPaginator(c, &backup.ListBackupSelectionsInput{BackupPlanId: id}),
		func(p *backup.ListBackupSelectionsOutput) []types.BackupSelectionsListMember {
			return p.BackupSelectionsList
		})
	if err != nil {
		return err
	}
	for _, s := range selections {
		_, err := c.DeleteBackupSelection(ctx, &backup.DeleteBackupSelectionInput{BackupPlanId: id, SelectionId: s.SelectionId})
		if err != nil && !census.Gone(err) {
			return fmt.Errorf("delete selection %s: %w", aws.ToString(s.SelectionName), err)
		}
	}
	_, err = c.DeleteBackupPlan(ctx, &backup.DeleteBackupPlanInput{BackupPlanId: id})
	return err
}

// ownVaults are made by AWS itself and cannot be deleted.
var ownVaults = map[string]bool{"Default": true, "aws/efs/automatic-backup-vault": true}

func listVaults(ctx context.Context, c *backup.Client) ([]census.Resource, error) {
	return census.Each(ctx, backup.NewListBackupVaultsPaginator(c, &backup.ListBackupVaultsInput{}),
		func(p *backup.ListBackupVaultsOutput) []types.BackupVaultListMember { return p.BackupVaultList },
		func(v types.BackupVaultListMember) census.Resource {
			if ownVaults[aws.ToString(v.BackupVaultName)] {
				return census.Resource{}
			}
			return census.Resource{
				ID: aws.ToString(v.BackupVaultName), ARN: aws.ToString(v.BackupVaultArn), Name: aws.ToString(v.BackupVaultName), ReadTags: tagged(c, v.BackupVaultArn),
				Delete: func(ctx context.Context) error { return deleteVault(ctx, c, v) },
			}
		})
}

// deleteVault deletes the recovery points first. Those under a lock in compliance
// mode end by themselves alone ("AWS Backup Vault Lock").
func deleteVault(ctx context.Context, c *backup.Client, v types.BackupVaultListMember) error {
	if v.NumberOfRecoveryPoints > 0 {
		points, err := census.Collect(ctx, backup.NewListRecoveryPointsByBackupVaultPaginator(c, &backup.ListRecoveryPointsByBackupVaultInput{BackupVaultName: v.BackupVaultName}),
			func(p *backup.ListRecoveryPointsByBackupVaultOutput) []types.RecoveryPointByBackupVault {
				return p.RecoveryPoints
			})
		if err != nil {
			return err
		}
		var errs []error
		for _, p := range points {
			_, err := c.DeleteRecoveryPoint(ctx, &backup.DeleteRecoveryPointInput{BackupVaultName: v.BackupVaultName, RecoveryPointArn: p.RecoveryPointArn})
			if err != nil && !census.Gone(err) {
				errs = append(errs, fmt.Errorf("delete recovery point %s: %w", aws.ToString(p.RecoveryPointArn), err))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	_, err := c.DeleteBackupVault(ctx, &backup.DeleteBackupVaultInput{BackupVaultName: v.BackupVaultName})
	return err
}
