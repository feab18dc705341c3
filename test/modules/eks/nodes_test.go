package eks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/policydoc"
)

const (
	nodeGroup = "module.eks.aws_eks_node_group.system"
	launch    = "module.eks.aws_launch_template.system"
)

// nodes reads the managed node group.
func (p platform) nodes(ctx context.Context) {
	got, err := p.api.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &p.out.Name, NodegroupName: &p.out.NodeGroup})
	if err != nil {
		p.Checks.Err(promise("system-nodes", "The system node group exists", nodeGroup, "A1.1"), "a node group", err)
		return
	}
	n := got.Nodegroup
	p.Checks.Equal(promise("system-nodes", "Three system nodes stand in the private subnets, on demand, with the cluster's version", nodeGroup, "A1.1", "A1.2"),
		[]any{int32(3), int32(3), int32(6), types.CapacityTypesOnDemand, "1.35", types.AMITypesAl2023X8664Standard},
		[]any{aws.ToInt32(n.ScalingConfig.DesiredSize), aws.ToInt32(n.ScalingConfig.MinSize), aws.ToInt32(n.ScalingConfig.MaxSize), n.CapacityType, aws.ToString(n.Version), n.AmiType})
	var taints []string
	for _, t := range n.Taints {
		taints = append(taints, fmt.Sprintf("%s=%s %s", aws.ToString(t.Key), aws.ToString(t.Value), t.Effect))
	}
	p.Checks.Equal(promise("system-nodes-kept-free", "Only what tolerates it runs on system nodes", nodeGroup, "A1.1"), []string{"CriticalAddonsOnly=true NO_SCHEDULE"}, taints)
	p.Checks.Equal(promise("no-ssh", "Nobody logs in to a node by SSH", nodeGroup, "CC6.1", "CC6.6"), false, n.RemoteAccess != nil && aws.ToString(n.RemoteAccess.Ec2SshKey) != "")
	p.holds(ctx, "node-role", "System nodes may join and pull images, and nothing else", "module.eks.aws_iam_role.node", p.out.NodeRole,
		service("Instances", "ec2.amazonaws.com"), managed+"AmazonEKSWorkerNodePolicy", managed+"AmazonEC2ContainerRegistryPullOnly")
	p.Checks.Equal(promise("node-role-used", "The system nodes have that role", nodeGroup, "CC6.3"), p.out.NodeRole, aws.ToString(n.NodeRole))
}

// template reads the launch template at the version that the node group uses.
func (p platform) template(ctx context.Context) {
	imds := promise("imds", "A node gives its credentials by IMDSv2 alone, and to no pod (one hop)", launch, "CC6.1", "CC6.6")
	disk := promise("node-volumes", "Nodes' volumes are gp3, encrypted under the customer's key, and go with their node", launch, "CC6.1", "C1.1", "C1.2")
	tagged := promise("instances-tagged", "Instances, volumes and interfaces carry the given tags", launch, "CC8.1")
	data, err := p.launchTemplate(ctx)
	if err != nil {
		p.Checks.Err(imds, "required, 1 hop", err)
		p.Checks.Err(disk, "gp3", err)
		p.Checks.Err(tagged, "tags", err)
		return
	}
	var got []any
	if m := data.MetadataOptions; m != nil {
		got = []any{m.HttpEndpoint, m.HttpTokens, aws.ToInt32(m.HttpPutResponseHopLimit)}
	}
	p.Checks.Equal(imds, []any{ec2types.LaunchTemplateInstanceMetadataEndpointStateEnabled, ec2types.LaunchTemplateHttpTokensStateRequired, int32(1)}, got)
	var volumes []any
	for _, b := range data.BlockDeviceMappings {
		volumes = append(volumes, []any{aws.ToString(b.DeviceName), b.Ebs.VolumeType, aws.ToInt32(b.Ebs.VolumeSize), aws.ToBool(b.Ebs.Encrypted), aws.ToString(b.Ebs.KmsKeyId), aws.ToBool(b.Ebs.DeleteOnTermination)})
	}
	p.Checks.Equal(disk, []any{[]any{"/dev/xvda", ec2types.VolumeTypeGp3, int32(50), true, p.keys["volumes"], true}}, volumes)
	tags := map[string]map[string]string{}
	for _, s := range data.TagSpecifications {
		kind := map[string]string{}
		for _, t := range s.Tags {
			kind[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		tags[string(s.ResourceType)] = kind
	}
	each := maps.Clone(p.Sandbox.Tags)
	each["Name"] = p.Name + "-system"
	p.Checks.Equal(tagged, map[string]map[string]string{"instance": each, "volume": each, "network-interface": each}, tags)
}

func (p platform) launchTemplate(ctx context.Context) (*ec2types.ResponseLaunchTemplateData, error) {
	group, err := p.api.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &p.out.Name, NodegroupName: &p.out.NodeGroup})
	if err != nil {
		return nil, err
	}
	t := group.Nodegroup.LaunchTemplate
	if t == nil {
		return nil, fmt.Errorf("the node group %s has no launch template", p.out.NodeGroup)
	}
	got, err := ec2.NewFromConfig(p.AWS).DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: t.Id, Versions: []string{aws.ToString(t.Version)}})
	if err != nil {
		return nil, err
	}
	if len(got.LaunchTemplateVersions) != 1 {
		return nil, fmt.Errorf("the launch template %s has %d versions %s", aws.ToString(t.Id), len(got.LaunchTemplateVersions), aws.ToString(t.Version))
	}
	return got.LaunchTemplateVersions[0].LaunchTemplateData, nil
}

