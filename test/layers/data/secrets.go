package data

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func (l layer) secrets(ctx context.Context) {
	client := secretsmanager.NewFromConfig(l.d.AWS)
	var names map[string]string
	l.d.OutputAs("secret_names", &names)
	var environment string
	l.d.Variable("environment", &environment)
	path := l.d.Name + "/" + map[string]string{"dev": "development", "staging": "staging", "prod": "production"}[environment] + "/"
	want := map[string]string{}
	for _, short := range []string{"rds", "redis", "sqs", "pagerduty", "slack", "grafana"} {
		want[short] = path + short
	}
	l.d.Checks.Equal(l.check("secrets", "The secrets have the paths that the cluster's ExternalSecrets name", "module.secrets", "CC6.1"), want, names)
	for short, name := range names {
		c := l.check("secret-copied."+short, "The secret is under the layer security's key, and copied to the other Region under the key there", `module.secrets.aws_secretsmanager_secret.this["`+short+`"]`, "CC6.1", "A1.2")
		s, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
		if err != nil {
			l.d.Checks.Err(c, "a secret", err)
			continue
		}
		var copies []any
		for _, r := range s.ReplicationStatus {
			copies = append(copies, aws.ToString(r.Region), aws.ToString(r.KmsKeyId))
		}
		l.d.Checks.Equal(c, []any{l.keys["secrets-manager"], []any{DRRegion, l.copies["secrets-manager"]}}, []any{aws.ToString(s.KmsKeyId), copies})
	}

	c := l.check("secret-rds", "The database's secret says where it is and holds a password that nobody chose", `module.secrets.aws_secretsmanager_secret.this["rds"]`, "CC6.1")
	got, err := value(ctx, client, names["rds"])
	if err != nil {
		l.d.Checks.Err(c, "a value", err)
	} else {
		password, _ := got["password"].(string)
		got["password"] = len(password)
		l.d.Checks.Equal(c, map[string]any{"engine": "postgres", "host": l.d.Output("rds_address"), "port": float64(5432), "dbname": "fintrack", "username": "reporting", "password": 40}, got)
	}
	c = l.check("secret-sqs", "The queue's secret names the queue", `module.secrets.aws_secretsmanager_secret.this["sqs"]`, "CC6.1")
	if got, err = value(ctx, client, names["sqs"]); err != nil {
		l.d.Checks.Err(c, "a value", err)
	} else {
		l.d.Checks.Equal(c, map[string]any{"transactions-queue-url": l.d.Output("transactions_queue_url")}, got)
	}

	c = l.check("secret-read-in-dr", "With this Region lost, the database's secret is read in the other one", `module.secrets.aws_secretsmanager_secret.this["rds"]`, "A1.2", "A1.3")
	there := secretsmanager.NewFromConfig(l.d.AWS, func(o *secretsmanager.Options) { o.Region = DRRegion })
	if got, err = value(ctx, there, names["rds"]); err != nil {
		l.d.Checks.Err(c, "the same value", err)
	} else {
		l.d.Checks.Equal(c, l.d.Output("rds_address"), got["host"])
	}

	c = l.check("secret-not-in-state", "No password is in the layer's state", `ephemeral.aws_secretsmanager_random_password.reporting`, "CC6.1", "C1.1")
	if got, err = value(ctx, client, names["rds"]); err != nil {
		l.d.Checks.Err(c, "a value", err)
		return
	}
	state, err := l.d.Stack.State(ctx, "data")
	if err != nil {
		l.d.Checks.Err(c, "the state", err)
		return
	}
	password, _ := got["password"].(string)
	l.d.Checks.That(c, password != "" && !strings.Contains(string(state), password), "not there", "there, or no password at all")
}

func value(ctx context.Context, client *secretsmanager.Client, name string) (map[string]any, error) {
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return nil, err
	}
	v, err := decode(aws.ToString(out.SecretString))
	m, _ := v.(map[string]any)
	return m, err
}

func (l layer) backups(ctx context.Context) {
	client := backup.NewFromConfig(l.d.AWS)
	c := l.check("backup-copies", "Every daily and monthly backup is copied to the other Region", "aws_backup_plan.this", "A1.2", "A1.3")
	plans, err := client.ListBackupPlans(ctx, &backup.ListBackupPlansInput{})
	if err != nil || len(plans.BackupPlansList) != 1 {
		l.d.Checks.Err(c, "one plan", err)
		return
	}
	plan, err := client.GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: plans.BackupPlansList[0].BackupPlanId})
	if err != nil {
		l.d.Checks.Err(c, "the plan", err)
		return
	}
	var days struct {
		Daily   int64 `json:"daily_days"`
		Monthly int64 `json:"monthly_days"`
		DR      int64 `json:"dr_days"`
	}
	l.d.Variable("backup", &days)
	got := map[string]any{}
	for _, r := range plan.BackupPlan.Rules {
		rule := []any{aws.ToString(r.TargetBackupVaultName), aws.ToInt64(r.Lifecycle.DeleteAfterDays)}
		for _, a := range r.CopyActions {
			rule = append(rule, aws.ToString(a.DestinationBackupVaultArn), aws.ToInt64(a.Lifecycle.DeleteAfterDays))
		}
		got[aws.ToString(r.RuleName)] = rule
	}
	vault := l.d.Output("backup_copy_vault_arn")
	l.d.Checks.Equal(c, map[string]any{
		"daily":   []any{l.d.Name, days.Daily, vault, days.DR},
		"monthly": []any{l.d.Name, days.Monthly, vault, days.Monthly},
	}, got)

	c = l.check("backup-vaults", "Backups are encrypted with the layer security's keys, here and in the other Region", "aws_backup_vault.this, aws_backup_vault.copy", "CC6.1", "C1.1", "A1.2")
	here, err := client.DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: aws.String(l.d.Name)})
	if err != nil {
		l.d.Checks.Err(c, "a vault", err)
		return
	}
	there, err := backup.NewFromConfig(l.d.AWS, func(o *backup.Options) { o.Region = DRRegion }).DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: aws.String(l.d.Name + "-copy")})
	if err != nil {
		l.d.Checks.Err(c, "a vault in "+DRRegion, err)
		return
	}
	l.d.Checks.Equal(c, []string{l.keys["backup"], l.copies["backup"]}, []string{aws.ToString(here.EncryptionKeyArn), aws.ToString(there.EncryptionKeyArn)})

	c = l.check("backup-selection", "What is tagged Backup=daily is backed up", "aws_backup_selection.this", "A1.2")
	list, err := client.ListBackupSelections(ctx, &backup.ListBackupSelectionsInput{BackupPlanId: plans.BackupPlansList[0].BackupPlanId})
	if err != nil || len(list.BackupSelectionsList) != 1 {
		l.d.Checks.Err(c, "one selection", err)
		return
	}
	s, err := client.GetBackupSelection(ctx, &backup.GetBackupSelectionInput{BackupPlanId: plans.BackupPlansList[0].BackupPlanId, SelectionId: list.BackupSelectionsList[0].SelectionId})
	if err != nil {
		l.d.Checks.Err(c, "the selection", err)
		return
	}
	var tags []any
	for _, t := range s.BackupSelection.ListOfTags {
		tags = append(tags, string(t.ConditionType), aws.ToString(t.ConditionKey), aws.ToString(t.ConditionValue))
	}
	l.d.Checks.Equal(c, []any{"STRINGEQUALS", "Backup", "daily"}, tags)
}
