package endtoend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// material is what the requests ask for: what the layers made, and what the
// administrator puts there.
type material struct {
	keys, buckets, tables, secrets, users map[string]string
	queue, deadLetters, interruptions     string // URLs
	zone, domain, loki, name              string
	host                                  string
	port                                  int
	database, cache                       string
	repository, clusterName               string
	logGroup, otherGroup                  string
	own, foreign                          string // instances: Karpenter's, somebody else's
	foreignDisk                           string // the volume of the latter
	profile, nodeRole                     string
	vpc, image                            string
	private, public                       []string // subnets
	clusterGroup, dataGroup               string   // security groups
	certificate, webACL                   string   // ARNs
	made                                  made
}

// made is what a controller's request made, for its next ones.
type made struct {
	template, node                              string
	volume, snapshot                            string
	group, balancer, targets, listener, forward string
	linkedRole                                  string // a name
}

// fill reads the layers' outputs and puts an object, a message, a log group and
// instances where a pod will ask for them.
func (w *world) fill(ctx context.Context) error {
	data, compute, platform := w.s.Deployment("data"), w.s.Deployment("compute"), w.s.Deployment("platform")
	m := &w.material
	w.s.Deployment("security").OutputAs("kms_key_arns", &m.keys)
	data.OutputAs("bucket_names", &m.buckets)
	data.OutputAs("dynamodb_table_names", &m.tables)
	data.OutputAs("secret_arns", &m.secrets)
	data.OutputAs("elasticache_user_arns", &m.users)
	data.OutputAs("rds_port", &m.port)
	m.queue, m.host, m.cache, m.database = data.Output("transactions_queue_url"), data.Output("rds_address"), data.Output("elasticache_replication_group_id"), data.Output("rds_instance_id")
	m.zone, m.loki, m.name = platform.Output("zone_id"), platform.Output("loki_bucket"), platform.Name
	platform.Variable("domain", &m.domain)
	networking := w.s.Deployment("networking")
	networking.OutputAs("private_subnet_ids", &m.private)
	networking.OutputAs("public_subnet_ids", &m.public)
	m.vpc, m.clusterGroup, m.dataGroup = networking.Output("vpc_id"), compute.Output("cluster_security_group_id"), data.Output("rds_security_group_id")
	var certificates, acls map[string]string
	platform.OutputAs("certificate_arns", &certificates)
	platform.OutputAs("web_acl_arns", &acls)
	m.certificate, m.webACL = certificates["api"], acls["regional"]
	m.clusterName = compute.Output("cluster_name")
	var nodes struct {
		Queue   string `json:"queue_name"`
		Profile string `json:"instance_profile_name"`
		Role    string `json:"node_role_arn"`
	}
	compute.OutputAs("karpenter", &nodes)
	m.profile, m.nodeRole = nodes.Profile, nodes.Role
	var repositories map[string]string
	compute.OutputAs("ecr_repository_arns", &repositories)
	_, m.repository, _ = strings.Cut(repositories["auth-service"], ":repository/")
	var groups map[string]string
	w.s.Deployment("observability").OutputAs("log_group_names", &groups)
	m.logGroup, m.otherGroup = groups["auth-service"], "/"+m.name+"/somebody-else"
	client := sqs.NewFromConfig(w.s.Sandbox.AWS)
	var errs []error
	for name, into := range map[string]*string{data.Output("transactions_dlq_name"): &m.deadLetters, nodes.Queue: &m.interruptions} {
		u, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		if err == nil {
			*into = aws.ToString(u.QueueUrl)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, w.put(ctx), w.group(ctx), w.instances(ctx))...)
}

// put puts objects where pods will read.
func (w *world) put(ctx context.Context) error {
	client := s3.NewFromConfig(w.s.Sandbox.AWS, pathStyle)
	for bucket, names := range map[string][]string{w.material.buckets["reports"]: {"reports/seen", "models/seen", "elsewhere/seen"}, w.material.loki: {"seen"}} {
		for _, name := range names {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &name, Body: strings.NewReader("seen"),
				ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(w.material.keys["s3"])})
			if err != nil {
				return fmt.Errorf("put %s/%s: %w", bucket, name, err)
			}
		}
	}
	return nil
}

// group makes a log group that is no service's.
func (w *world) group(ctx context.Context) error {
	_, err := cloudwatchlogs.NewFromConfig(w.s.Sandbox.AWS).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &w.material.otherGroup})
	if err != nil {
		return fmt.Errorf("make the log group %s: %w", w.material.otherGroup, err)
	}
	return nil
}

// instances makes two that are tagged as Karpenter's and somebody else's.
func (w *world) instances(ctx context.Context) error {
	client := ec2.NewFromConfig(w.s.Sandbox.AWS)
	subnets := w.material.private
	images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	if err != nil || len(images.Images) == 0 || len(subnets) == 0 {
		return fmt.Errorf("find an image to start: %d images, %d subnets: %w", len(images.Images), len(subnets), err)
	}
	w.material.image = aws.ToString(images.Images[0].ImageId)
	for into, tags := range map[*string]map[string]string{
		&w.material.own:     {"kubernetes.io/cluster/" + w.material.clusterName: "owned", "karpenter.sh/nodepool": "general"},
		&w.material.foreign: {"Name": "somebody-else"},
	} {
		var list []ec2types.Tag
		for k, v := range tags {
			list = append(list, ec2types.Tag{Key: aws.String(k), Value: aws.String(v)})
		}
		out, err := client.RunInstances(ctx, &ec2.RunInstancesInput{
			MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ImageId: &w.material.image, InstanceType: ec2types.InstanceTypeM6iXlarge,
			NetworkInterfaces: []ec2types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &subnets[0], DeleteOnTermination: aws.Bool(true)}},
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeInstance, Tags: list}},
		})
		if err != nil {
			return fmt.Errorf("start an instance: %w", err)
		}
		*into = aws.ToString(out.Instances[0].InstanceId)
	}
	disks, err := client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{{Name: aws.String("attachment.instance-id"), Values: []string{w.material.foreign}}}})
	if err != nil || len(disks.Volumes) == 0 {
		return fmt.Errorf("find the volume of %s: %d volumes: %w", w.material.foreign, len(disks.Volumes), err)
	}
	w.material.foreignDisk = aws.ToString(disks.Volumes[0].VolumeId)
	return nil
}

func pathStyle(o *s3.Options) { o.UsePathStyle = true }
