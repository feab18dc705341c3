// Package data holds what the layer data promises beyond its modules: the sizes
// of the environment, whose keys encrypt what, copies in the other Region, and who
// may use the queue.
package data

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	_ "github.com/fintrack/platform/test/kit/census/backup"         // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/dynamodb"       // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/ec2"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/elasticache"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/iam"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/lambda"         // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/logs"           // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/rds"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/s3"             // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/secretsmanager" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/sqs"            // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// DRRegion is where the layer keeps its copies.
const DRRegion = "us-west-2"

// Layer is the layer for the runner.
func Layer() deploy.Layer {
	return deploy.Layer{
		Name: "data", Regions: []string{DRRegion}, Prepare: prepare, Verify: verify, Residue: residue,
		Vars: map[string]any{
			"dr_region":            DRRegion,
			"rotate_immediately":   false, // the driver's certificates are not at hand
			"secret_recovery_days": 0,
		},
	}
}

// prepare builds the rotation function and the layer with its driver.
func prepare(ctx context.Context, d *deploy.Deployment) (map[string]any, error) {
	function := filepath.Join(d.Dir, "rotation.zip")
	driver := filepath.Join(d.Dir, "driver.zip")
	root := filepath.Dir(filepath.Dir(d.Dir))
	for _, args := range [][]string{
		{filepath.Join(root, "modules", "secrets-manager", "lambda", "build"), function},
		{filepath.Join(d.Sandbox.Run.Paths.Root, "scripts", "rotation-driver"), "--without-certificates", driver},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, out)
		}
	}
	return map[string]any{"rotation_package": function, "rotation_driver_package": driver}, nil
}

// layer reads one applied layer.
type layer struct {
	d *deploy.Deployment
	// keys and copies are the ARNs of the keys here and in the other Region, by use.
	keys, copies map[string]string
}

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	security := d.Stack.Deployment("security")
	security.OutputAs("kms_key_arns", &l.keys)
	security.OutputAs("dr_kms_key_arns", &l.copies)
	l.database(ctx)
	l.cache(ctx)
	l.buckets(ctx)
	l.tables(ctx)
	l.queues(ctx)
	l.secrets(ctx)
	l.backups(ctx)
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "data." + id, Title: title, Subject: subject, Controls: controls}
}

// decode reads JSON that an API returned as a text.
func decode(text string) (v any, err error) {
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}
