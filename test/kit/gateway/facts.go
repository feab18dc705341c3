package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	engine "github.com/fintrack/platform/test/kit/iam"
)

// facts answer what a request does not say itself. What cannot be read has no answer,
// and the request is refused for it.
type facts struct {
	ctx context.Context
	s   *store
}

// text reads a text once.
func (f facts) text(key string, services []string, load func() (string, error)) string {
	v, err := f.s.texts.get(key, f.s.epoch(services...), f.s.config.Now(), load)
	if err != nil {
		return ""
	}
	return v
}

// SecretARN finds a secret by name or partial ARN.
func (f facts) SecretARN(region, id string) string {
	return f.text("secret "+region+" "+id, []string{"secretsmanager"}, func() (string, error) {
		out, err := secretsmanager.NewFromConfig(f.s.in(region)).DescribeSecret(f.ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.ARN), nil
	})
}

// KeyARN finds a key by id, alias or ARN.
func (f facts) KeyARN(region, id string) string {
	if id == "" {
		return ""
	}
	if at, ok := engine.SplitARN(id); ok && strings.HasPrefix(at.Resource, "key/") {
		return id
	}
	return f.text("key "+region+" "+id, []string{"kms"}, func() (string, error) {
		out, err := kms.NewFromConfig(f.s.in(region)).DescribeKey(f.ctx, &kms.DescribeKeyInput{KeyId: &id})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.KeyMetadata.Arn), nil
	})
}

// CiphertextKey: the emulator begins a ciphertext with the 36 characters of the key's
// id.
func (f facts) CiphertextKey(region string, blob []byte) string {
	if len(blob) < 36 {
		return ""
	}
	return f.KeyARN(region, string(blob[:36]))
}

// ProfileRole finds the role of an instance profile.
func (f facts) ProfileRole(profile string) string {
	name := profile[strings.LastIndexByte(profile, '/')+1:]
	return f.text("profile "+name, []string{"iam"}, func() (string, error) {
		out, err := iam.NewFromConfig(f.s.in("")).GetInstanceProfile(f.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
		if err != nil {
			return "", err
		}
		if len(out.InstanceProfile.Roles) != 1 {
			return "", errors.New("no role in it")
		}
		return aws.ToString(out.InstanceProfile.Roles[0].Arn), nil
	})
}

// TemplateProfile finds the instance profile of a launch template's versions.
func (f facts) TemplateProfile(region, template string) string {
	return f.text("template "+region+" "+template, []string{"ec2"}, func() (string, error) {
		out, err := ec2.NewFromConfig(f.s.in(region)).DescribeLaunchTemplateVersions(f.ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template})
		if err != nil {
			return "", err
		}
		for _, v := range out.LaunchTemplateVersions {
			if d := v.LaunchTemplateData; d != nil && d.IamInstanceProfile != nil {
				return aws.ToString(d.IamInstanceProfile.Name) + aws.ToString(d.IamInstanceProfile.Arn), nil
			}
		}
		return "", nil
	})
}

// resourceTags are the tags of a resource whose service lets policies ask for them.
// nil for one of which no tags are read.
func (s *store) resourceTags(ctx context.Context, arn string) (map[string]string, error) {
	at, ok := engine.SplitARN(arn)
	if !ok || strings.ContainsAny(at.Resource, "*?") {
		return nil, nil
	}
	var read func() (map[string]string, error)
	switch at.Service {
	case "ec2":
		read = func() (map[string]string, error) { return s.machineTags(ctx, at) }
	case "elasticloadbalancing":
		read = func() (map[string]string, error) { return s.balancerTags(ctx, at) }
	default:
		return nil, nil
	}
	return s.tags.get(arn, s.epoch(at.Service), s.config.Now(), read)
}

func (s *store) machineTags(ctx context.Context, at engine.ARN) (map[string]string, error) {
	_, id, _ := strings.Cut(at.Resource, "/")
	tags := map[string]string{}
	filter := []ec2types.Filter{{Name: aws.String("resource-id"), Values: []string{id}}}
	for p := ec2.NewDescribeTagsPaginator(ec2.NewFromConfig(s.in(at.Region)), &ec2.DescribeTagsInput{Filters: filter}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, nil
}

func (s *store) balancerTags(ctx context.Context, at engine.ARN) (map[string]string, error) {
	out, err := elasticloadbalancingv2.NewFromConfig(s.in(at.Region)).DescribeTags(ctx, &elasticloadbalancingv2.DescribeTagsInput{ResourceArns: []string{at.String()}})
	if err != nil {
		if strings.HasSuffix(code(err), "NotFound") {
			return nil, nil
		}
		return nil, err
	}
	tags := map[string]string{}
	for _, d := range out.TagDescriptions {
		for _, t := range d.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, nil
}
