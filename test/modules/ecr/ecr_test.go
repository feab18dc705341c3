// Package ecr_test proves the module ecr: what its repositories promise, read from
// the AWS API of applied examples, and what it refuses.
package ecr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	_ "github.com/fintrack/platform/test/kit/census/ecr"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "ecr", Verify: verify, Unlock: map[string]any{"force_delete": true}})
}

// outputs are the module's outputs as the examples pass them on.
type outputs struct {
	URLs     map[string]string `json:"repository_urls"`
	ARNs     map[string]string `json:"repository_arns"`
	Registry string            `json:"registry_id"`
}

// registry asks one region's registry.
type registry struct {
	*deploy.Deployment
	api *ecr.Client
	key string
	// id starts the ids of the checks.
	id string
}

func (r registry) promise(repository, id, title, resource string, controls ...string) check.Check {
	short := repository[strings.LastIndex(repository, "/")+1:]
	return check.Check{ID: r.id + "." + short + "-" + id, Title: title + " (" + short + ")", Subject: fmt.Sprintf("module.%s.%s[%q]", strings.TrimPrefix(r.id, "ecr."), resource, repository), Controls: controls}
}

func verify(ctx context.Context, d *deploy.Deployment) {
	r := registry{Deployment: d, api: ecr.NewFromConfig(d.AWS), key: d.Output("kms_key_arn"), id: "ecr"}
	var out outputs
	d.OutputAs("ecr", &out)
	want := []string{}
	for _, s := range []string{"auth-service", "ml-anomaly-detector", "notification-service", "reconciliation-service", "reporting-service", "transaction-worker"} {
		want = append(want, d.Name+"/"+s)
	}
	d.Checks.Equal(check.Check{ID: "ecr.a-repository-each", Title: "Every service has a repository of its own", Subject: "module.ecr.aws_ecr_repository.this", Controls: []string{"CC8.1"}},
		want, slices.Sorted(maps.Keys(out.URLs)))
	var roles map[string]string
	d.OutputAs("role_arns", &roles)
	for _, name := range want {
		r.repository(ctx, name)
		r.lifecycle(ctx, name)
		r.policy(ctx, name, roles)
	}
	r.tags(ctx, want[0])
	r.finalTag(ctx, want[0])
	r.keepsImages(ctx, want[0])
}

// repository reads what a repository is.
func (r registry) repository(ctx context.Context, name string) {
	const resource = "aws_ecr_repository.this"
	got, err := r.api.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil {
		r.Checks.Err(r.promise(name, "exists", "The repository exists", resource, "CC8.1"), name, err)
		return
	}
	x := got.Repositories[0]
	r.Checks.Equal(r.promise(name, "tags-final", "A tag cannot be moved to another image", resource, "CC6.8", "CC8.1"), types.ImageTagMutabilityImmutable, x.ImageTagMutability)
	r.Checks.Equal(r.promise(name, "scanned", "Every pushed image is scanned", resource, "CC6.8", "CC7.1"), true, x.ImageScanningConfiguration != nil && x.ImageScanningConfiguration.ScanOnPush)
	encryption := [2]string{}
	if e := x.EncryptionConfiguration; e != nil {
		encryption = [2]string{string(e.EncryptionType), aws.ToString(e.KmsKey)}
	}
	r.Checks.Equal(r.promise(name, "encrypted", "Images are encrypted under the customer's key", resource, "CC6.1", "C1.1"), [2]string{"KMS", r.key}, encryption)
}

// lifecycle reads which images go when.
func (r registry) lifecycle(ctx context.Context, name string) {
	c := r.promise(name, "old-images-go", "Untagged images go after 7 days, tagged ones beyond the newest 20", "aws_ecr_lifecycle_policy.this", "C1.2", "CC6.8")
	got, err := r.api.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: &name})
	if err != nil {
		r.Checks.Err(c, "a lifecycle policy", err)
		return
	}
	var policy struct {
		Rules []struct {
			Priority  int `json:"rulePriority"`
			Selection struct {
				Status   string   `json:"tagStatus"`
				Patterns []string `json:"tagPatternList"`
				Type     string   `json:"countType"`
				Unit     string   `json:"countUnit"`
				Number   int      `json:"countNumber"`
			}
			Action struct{ Type string }
		}
	}
	if err := json.Unmarshal([]byte(aws.ToString(got.LifecyclePolicyText)), &policy); err != nil {
		r.Checks.Err(c, "a lifecycle policy", err)
		return
	}
	var rules []string
	for _, x := range policy.Rules {
		s := x.Selection
		rules = append(rules, strings.TrimSpace(fmt.Sprintf("%d %s %s %v %s %d %s", x.Priority, x.Action.Type, s.Status, s.Patterns, s.Type, s.Number, s.Unit)))
	}
	r.Checks.Equal(c, []string{"1 expire untagged [] sinceImagePushed 7 days", "2 expire tagged [*] imageCountMoreThan 20"}, rules)
}

