// Package kms lists and deletes what AWS KMS holds.
package kms

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/fintrack/platform/test/kit/census"
)

// pendingDays is the shortest time that AWS lets a key wait for its deletion.
const pendingDays = 7

func init() {
	census.Register(
		census.Lister{
			Service: "kms", Types: []string{"aws_kms_alias"}, Regional: true, Order: census.Keys + 10, List: listAliases,
		},
		census.Lister{
			Service: "kms", Types: []string{"aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"}, Regional: true, Order: census.Keys, List: listKeys,
			Parts: []census.Part{
				{Type: "aws_kms_key_policy", Of: "aws_kms_key", Why: "every key has one policy, an attribute of the key"},
				{Type: "aws_kms_grant", Of: "aws_kms_key", Why: "a grant is an entry of its key"},
			},
		},
	)
}

// aliases returns those that AWS did not make; its own begin with alias/aws/.
func aliases(ctx context.Context, c *kms.Client) ([]types.AliasListEntry, error) {
	all, err := census.Collect(ctx, kms.NewListAliasesPaginator(c, &kms.ListAliasesInput{}),
		func(p *kms.ListAliasesOutput) []types.AliasListEntry { return p.Aliases })
	return slices.DeleteFunc(all, func(a types.AliasListEntry) bool {
		return a.TargetKeyId == nil || strings.HasPrefix(aws.ToString(a.AliasName), "alias/aws/")
	}), err
}

func listAliases(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := kms.NewFromConfig(cfg)
	as, err := aliases(ctx, c)
	return census.Map(as, func(a types.AliasListEntry) census.Resource {
		return census.Resource{
			ID: aws.ToString(a.AliasName), Name: aws.ToString(a.AliasName), ARN: aws.ToString(a.AliasArn),
			ReadTags: func(ctx context.Context) (map[string]string, error) { return keyTags(ctx, c, a.TargetKeyId) },
			Delete:   census.Deleter(c.DeleteAlias, &kms.DeleteAliasInput{AliasName: a.AliasName}),
		}
	}), err
}

// listKeys leaves out managed keys and those pending deletion. A key has its name
// from its aliases, which is why those go after it.
func listKeys(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := kms.NewFromConfig(cfg)
	keys, err := census.Collect(ctx, kms.NewListKeysPaginator(c, &kms.ListKeysInput{}),
		func(p *kms.ListKeysOutput) []types.KeyListEntry { return p.Keys })
	if err != nil {
		return nil, err
	}
	as, err := aliases(ctx, c)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range as {
		names[*a.TargetKeyId] = *a.AliasName
	}
	var rs []census.Resource
	for _, k := range keys {
		out, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
		if census.Gone(err) {
			continue
		}
		if err != nil {
			return rs, err
		}
		if r := resource(c, out.KeyMetadata, names[*k.KeyId]); r.Delete != nil {
			rs = append(rs, r)
		}
	}
	return rs, nil
}

func resource(c *kms.Client, k *types.KeyMetadata, name string) census.Resource {
	switch {
	case k.KeyManager == types.KeyManagerTypeAws,
		k.KeyState == types.KeyStatePendingDeletion, k.KeyState == types.KeyStatePendingReplicaDeletion:
		return census.Resource{}
	}
	r := census.Resource{
		ID: aws.ToString(k.KeyId), Name: name, ARN: aws.ToString(k.Arn),
		ReadTags: func(ctx context.Context) (map[string]string, error) { return keyTags(ctx, c, k.KeyId) },
		Delete:   census.Deleter(c.ScheduleKeyDeletion, &kms.ScheduleKeyDeletionInput{KeyId: k.KeyId, PendingWindowInDays: aws.Int32(pendingDays)}),
	}
	switch {
	case k.MultiRegionConfiguration != nil && k.MultiRegionConfiguration.MultiRegionKeyType == types.MultiRegionKeyTypeReplica:
		r.Type = "aws_kms_replica_key"
	case k.Origin == types.OriginTypeExternal:
		r.Type = "aws_kms_external_key"
	}
	return r
}

func keyTags(ctx context.Context, c *kms.Client, key *string) (map[string]string, error) {
	ts, err := census.Collect(ctx, kms.NewListResourceTagsPaginator(c, &kms.ListResourceTagsInput{KeyId: key}),
		func(p *kms.ListResourceTagsOutput) []types.Tag { return p.Tags })
	if err != nil {
		return nil, err
	}
	return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.TagKey, t.TagValue }), nil
}
