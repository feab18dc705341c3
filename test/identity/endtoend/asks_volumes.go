package endtoend

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// volumeAsks are the volumes' driver's: a volume under the platform's key from its
// making to its end, with a snapshot of it.
func (w *world) volumeAsks() []ask {
	m := &w.material
	by := []string{volumes}
	key, other := m.keys["ebs"], m.keys["s3"]
	marked := map[string]string{"ebs.csi.aws.com/cluster": "true", "CSIVolumeName": "pvc-1"}
	pictured := map[string]string{"ebs.csi.aws.com/cluster": "true", "CSIVolumeSnapshotName": "snapshot-1"}
	return append(w.keyAsks(key), []ask{
		{id: "volume-make", title: "A volume under the platform's key is made by the volumes' driver", by: by, do: w.volume(key, marked, &m.made.volume)},
		{id: "volume-make-key", title: "A volume under another key is made by nobody", do: w.volume(other, marked, new(string))},
		{id: "volume-make-unmarked", title: "A volume without the driver's mark is made by nobody", do: w.volume(key, map[string]string{"Name": "x"}, new(string))},
		{id: "volumes-list", title: "Volumes are listed by their driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{m.made.volume}}))
		}},
		{id: "volumes-states", title: "The states of volumes may be read by their driver", by: by, do: func(ctx context.Context, s session) error {
			return permitted(machines(s).DescribeVolumeStatus(ctx, &ec2.DescribeVolumeStatusInput{DryRun: aws.Bool(true)}))
		}},
		{id: "volume-attach", title: "A volume is attached, with a grant of its key for EC2, by its driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: &m.made.volume, InstanceId: &m.foreign, Device: aws.String("/dev/sdf")}))
		}},
		{id: "volume-detach", title: "A volume is detached by its driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DetachVolume(ctx, &ec2.DetachVolumeInput{VolumeId: &m.made.volume, InstanceId: &m.foreign, Device: aws.String("/dev/sdf")}))
		}},
		{id: "volume-grow", title: "A volume is made larger by its driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: &m.made.volume, Size: aws.Int32(2)}))
		}},
		{id: "volumes-changes", title: "Changes of volumes are followed by their driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeVolumesModifications(ctx, &ec2.DescribeVolumesModificationsInput{}))
		}},
		{id: "volume-unmark", title: "A tag is taken from a volume by its driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{m.made.volume}, Tags: []ec2types.Tag{{Key: aws.String("Name")}}}))
		}},
		{id: "volume-copy", title: "A copy of a volume may be made by its driver", by: by, do: func(ctx context.Context, s session) error {
			return permitted(machines(s).CopyVolumes(ctx, &ec2.CopyVolumesInput{DryRun: aws.Bool(true), SourceVolumeId: &m.made.volume, TagSpecifications: specs(marked, ec2types.ResourceTypeVolume)}))
		}},
		{id: "snapshot-make", title: "A snapshot is made by the volumes' driver", by: by, do: func(ctx context.Context, s session) error {
			out, err := machines(s).CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &m.made.volume, TagSpecifications: specs(pictured, ec2types.ResourceTypeSnapshot)})
			if err == nil {
				m.made.snapshot = aws.ToString(out.SnapshotId)
			}
			return err
		}},
		{id: "snapshot-make-unmarked", title: "A snapshot without the driver's mark is made by nobody", do: func(ctx context.Context, s session) error {
			return answer(machines(s).CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &m.made.volume}))
		}},
		{id: "snapshots-list", title: "Snapshots are listed by the volumes' driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{m.made.snapshot}}))
		}},
		{id: "snapshot-fast", title: "A snapshot may be kept at hand by the volumes' driver", by: by, do: func(ctx context.Context, s session) error {
			return permitted(machines(s).EnableFastSnapshotRestores(ctx, &ec2.EnableFastSnapshotRestoresInput{DryRun: aws.Bool(true), SourceSnapshotIds: []string{m.made.snapshot}, AvailabilityZones: []string{w.s.Sandbox.Region + "a"}}))
		}},
		{id: "snapshot-lock", title: "A snapshot may be locked by the volumes' driver", by: by, do: func(ctx context.Context, s session) error {
			return permitted(machines(s).LockSnapshot(ctx, &ec2.LockSnapshotInput{DryRun: aws.Bool(true), SnapshotId: &m.made.snapshot, LockMode: ec2types.LockModeGovernance, LockDuration: aws.Int32(1)}))
		}},
		{id: "snapshot-remove", title: "A snapshot is removed by the volumes' driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &m.made.snapshot}))
		}},
		{id: "volume-remove-foreign", title: "A volume that is not the driver's is removed by nobody", do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &m.foreignDisk}))
		}},
		{id: "volume-remove", title: "A volume is removed by its driver", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &m.made.volume}))
		}},
	}...)
}

// keyAsks use the volumes' key itself. The key's policy takes such requests from EC2
// in the driver's name (kms:ViaService) and from no pod, whatever its role grants.
func (w *world) keyAsks(key string) []ask {
	client := func(s session) *kms.Client { return kms.NewFromConfig(s.aws) }
	return []ask{
		{id: "volumes-key-read", title: "The volumes' key is looked at by their driver", by: []string{volumes}, do: func(ctx context.Context, s session) error {
			return answer(client(s).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key}))
		}},
		{id: "volumes-key-encrypt", title: "The volumes' key encrypts for no pod", do: func(ctx context.Context, s session) error {
			return answer(client(s).Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")}))
		}},
		{id: "volumes-key-decrypt", title: "The volumes' key decrypts for no pod", do: func(ctx context.Context, s session) error {
			sealed, err := kms.NewFromConfig(w.s.Sandbox.AWS).Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			if err != nil {
				return err
			}
			return answer(client(s).Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob}))
		}},
		{id: "volumes-key-data", title: "Data keys of the volumes' key are made for no pod", do: func(ctx context.Context, s session) error {
			return answer(client(s).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: "AES_256"}))
		}},
		{id: "volumes-key-grant", title: "A grant of the volumes' key is made by no pod itself", do: func(ctx context.Context, s session) error {
			return answer(client(s).CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: aws.String(w.roles[detector]), Operations: []kmstypes.GrantOperation{"Decrypt"}}))
		}},
	}
}

func (w *world) volume(key string, tags map[string]string, into *string) do {
	return func(ctx context.Context, s session) error {
		out, err := machines(s).CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(w.s.Sandbox.Region + "a"), Size: aws.Int32(1), VolumeType: ec2types.VolumeTypeGp3,
			Encrypted: aws.Bool(true), KmsKeyId: &key, TagSpecifications: specs(tags, ec2types.ResourceTypeVolume)})
		if err == nil {
			*into = aws.ToString(out.VolumeId)
		}
		return err
	}
}
