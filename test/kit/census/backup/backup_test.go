package backup_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/backup"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestBackup(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), backup.NewFromConfig(cfg)
			must(c.CreateBackupVault(ctx, &backup.CreateBackupVaultInput{BackupVaultName: &name, BackupVaultTags: tags}))
			plan := censustest.Do(t, ctx, c.CreateBackupPlan, &backup.CreateBackupPlanInput{BackupPlanTags: tags, BackupPlan: &types.BackupPlanInput{
				BackupPlanName: &name, Rules: []types.BackupRuleInput{{RuleName: aws.String("daily"), TargetBackupVaultName: &name}},
			}})
			must(c.CreateBackupSelection(ctx, &backup.CreateBackupSelectionInput{BackupPlanId: plan.BackupPlanId, BackupSelection: &types.BackupSelection{
				SelectionName: aws.String("databases"), IamRoleArn: aws.String("arn:aws:iam::123456789012:role/backup"), Resources: []string{"arn:aws:rds:*:*:db:*"},
			}}))
		},
		Types: []string{"aws_backup_plan", "aws_backup_vault"},
	})
}