// policy reads who may pull and push.
func (r registry) policy(ctx context.Context, name string, roles map[string]string) {
	c := r.promise(name, "who-pulls-and-pushes", "The nodes pull, the pipeline pushes, and the policy names nobody else", "aws_ecr_repository_policy.this", "CC6.1", "CC6.3")
	got, err := r.api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: &name})
	if err != nil {
		r.Checks.Err(c, "two statements", err)
		return
	}
	policy, err := policydoc.BySid(aws.ToString(got.PolicyText))
	if err != nil {
		r.Checks.Err(c, "two statements", err)
		return
	}
	pull := []any{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
	push := []any{"ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"}
	r.Checks.Equal(c, map[string]policydoc.Statement{
		"Pull": {"Sid": "Pull", "Effect": "Allow", "Principal": map[string]any{"AWS": roles["node"]}, "Action": pull},
		"Push": {"Sid": "Push", "Effect": "Allow", "Principal": map[string]any{"AWS": roles["ci"]}, "Action": policydoc.Normal(append(slices.Clone(pull), push...))},
	}, policy)
}

func (r registry) tags(ctx context.Context, name string) {
	c := r.promise(name, "tags", "The repository carries the given tags and its name", "aws_ecr_repository.this", "CC8.1")
	var out outputs
	r.OutputAs("ecr", &out)
	got, err := r.api.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: aws.String(out.ARNs[name])})
	if err != nil {
		r.Checks.Err(c, "the given tags", err)
		return
	}
	want, have := maps.Clone(r.Sandbox.Tags), map[string]string{}
	want["Name"] = name
	for _, t := range got.Tags {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	r.Checks.Equal(c, want, have)
}

const tag = "main-1"

// manifest is a small image manifest that differs by n ("OCI Image Manifest Specification").
func manifest(n int) *string {
	digest := fmt.Sprintf("sha256:%064d", n)
	return aws.String(fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",`+
		`"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":%q},`+
		`"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":2,"digest":%q}]}`, digest, digest))
}

// finalTag pushes two images under one tag: the second is refused.
func (r registry) finalTag(ctx context.Context, name string) {
	c := r.promise(name, "second-push-refused", "A second image under a tag is refused", "aws_ecr_repository.this", "CC6.8", "CC8.1")
	if !r.Sandbox.Run.Environment.EmulatesAWS() {
		// ECR takes a manifest only after the layers that it names.
		r.Checks.NotProven(c, "emulated", "an image would have to be built and uploaded layer by layer")
		return
	}
	if _, err := r.api.PutImage(ctx, &ecr.PutImageInput{RepositoryName: &name, ImageTag: aws.String(tag), ImageManifest: manifest(1)}); err != nil {
		r.Checks.Err(c, "a first image", err)
		return
	}
	_, err := r.api.PutImage(ctx, &ecr.PutImageInput{RepositoryName: &name, ImageTag: aws.String(tag), ImageManifest: manifest(2)})
	var refused *types.ImageTagAlreadyExistsException
	r.Checks.That(c, errors.As(err, &refused), "ImageTagAlreadyExistsException", fmt.Sprint(err))
}

// keepsImages asks for the deletion of a repository with an image in it.
func (r registry) keepsImages(ctx context.Context, name string) {
	c := r.promise(name, "images-kept", "A repository with images is not deleted by default", "aws_ecr_repository.this", "A1.2")
	if !r.Sandbox.Run.Environment.EmulatesAWS() {
		r.Checks.NotProven(c, "emulated", "an image would have to be built and uploaded layer by layer")
		return
	}
	forced := false
	for _, rc := range r.Plan.ResourceChanges {
		if after, ok := rc.Change.After.(map[string]any); ok && rc.Type == "aws_ecr_repository" {
			forced = forced || after["force_delete"] == true
		}
	}
	_, err := r.api.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: &name})
	var kept *types.RepositoryNotEmptyException
	r.Checks.That(c, errors.As(err, &kept) && !forced, "RepositoryNotEmptyException, and a plan that does not force a deletion", fmt.Sprintf("%v, forced: %t", err, forced))
}
