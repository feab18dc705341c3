package sandbox

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// leaseEmulated takes an account of its own on the emulator: credentials of a
// role assumed in account X act in X there, so tests never see each other.
func (s *Sandbox) leaseEmulated(ctx context.Context) (err error) {
	if s.emulator, err = s.Run.Emulator(ctx); err != nil {
		return err
	}
	if s.Account, err = randomAccount(); err != nil {
		return fmt.Errorf("%w: choose an account: %w", ErrSetup, err)
	}
	cfg, err := EmulatedConfig(ctx, s.emulator.Endpoint, s.Account, s.Region)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSetup, err)
	}
	s.AWS = cfg
	s.credentials, err = cfg.Credentials.Retrieve(ctx)
	return err
}

// EmulatedConfig returns SDK settings that act as account, in region, on the
// emulator at endpoint.
func EmulatedConfig(ctx context.Context, endpoint, account, region string) (aws.Config, error) {
	cfg := aws.Config{
		Region: region, BaseEndpoint: aws.String(endpoint), RetryMaxAttempts: 3,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", ""),
	}
	out, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String("arn:aws:iam::" + account + ":role/fintrack-sandbox"),
		RoleSessionName: aws.String("fintrack"),
	})
	if err != nil {
		return aws.Config{}, fmt.Errorf("take account %s on the emulator: %w", account, err)
	}
	c := out.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return cfg, nil
}

// accountProbe bounds the question whose account the credentials are.
var accountProbe = 30 * time.Second

// leaseAWS uses the credentials of the usual chain, and refuses an account that
// FINTRACK_AWS_ACCOUNTS does not list, before anything is created.
func (s *Sandbox) leaseAWS(ctx context.Context) error {
	allowed := strings.FieldsFunc(os.Getenv("FINTRACK_AWS_ACCOUNTS"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(allowed) == 0 {
		return fmt.Errorf("%w: ENV=aws: FINTRACK_AWS_ACCOUNTS is empty; list the account ids in which throwaway environments may be made, separated by commas", ErrSetup)
	}
	ctx, cancel := context.WithTimeout(ctx, accountProbe)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Region))
	if err != nil {
		return fmt.Errorf("%w: ENV=aws: %w", ErrSetup, err)
	}
	if s.credentials, err = cfg.Credentials.Retrieve(ctx); err != nil {
		return fmt.Errorf("%w: ENV=aws: no credentials: set AWS_PROFILE, or log in with aws sso login: %w", ErrSetup, err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("%w: ENV=aws: ask whose account this is: %w", ErrSetup, err)
	}
	if s.Account = aws.ToString(who.Account); !slices.Contains(allowed, s.Account) {
		return fmt.Errorf("%w: ENV=aws: account %s is not in FINTRACK_AWS_ACCOUNTS (%s); nothing was created", ErrSetup, s.Account, strings.Join(allowed, ", "))
	}
	s.AWS = cfg
	return nil
}

// Environ returns the variables that a Terraform process, or a long-lived
// provider process, needs to work in this environment.
func (s *Sandbox) Environ() map[string]string {
	env := map[string]string{
		"FINTRACK_RUN": s.Entry().ID, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1",
		"AWS_REGION": s.Region, "AWS_DEFAULT_REGION": s.Region,
	}
	if s.emulator == nil {
		return env
	}
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": s.emulator.Endpoint, "AWS_EC2_METADATA_DISABLED": "true",
		// S3 Control asks <account>.<host>, a name that only the emulator knows; what
		// goes to the loopback address itself takes no proxy.
		"HTTP_PROXY": s.emulator.Endpoint, "http_proxy": s.emulator.Endpoint, "NO_PROXY": "", "no_proxy": "",
		"AWS_ACCESS_KEY_ID": s.credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY": s.credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN": s.credentials.SessionToken, "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		env[k] = v
	}
	return env
}

// Credentials returns the keys of the environment's account.
func (s *Sandbox) Credentials() aws.Credentials { return s.credentials }
