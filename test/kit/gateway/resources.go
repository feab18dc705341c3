package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	engine "github.com/fintrack/platform/test/kit/iam"
)

// resource is what a service holds of a resource: its policy, and the KMS key that
// encrypts what is in it.
type resource struct {
	policy *engine.Policy
	key    string
	grants []engine.Grant
}

var nothing = &resource{}

// reader reads one kind of resource.
type reader func(s *store, ctx context.Context, at engine.ARN) (document, key string, err error)

// readers are those of the services whose resources have policies or keys.
var readers = map[string]reader{
	"s3": (*store).bucket, "sqs": (*store).queue, "sns": (*store).topic, "secretsmanager": (*store).secret,
	"dynamodb": (*store).table, "ecr": (*store).repository, "kms": (*store).key, "ec2": (*store).disk,
}

// resource reads the resource that an ARN names. One that is not there, or of which
// services keep neither, has nothing.
func (s *store) resource(ctx context.Context, arn string) (*resource, error) {
	at, ok := engine.SplitARN(arn)
	read := readers[at.Service]
	if !ok || read == nil || strings.ContainsAny(at.Resource, "*?") {
		return nothing, nil
	}
	switch at.Service {
	case "s3": // an object's policy is its bucket's
		at.Resource, _, _ = strings.Cut(at.Resource, "/")
	case "ec2": // of all there is in EC2, disks alone have a key
		if !strings.HasPrefix(at.Resource, "volume/") && !strings.HasPrefix(at.Resource, "snapshot/") {
			return nothing, nil
		}
	case "dynamodb":
		at.Resource = strings.Join(strings.SplitN(at.Resource, "/", 3)[:2], "/")
	}
	whole := at.String()
	return s.resources.get(whole, s.epoch(at.Service), s.config.Now(), func() (*resource, error) {
		document, key, err := read(s, ctx, at)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", whole, err)
		}
		r := &resource{key: key}
		if at.Service == "kms" {
			if r.grants, err = s.keyGrants(ctx, at); err != nil {
				return nil, fmt.Errorf("read the grants of %s: %w", whole, err)
			}
		}
		if document != "" {
			kind := engine.ResourcePolicy
			if at.Service == "kms" {
				kind = engine.KeyPolicy
			}
			if r.policy, err = engine.Parse(kind, whole, []byte(document)); err != nil {
				return nil, err
			}
		}
		return r, nil
	})
}

// absent says whether an error means that there is no such thing.
func absent(err error, codes ...string) bool { return slices.Contains(codes, code(err)) }

func (s *store) bucket(ctx context.Context, at engine.ARN) (document, key string, err error) {
	client := s3.NewFromConfig(s.in(""), func(o *s3.Options) { o.UsePathStyle = true })
	p, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &at.Resource})
	switch {
	case absent(err, "NoSuchBucket"):
		return "", "", nil
	case absent(err, "NoSuchBucketPolicy"):
	case err != nil:
		return "", "", err
	default:
		document = aws.ToString(p.Policy)
	}
	e, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &at.Resource})
	if absent(err, "ServerSideEncryptionConfigurationNotFoundError") {
		return document, "", nil
	}
	if err != nil {
		return "", "", err
	}
	for _, r := range e.ServerSideEncryptionConfiguration.Rules {
		if d := r.ApplyServerSideEncryptionByDefault; d != nil && d.SSEAlgorithm == s3types.ServerSideEncryptionAwsKms {
			key = aws.ToString(d.KMSMasterKeyID)
		}
	}
	return document, key, nil
}

func (s *store) queue(ctx context.Context, at engine.ARN) (document, key string, err error) {
	client := sqs.NewFromConfig(s.in(at.Region))
	u, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &at.Resource})
	if absent(err, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist") || at.Account != s.config.Account {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: u.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return "", "", err
	}
	return out.Attributes["Policy"], out.Attributes["KmsMasterKeyId"], nil
}

