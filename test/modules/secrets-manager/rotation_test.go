package secretsmanager_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/fintrack/platform/test/kit/check"
)

// rotation follows the password through real rotations: the one of the apply, one
// that is asked for, and one that must fail.
func (m secrets) rotation(ctx context.Context) {
	const resource = `aws_secretsmanager_secret_rotation.this["rds"]`
	first := m.check("rotation-changes-the-password", "The first rotation replaces the password that Terraform was given; the old one opens nothing", resource, "CC6.1")
	again := m.check("rotation-repeats", "A rotation that is asked for replaces the password again", resource, "CC6.1")
	fails := m.check("failed-rotation-changes-nothing", "A rotation that the database refuses leaves the current password in force", resource, "CC6.1", "A1.2")
	if !m.d.Sandbox.Run.Environment.EmulatesAWS() {
		for _, c := range []check.Check{first, again, fails} {
			m.d.Checks.NotProven(c, "emulated", "the example has no database here")
		}
		return
	}
	s := serverOf(m.d)

	one, err := m.rotated(ctx, firstPassword)
	if err != nil {
		m.d.Checks.Err(first, "a new password", err)
		return
	}
	m.opens(first, s, firstPassword, one)

	var two string
	if err = m.rotate(ctx); err == nil {
		two, err = m.rotated(ctx, one)
	}
	if err != nil {
		m.d.Checks.Err(again, "a new password", err)
		return
	}
	m.opens(again, s, one, two)

	m.failure(ctx, fails, s, two)
}

// opens proves that the server takes the new password and no longer the old one.
func (m secrets) opens(c check.Check, s server, old, fresh string) {
	byOld, err := s.opens(role, old)
	if err != nil {
		m.d.Checks.Err(c, "the new password opens, the old one does not", err)
		return
	}
	byNew, err := s.opens(role, fresh)
	if err != nil {
		m.d.Checks.Err(c, "the new password opens, the old one does not", err)
		return
	}
	m.d.Checks.That(c, byNew && !byOld && fresh != old, "the new password opens, the old one does not",
		fmt.Sprintf("new opens: %t, old opens: %t, they differ: %t", byNew, byOld, fresh != old))
}

// failure has the server forget the role, asks for a rotation twice, and puts the role
// back. A second rotation begins only when the first has quite ended, so that by then
// whatever a failed one changes is changed.
func (m secrets) failure(ctx context.Context, c check.Check, s server, current string) {
	kept, err := s.roles()
	if err == nil {
		err = s.write(map[string]string{})
	}
	if err != nil {
		m.d.Checks.Err(c, "the same password", err)
		return
	}
	for times := 1; times <= 2 && err == nil; times++ {
		if err = m.rotate(ctx); err == nil {
			err = m.logged(ctx, "RotationFailed: the database refuses the pending, the current and the previous credential", times)
		}
	}
	if err := errors.Join(err, s.write(kept)); err != nil {
		m.d.Checks.Err(c, "the same password", err)
		return
	}
	pending, err := m.password(ctx, "AWSPENDING")
	if err != nil {
		m.d.Checks.Err(c, "a pending version that was not made current", err)
		return
	}
	after, err := m.password(ctx, "AWSCURRENT")
	if err != nil {
		m.d.Checks.Err(c, "the same password", err)
		return
	}
	opens, err := s.opens(role, after)
	if err != nil {
		m.d.Checks.Err(c, "the same password", err)
		return
	}
	m.d.Checks.That(c, opens && after == current && pending != current, "the same password, which still opens, and another pending",
		fmt.Sprintf("same: %t, opens: %t, another pending: %t", after == current, opens, pending != current))
}

// rotationBound is how long a rotation may take, with the function's four cold starts: on
// a machine with four times the work that it can do, all of them together took 6 s.
const rotationBound = time.Minute

// rotate asks for a rotation, once the one before has quite ended.
func (m secrets) rotate(ctx context.Context) error {
	return wait(ctx, "a rotation to begin", func() (bool, error) {
		_, err := m.client.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: m.name("rds")})
		var busy *smtypes.InvalidRequestException
		if errors.As(err, &busy) {
			return false, nil
		}
		return err == nil, err
	})
}

// rotated waits for the end of a rotation and returns the password that it made.
func (m secrets) rotated(ctx context.Context, old string) (fresh string, err error) {
	err = wait(ctx, "the rotation to end", func() (bool, error) {
		s, err := m.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: m.name("rds")})
		if err != nil {
			return false, err
		}
		for _, stages := range s.VersionIdsToStages {
			if slices.Equal(stages, []string{"AWSPENDING"}) {
				return false, nil
			}
		}
		fresh, err = m.password(ctx, "AWSCURRENT")
		return fresh != old, err
	})
	return fresh, err
}

// logged waits until the function has logged a line as many times.
func (m secrets) logged(ctx context.Context, text string, times int) error {
	client := cloudwatchlogs.NewFromConfig(m.d.AWS)
	return wait(ctx, fmt.Sprintf("%q in the function's log, %d times", text, times), func() (bool, error) {
		seen := 0
		found, err := client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: aws.String("/aws/lambda/" + m.functionName()), FilterPattern: aws.String(`"` + text + `"`),
		})
		if err != nil {
			return false, err
		}
		for _, e := range found.Events {
			if strings.Contains(aws.ToString(e.Message), text) {
				seen++
			}
		}
		return seen >= times, nil
	})
}

func wait(ctx context.Context, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, rotationBound)
	defer cancel()
	for {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// password reads the password that carries a staging label.
func (m secrets) password(ctx context.Context, stage string) (string, error) {
	got, err := m.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: m.name("rds"), VersionStage: aws.String(stage)})
	if err != nil {
		return "", fmt.Errorf("read the version labelled %s: %w", stage, err)
	}
	var credential struct{ Username, Password string }
	if err := json.Unmarshal([]byte(*got.SecretString), &credential); err != nil {
		return "", fmt.Errorf("decode the version labelled %s: %w", stage, err)
	}
	if credential.Username != role {
		return "", fmt.Errorf("the version labelled %s is for %q, not %q", stage, credential.Username, role)
	}
	return credential.Password, nil
}
