// Package events lists and deletes what Amazon EventBridge holds.
package events

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		census.Lister{
			Service: "events", Types: []string{"aws_cloudwatch_event_rule"}, Regional: true, Order: census.Actors, List: census.With(eventbridge.NewFromConfig, listRules),
			Parts: []census.Part{
				{Type: "aws_cloudwatch_event_target", Of: "aws_cloudwatch_event_rule", Why: "a target is an entry of its rule"},
			},
		},
		census.Lister{
			Service: "events", Types: []string{"aws_cloudwatch_event_archive"}, Regional: true, Order: census.Actors, List: census.With(eventbridge.NewFromConfig, listArchives),
		},
		census.Lister{
			Service: "events", Types: []string{"aws_cloudwatch_event_bus"}, Regional: true, Order: census.Actors + 10, List: census.With(eventbridge.NewFromConfig, listBuses),
			Parts: []census.Part{
				{Type: "aws_cloudwatch_event_permission", Of: "aws_cloudwatch_event_bus", Why: "a statement of its bus's policy"},
				{Type: "aws_cloudwatch_event_bus_policy", Of: "aws_cloudwatch_event_bus", Why: "an attribute of its bus"},
			},
		},
	)
}

// defaultBus is in every account and cannot be deleted.
const defaultBus = "default"

func buses(ctx context.Context, c *eventbridge.Client) ([]types.EventBus, error) {
	return census.Follow(func(token *string) ([]types.EventBus, *string, error) {
		out, err := c.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.EventBuses, out.NextToken, nil
	})
}

func tagged(c *eventbridge.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: arn})
		if err != nil {
			return nil, err
		}
		return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
	}
}

func listBuses(ctx context.Context, c *eventbridge.Client) ([]census.Resource, error) {
	all, err := buses(ctx, c)
	return census.Map(all, func(b types.EventBus) census.Resource {
		if aws.ToString(b.Name) == defaultBus {
			return census.Resource{}
		}
		return census.Resource{
			ID: aws.ToString(b.Name), Name: aws.ToString(b.Name), ARN: aws.ToString(b.Arn), ReadTags: tagged(c, b.Arn),
			Delete: census.Deleter(c.DeleteEventBus, &eventbridge.DeleteEventBusInput{Name: b.Name}),
		}
	}), err
}

func listRules(ctx context.Context, c *eventbridge.Client) ([]census.Resource, error) {
	all, err := buses(ctx, c)
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, b := range all {
		rules, err := census.Follow(func(token *string) ([]types.Rule, *string, error) {
			out, err := c.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: b.Name, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Rules, out.NextToken, nil
		})
		if err != nil && !census.Gone(err) {
			return rs, fmt.Errorf("list the rules of bus %s: %w", aws.ToString(b.Name), err)
		}
		rs = append(rs, census.Map(rules, func(r types.Rule) census.Resource { return rule(c, b.Name, r) })...)
	}
	return rs, nil
}

// rule leaves out what an AWS service manages, which goes with the resource that
// the service made it for ("Creating a managed rule").
func rule(c *eventbridge.Client, bus *string, r types.Rule) census.Resource {
	if aws.ToString(r.ManagedBy) != "" {
		return census.Resource{}
	}
	name := aws.ToString(bus) + "/" + aws.ToString(r.Name)
	return census.Resource{
		ID: name, Name: name, ARN: aws.ToString(r.Arn), ReadTags: tagged(c, r.Arn),
		Delete: func(ctx context.Context) error {
			if err := removeTargets(ctx, c, bus, r.Name); err != nil {
				return fmt.Errorf("remove its targets: %w", err)
			}
			_, err := c.DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: bus, Name: r.Name})
			return err
		},
	}
}

func removeTargets(ctx context.Context, c *eventbridge.Client, bus, rule *string) error {
	targets, err := census.Follow(func(token *string) ([]types.Target, *string, error) {
		out, err := c.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{EventBusName: bus, Rule: rule, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Targets, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	for _, t := range targets {
		out, err := c.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{EventBusName: bus, Rule: rule, Ids: []string{*t.Id}})
		if err != nil {
			return err
		}
		for _, f := range out.FailedEntries {
			return fmt.Errorf("%s: %s", aws.ToString(f.TargetId), aws.ToString(f.ErrorMessage))
		}
	}
	return nil
}

// listArchives lists what EventBridge has no tags for.
func listArchives(ctx context.Context, c *eventbridge.Client) ([]census.Resource, error) {
	archives, err := census.Follow(func(token *string) ([]types.Archive, *string, error) {
		out, err := c.ListArchives(ctx, &eventbridge.ListArchivesInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Archives, out.NextToken, nil
	})
	return census.Map(archives, func(a types.Archive) census.Resource {
		return census.Resource{
			ID: aws.ToString(a.ArchiveName), Name: aws.ToString(a.ArchiveName),
			Delete: census.Deleter(c.DeleteArchive, &eventbridge.DeleteArchiveInput{ArchiveName: a.ArchiveName}),
		}
	}), err
}