func (s *store) topic(ctx context.Context, at engine.ARN) (document, key string, err error) {
	out, err := sns.NewFromConfig(s.in(at.Region)).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(at.String())})
	if absent(err, "NotFound", "NotFoundException") {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return out.Attributes["Policy"], out.Attributes["KmsMasterKeyId"], nil
}

func (s *store) secret(ctx context.Context, at engine.ARN) (document, key string, err error) {
	client := secretsmanager.NewFromConfig(s.in(at.Region))
	d, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(at.String())})
	if absent(err, "ResourceNotFoundException") {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	p, err := client.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: aws.String(at.String())})
	if err != nil && !absent(err, "ResourceNotFoundException") {
		return "", "", err
	}
	if err == nil {
		document = aws.ToString(p.ResourcePolicy)
	}
	return document, aws.ToString(d.KmsKeyId), nil
}

func (s *store) table(ctx context.Context, at engine.ARN) (document, key string, err error) {
	client := dynamodb.NewFromConfig(s.in(at.Region))
	name := strings.TrimPrefix(at.Resource, "table/")
	d, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if absent(err, "ResourceNotFoundException") {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	if e := d.Table.SSEDescription; e != nil {
		key = aws.ToString(e.KMSMasterKeyArn)
	}
	p, err := client.GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: d.Table.TableArn})
	if err != nil && !absent(err, "PolicyNotFoundException") {
		return "", "", err
	}
	if err == nil {
		document = aws.ToString(p.Policy)
	}
	return document, key, nil
}

func (s *store) repository(ctx context.Context, at engine.ARN) (document, key string, err error) {
	name := strings.TrimPrefix(at.Resource, "repository/")
	p, err := ecr.NewFromConfig(s.in(at.Region)).GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: &name})
	if absent(err, "RepositoryPolicyNotFoundException", "RepositoryNotFoundException") {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return aws.ToString(p.PolicyText), "", nil
}

func (s *store) key(ctx context.Context, at engine.ARN) (document, key string, err error) {
	id := strings.TrimPrefix(at.Resource, "key/")
	p, err := kms.NewFromConfig(s.in(at.Region)).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("default")})
	if err != nil {
		return "", "", err // a key must have a policy: without one nobody may use it
	}
	return aws.ToString(p.Policy), "", nil
}

// disk is a volume or a snapshot. One under EC2's own key has none that is named here.
func (s *store) disk(ctx context.Context, at engine.ARN) (document, key string, err error) {
	kind, id, _ := strings.Cut(at.Resource, "/")
	client := ec2.NewFromConfig(s.in(at.Region))
	if kind == "snapshot" {
		out, err := client.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})
		if absent(err, "InvalidSnapshot.NotFound") || err == nil && len(out.Snapshots) == 0 {
			return "", "", nil
		}
		if err != nil {
			return "", "", err
		}
		return "", aws.ToString(out.Snapshots[0].KmsKeyId), nil
	}
	out, err := client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	if absent(err, "InvalidVolume.NotFound") || err == nil && len(out.Volumes) == 0 {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return "", aws.ToString(out.Volumes[0].KmsKeyId), nil
}

func (s *store) keyGrants(ctx context.Context, at engine.ARN) ([]engine.Grant, error) {
	id := strings.TrimPrefix(at.Resource, "key/")
	var out []engine.Grant
	for p := kms.NewListGrantsPaginator(kms.NewFromConfig(s.in(at.Region)), &kms.ListGrantsInput{KeyId: &id}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Grants {
			x := engine.Grant{Grantee: aws.ToString(g.GranteePrincipal)}
			for _, o := range g.Operations {
				x.Operations = append(x.Operations, string(o))
			}
			if c := g.Constraints; c != nil {
				x.ContextEquals, x.ContextSubset = c.EncryptionContextEquals, c.EncryptionContextSubset
			}
			out = append(out, x)
		}
	}
	return out, nil
}
