package ec2

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census"
)

func listInstances(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeInstancesPaginator(c, &ec2.DescribeInstancesInput{}),
		func(p *ec2.DescribeInstancesOutput) (is []types.Instance) {
			for _, r := range p.Reservations {
				is = append(is, r.Instances...)
			}
			return is
		},
		func(i types.Instance) census.Resource {
			r := resource(i.InstanceId, i.Tags, func(ctx context.Context) error { return terminate(ctx, c, i.InstanceId) })
			switch i.State.Name {
			case types.InstanceStateNameTerminated:
				return census.Resource{}
			case types.InstanceStateNameShuttingDown:
				r.Leaving = true
			}
			return r
		})
}

// terminate lifts the termination protection first, if there is one.
func terminate(ctx context.Context, c *ec2.Client, id *string) error {
	end := census.Deleter(c.TerminateInstances, &ec2.TerminateInstancesInput{InstanceIds: []string{*id}})
	err := end(ctx)
	if !census.HasCode(err, "OperationNotPermitted") {
		return err
	}
	_, err = c.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{
		InstanceId: id, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(false)},
	})
	if err != nil {
		return fmt.Errorf("lift the termination protection: %w", err)
	}
	return end(ctx)
}

func listLaunchTemplates(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeLaunchTemplatesPaginator(c, &ec2.DescribeLaunchTemplatesInput{}),
		func(p *ec2.DescribeLaunchTemplatesOutput) []types.LaunchTemplate { return p.LaunchTemplates },
		func(t types.LaunchTemplate) census.Resource {
			r := resource(t.LaunchTemplateId, t.Tags, census.Deleter(c.DeleteLaunchTemplate, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: t.LaunchTemplateId}))
			r.Name = aws.ToString(t.LaunchTemplateName)
			return r
		})
}

func listVolumes(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeVolumesPaginator(c, &ec2.DescribeVolumesInput{}),
		func(p *ec2.DescribeVolumesOutput) []types.Volume { return p.Volumes },
		func(v types.Volume) census.Resource {
			r := resource(v.VolumeId, v.Tags, census.Deleter(c.DeleteVolume, &ec2.DeleteVolumeInput{VolumeId: v.VolumeId}))
			r.Leaving = v.State == types.VolumeStateDeleting
			return r
		})
}

func listImages(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeImagesPaginator(c, &ec2.DescribeImagesInput{Owners: []string{"self"}}),
		func(p *ec2.DescribeImagesOutput) []types.Image { return p.Images },
		func(i types.Image) census.Resource {
			r := resource(i.ImageId, i.Tags, census.Deleter(c.DeregisterImage, &ec2.DeregisterImageInput{ImageId: i.ImageId}))
			r.Name = aws.ToString(i.Name)
			return r
		})
}

// imageSnapshot begins the description of the snapshots under Amazon's own images.
// An emulator lists them as the account's.
const imageSnapshot = "Auto-created snapshot for AMI "

func listSnapshots(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeSnapshotsPaginator(c, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}),
		func(p *ec2.DescribeSnapshotsOutput) []types.Snapshot { return p.Snapshots },
		func(s types.Snapshot) census.Resource {
			if strings.HasPrefix(aws.ToString(s.Description), imageSnapshot) {
				return census.Resource{}
			}
			return resource(s.SnapshotId, s.Tags, census.Deleter(c.DeleteSnapshot, &ec2.DeleteSnapshotInput{SnapshotId: s.SnapshotId}))
		})
}

func listKeyPairs(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	out, err := c.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
	if err != nil {
		return nil, err
	}
	return census.Map(out.KeyPairs, func(k types.KeyPairInfo) census.Resource {
		r := resource(k.KeyPairId, k.Tags, census.Deleter(c.DeleteKeyPair, &ec2.DeleteKeyPairInput{KeyName: k.KeyName}))
		r.Name = aws.ToString(k.KeyName)
		return r
	}), nil
}

// listEncryptionByDefault lists a setting of the whole account and region, which
// has no name and no tags: in a shared account it never belongs to a run.
func listEncryptionByDefault(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	out, err := c.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil || !aws.ToBool(out.EbsEncryptionByDefault) {
		return nil, err
	}
	return []census.Resource{{
		ID:     "enabled",
		Delete: census.Deleter(c.DisableEbsEncryptionByDefault, &ec2.DisableEbsEncryptionByDefaultInput{}),
	}}, nil
}