// addons reads what runs in every cluster, and how the network plugin is set.
func (p platform) addons(ctx context.Context) {
	c := promise("addons", "CoreDNS, kube-proxy, the network plugin and the volume driver are add-ons, and there are no others", cluster, "CC8.1", "A1.1")
	list, err := p.api.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: &p.out.Name})
	if err != nil {
		p.Checks.Err(c, "four add-ons", err)
		return
	}
	slices.Sort(list.Addons)
	p.Checks.Equal(c, []string{"aws-ebs-csi-driver", "coredns", "kube-proxy", "vpc-cni"}, list.Addons)
	for _, x := range []struct{ name, resource, role, account, title string }{
		{"vpc-cni", "vpc_cni", p.out.NetworkRole, "aws-node", "The network plugin has a role of its own"},
		{"aws-ebs-csi-driver", "ebs_csi", p.out.VolumeRole, "ebs-csi-controller-sa", "The volume driver has a role of its own"},
	} {
		c := promise(x.name+"-role", x.title, "module.eks.aws_eks_addon."+x.resource, "CC6.1", "CC6.3")
		got, err := p.api.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &p.out.Name, AddonName: aws.String(x.name)})
		if err != nil {
			p.Checks.Err(c, x.role, err)
			continue
		}
		p.Checks.Equal(c, x.role, aws.ToString(got.Addon.ServiceAccountRoleArn))
		policies := []string{managed + "AmazonEKS_CNI_Policy"}
		if x.name != "vpc-cni" {
			policies = []string{managed + "service-role/AmazonEBSCSIDriverPolicy", p.volumeKeyPolicy()}
		} else {
			p.network(aws.ToString(got.Addon.ConfigurationValues))
		}
		p.holds(ctx, x.name+"-trust", x.title+", given to its service account alone, with what it needs", "module.eks.module."+x.resource+"_role.aws_iam_role.this", x.role, p.token("kube-system", x.account), policies...)
	}
}

// network reads the settings of the network plugin.
func (p platform) network(values string) {
	const subject = "module.eks.aws_eks_addon.vpc_cni"
	enforced := promise("network-policies-enforced", "The network plugin enforces NetworkPolicies; by default it ignores them", subject, "CC6.6")
	custom := promise("pod-addresses", "Pods get their addresses from subnets of their own, in every zone, by prefixes", subject, "CC6.6", "A1.1")
	var got struct {
		Policy string `json:"enableNetworkPolicy"`
		Env    map[string]string
		ENI    struct {
			Create  bool
			Region  string
			Subnets map[string]struct {
				ID             string
				SecurityGroups []string
			}
		} `json:"eniConfig"`
	}
	if err := json.Unmarshal([]byte(values), &got); err != nil {
		p.Checks.Err(enforced, "true", err)
		p.Checks.Err(custom, "a subnet for each zone", err)
		return
	}
	p.Checks.Equal(enforced, "true", got.Policy)
	var subnets map[string]string
	p.OutputAs("pod_subnet_ids", &subnets)
	want, have := map[string]string{}, map[string]string{}
	for zone, id := range subnets {
		want[zone] = fmt.Sprint(id, []string{p.out.SecurityGroup})
	}
	for zone, s := range got.ENI.Subnets {
		have[zone] = fmt.Sprint(s.ID, s.SecurityGroups)
	}
	p.Checks.Equal(custom,
		[]any{map[string]string{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone", "ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}, true, p.Region, want, 3},
		[]any{got.Env, got.ENI.Create, got.ENI.Region, have, len(have)})
}

func (p platform) volumeKeyPolicy() string {
	return "arn:aws:iam::" + p.Sandbox.Account + ":policy/" + p.Name + "-ebs-csi-key"
}

// document reads a managed policy as it is in force.
func (p platform) document(ctx context.Context, arn string) (map[string]policydoc.Statement, error) {
	api := iam.NewFromConfig(p.AWS)
	policy, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	version, err := api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return nil, err
	}
	return policydoc.BySid(aws.ToString(version.PolicyVersion.Document))
}

func (p platform) volumeKey(ctx context.Context) {
	c := promise("volume-key", "The volume driver uses the volumes' key and grants it to AWS's services alone", "module.eks.aws_iam_policy.ebs_key", "CC6.1", "CC6.3")
	got, err := p.document(ctx, p.volumeKeyPolicy())
	if err != nil {
		p.Checks.Err(c, "two statements", err)
		return
	}
	key := p.keys["volumes"]
	p.Checks.Equal(c, map[string]policydoc.Statement{
		"GrantToVolumes": {"Sid": "GrantToVolumes", "Effect": "Allow", "Resource": key, "Action": []any{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"},
			"Condition": map[string]any{"Bool": map[string]any{"kms:GrantIsForAWSResource": "true"}}},
		"UseKey": {"Sid": "UseKey", "Effect": "Allow", "Resource": key,
			"Action": []any{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"}},
	}, got)
}
