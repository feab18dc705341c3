package ec2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census"
)

func listAddresses(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	out, err := c.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return nil, err
	}
	return census.Map(out.Addresses, func(a types.Address) census.Resource {
		return resource(a.AllocationId, a.Tags, func(ctx context.Context) error {
			if a.AssociationId != nil {
				_, err := c.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: a.AssociationId})
				if err != nil && !census.Gone(err) {
					return fmt.Errorf("disassociate it: %w", err)
				}
			}
			_, err := c.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: a.AllocationId})
			return err
		})
	}), nil
}

// listInterfaces leaves out those that go with something else: what an AWS service
// made for a resource of its own ("Requester-managed network interfaces"), and
// what an instance takes with it when it ends.
func listInterfaces(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeNetworkInterfacesPaginator(c, &ec2.DescribeNetworkInterfacesInput{}),
		func(p *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return p.NetworkInterfaces },
		func(n types.NetworkInterface) census.Resource {
			if aws.ToBool(n.RequesterManaged) || n.Attachment != nil && aws.ToBool(n.Attachment.DeleteOnTermination) {
				return census.Resource{}
			}
			return resource(n.NetworkInterfaceId, n.TagSet, func(ctx context.Context) error {
				if n.Attachment != nil && n.Attachment.AttachmentId != nil {
					_, err := c.DetachNetworkInterface(ctx, &ec2.DetachNetworkInterfaceInput{AttachmentId: n.Attachment.AttachmentId, Force: aws.Bool(true)})
					if err != nil && !census.Gone(err) {
						return fmt.Errorf("detach it: %w", err)
					}
				}
				_, err := c.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: n.NetworkInterfaceId})
				return err
			})
		})
}

// listGroups leaves out default groups, which go with their VPC.
func listGroups(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeSecurityGroupsPaginator(c, &ec2.DescribeSecurityGroupsInput{}),
		func(p *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return p.SecurityGroups },
		func(g types.SecurityGroup) census.Resource {
			if aws.ToString(g.GroupName) == "default" {
				return census.Resource{}
			}
			r := resource(g.GroupId, g.Tags, func(ctx context.Context) error { return deleteGroup(ctx, c, g) })
			r.Name = aws.ToString(g.GroupName)
			return r
		})
}

// deleteGroup takes away the group's rules that name other groups first: two
// groups that name each other cannot be deleted otherwise.
func deleteGroup(ctx context.Context, c *ec2.Client, g types.SecurityGroup) error {
	if ps := referring(g.IpPermissions); len(ps) > 0 {
		_, err := c.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: ps})
		if err != nil && !census.Gone(err) {
			return fmt.Errorf("revoke the ingress rules that name groups: %w", err)
		}
	}
	if ps := referring(g.IpPermissionsEgress); len(ps) > 0 {
		_, err := c.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: g.GroupId, IpPermissions: ps})
		if err != nil && !census.Gone(err) {
			return fmt.Errorf("revoke the egress rules that name groups: %w", err)
		}
	}
	_, err := c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
	return err
}

// referring returns the permissions' part that names groups.
func referring(ps []types.IpPermission) (refs []types.IpPermission) {
	for _, p := range ps {
		if len(p.UserIdGroupPairs) > 0 {
			refs = append(refs, types.IpPermission{
				IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort, UserIdGroupPairs: p.UserIdGroupPairs,
			})
		}
	}
	return refs
}
