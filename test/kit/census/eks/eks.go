// Package eks lists and deletes what Amazon EKS holds.
package eks

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/fintrack/platform/test/kit/census"
)

// A cluster can go when its node groups and Fargate profiles are gone ("Delete a
// cluster").
const (
	entries  = census.Workloads - 10
	compute  = census.Workloads
	clusters = census.Workloads + 10
)

func init() {
	census.Register(
		lister("aws_eks_cluster", clusters, listClusters,
			census.Part{Type: "aws_eks_identity_provider_config", Why: "the provider is an entry of its cluster"}),
		lister("aws_eks_node_group", compute, inEach(nodeGroups)),
		lister("aws_eks_fargate_profile", compute, inEach(fargateProfiles)),
		lister("aws_eks_addon", entries, inEach(addons)),
		lister("aws_eks_pod_identity_association", entries, inEach(podIdentities)),
		lister("aws_eks_access_entry", entries, inEach(accessEntries),
			census.Part{Type: "aws_eks_access_policy_association", Why: "a policy is an attribute of its entry"}),
	)
}

func lister(typ string, order int, list func(context.Context, *eks.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	for i := range parts {
		parts[i].Of = typ
	}
	return census.Lister{Service: "eks", Types: []string{typ}, Regional: true, Order: order, List: census.With(eks.NewFromConfig, list), Parts: parts}
}

// inEach asks for what is in every cluster. Its names begin with the cluster's.
func inEach(list func(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error)) func(context.Context, *eks.Client) ([]census.Resource, error) {
	return func(ctx context.Context, c *eks.Client) ([]census.Resource, error) {
		names, err := clusterNames(ctx, c)
		if err != nil {
			return nil, err
		}
		var rs []census.Resource
		for _, cluster := range names {
			in, err := list(ctx, c, cluster)
			if err != nil && !census.Gone(err) {
				return rs, fmt.Errorf("in cluster %s: %w", cluster, err)
			}
			for _, r := range in {
				r.Name = cluster + "/" + r.ID
				r.ID = r.Name
				rs = append(rs, r)
			}
		}
		return rs, nil
	}
}

func clusterNames(ctx context.Context, c *eks.Client) ([]string, error) {
	return census.Collect(ctx, eks.NewListClustersPaginator(c, &eks.ListClustersInput{Include: []string{"all"}}),
		func(p *eks.ListClustersOutput) []string { return p.Clusters })
}

// described makes resources of ids that a second call describes.
func described(ids []string, err error, describe func(id string) (census.Resource, error)) ([]census.Resource, error) {
	var rs []census.Resource
	for _, id := range ids {
		if err != nil {
			break
		}
		var r census.Resource
		if r, err = describe(id); census.Gone(err) {
			err = nil
		} else if err == nil && r.Delete != nil {
			rs = append(rs, r)
		}
	}
	return rs, err
}

// tagged copies tags into a map that is never nil.
func tagged(tags map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, tags)
	return m
}

func listClusters(ctx context.Context, c *eks.Client) ([]census.Resource, error) {
	names, err := clusterNames(ctx, c)
	return described(names, err, func(name string) (census.Resource, error) {
		out, err := c.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
		if err != nil {
			return census.Resource{}, err
		}
		k := out.Cluster
		r := census.Resource{
			ID: name, Name: name, ARN: aws.ToString(k.Arn), Tags: tagged(k.Tags), Leaving: k.Status == types.ClusterStatusDeleting,
			Delete: func(ctx context.Context) error { return deleteCluster(ctx, c, k) },
		}
		if k.ConnectorConfig != nil {
			r.Delete = census.Deleter(c.DeregisterCluster, &eks.DeregisterClusterInput{Name: &name})
		}
		return r, nil
	})
}

func deleteCluster(ctx context.Context, c *eks.Client, k *types.Cluster) error {
	if aws.ToBool(k.DeletionProtection) {
		_, err := c.UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{Name: k.Name, DeletionProtection: aws.Bool(false)})
		if err != nil {
			return fmt.Errorf("lift the deletion protection: %w", err)
		}
	}
	_, err := c.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: k.Name})
	return err
}

func nodeGroups(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error) {
	names, err := census.Collect(ctx, eks.NewListNodegroupsPaginator(c, &eks.ListNodegroupsInput{ClusterName: &cluster}),
		func(p *eks.ListNodegroupsOutput) []string { return p.Nodegroups })
	return described(names, err, func(name string) (census.Resource, error) {
		out, err := c.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &cluster, NodegroupName: &name})
		if err != nil {
			return census.Resource{}, err
		}
		return census.Resource{
			ID: name, ARN: aws.ToString(out.Nodegroup.NodegroupArn), Tags: tagged(out.Nodegroup.Tags), Leaving: out.Nodegroup.Status == types.NodegroupStatusDeleting,
			Delete: census.Deleter(c.DeleteNodegroup, &eks.DeleteNodegroupInput{ClusterName: &cluster, NodegroupName: &name}),
		}, nil
	})
}

func fargateProfiles(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error) {
	names, err := census.Collect(ctx, eks.NewListFargateProfilesPaginator(c, &eks.ListFargateProfilesInput{ClusterName: &cluster}),
		func(p *eks.ListFargateProfilesOutput) []string { return p.FargateProfileNames })
	return described(names, err, func(name string) (census.Resource, error) {
		out, err := c.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &cluster, FargateProfileName: &name})
		if err != nil {
			return census.Resource{}, err
		}
		p := out.FargateProfile
		return census.Resource{
			ID: name, ARN: aws.ToString(p.FargateProfileArn), Tags: tagged(p.Tags), Leaving: p.Status == types.FargateProfileStatusDeleting,
			Delete: census.Deleter(c.DeleteFargateProfile, &eks.DeleteFargateProfileInput{ClusterName: &cluster, FargateProfileName: &name}),
		}, nil
	})
}

func addons(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error) {
	names, err := census.Collect(ctx, eks.NewListAddonsPaginator(c, &eks.ListAddonsInput{ClusterName: &cluster}),
		func(p *eks.ListAddonsOutput) []string { return p.Addons })
	return described(names, err, func(name string) (census.Resource, error) {
		out, err := c.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &cluster, AddonName: &name})
		if err != nil {
			return census.Resource{}, err
		}
		return census.Resource{
			ID: name, ARN: aws.ToString(out.Addon.AddonArn), Tags: tagged(out.Addon.Tags), Leaving: out.Addon.Status == types.AddonStatusDeleting,
			Delete: census.Deleter(c.DeleteAddon, &eks.DeleteAddonInput{ClusterName: &cluster, AddonName: &name}),
		}, nil
	})
}

func podIdentities(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error) {
	return census.Each(ctx, eks.NewListPodIdentityAssociationsPaginator(c, &eks.ListPodIdentityAssociationsInput{ClusterName: &cluster}),
		func(p *eks.ListPodIdentityAssociationsOutput) []types.PodIdentityAssociationSummary {
			return p.Associations
		},
		func(a types.PodIdentityAssociationSummary) census.Resource {
			return census.Resource{
				ID: aws.ToString(a.AssociationId), ARN: aws.ToString(a.AssociationArn),
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: a.AssociationArn})
					if err != nil {
						return nil, err
					}
					return tagged(out.Tags), nil
				},
				Delete: census.Deleter(c.DeletePodIdentityAssociation, &eks.DeletePodIdentityAssociationInput{ClusterName: &cluster, AssociationId: a.AssociationId}),
			}
		})
}

// accessEntries leaves out the entries that EKS makes for nodes, which go with the
// node group or profile ("Create access entries").
func accessEntries(ctx context.Context, c *eks.Client, cluster string) ([]census.Resource, error) {
	principals, err := census.Collect(ctx, eks.NewListAccessEntriesPaginator(c, &eks.ListAccessEntriesInput{ClusterName: &cluster}),
		func(p *eks.ListAccessEntriesOutput) []string { return p.AccessEntries })
	return described(principals, err, func(principal string) (census.Resource, error) {
		out, err := c.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal})
		if err != nil {
			return census.Resource{}, err
		}
		if !slices.Contains([]string{"", "STANDARD"}, aws.ToString(out.AccessEntry.Type)) {
			return census.Resource{}, nil
		}
		return census.Resource{
			ID: principal, ARN: aws.ToString(out.AccessEntry.AccessEntryArn), Tags: tagged(out.AccessEntry.Tags),
			Delete: census.Deleter(c.DeleteAccessEntry, &eks.DeleteAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal}),
		}, nil
	})
}
