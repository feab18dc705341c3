// Package configservice lists and deletes what AWS Config holds.
package configservice

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/fintrack/platform/test/kit/census"
)

// A channel can go when the recorder that delivers through it has stopped, and
// rules need the recorder only to evaluate.
const (
	rules    = census.Actors
	recorder = census.Actors + 10
	channel  = census.Actors + 20
)

func init() {
	const rule, rec = "aws_config_config_rule", "aws_config_configuration_recorder"
	census.Register(
		lister(rule, rules, listRules,
			census.Part{Type: "aws_config_remediation_configuration", Of: rule, Why: "a setting of its rule"}),
		lister("aws_config_configuration_aggregator", rules, listAggregators),
		lister(rec, recorder, listRecorders,
			census.Part{Type: "aws_config_configuration_recorder_status", Of: rec, Why: "whether a recorder runs is a state of it"}),
		lister("aws_config_delivery_channel", channel, listChannels),
	)
}

func lister(typ string, order int, list func(context.Context, *configservice.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	return census.Lister{Service: "configservice", Types: []string{typ}, Regional: true, Order: order, List: census.With(configservice.NewFromConfig, list), Parts: parts}
}

func tagged(c *configservice.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &configservice.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			return nil, err
		}
		return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
	}
}

// listRules leaves out those of an AWS service, which goes with it ("Service-linked
// AWS Config rules").
func listRules(ctx context.Context, c *configservice.Client) ([]census.Resource, error) {
	return census.Each(ctx, configservice.NewDescribeConfigRulesPaginator(c, &configservice.DescribeConfigRulesInput{}),
		func(p *configservice.DescribeConfigRulesOutput) []types.ConfigRule { return p.ConfigRules },
		func(r types.ConfigRule) census.Resource {
			if aws.ToString(r.CreatedBy) != "" {
				return census.Resource{}
			}
			return census.Resource{
				ID: aws.ToString(r.ConfigRuleName), Name: aws.ToString(r.ConfigRuleName), ARN: aws.ToString(r.ConfigRuleArn), ReadTags: tagged(c, r.ConfigRuleArn),
				Leaving: r.ConfigRuleState == types.ConfigRuleStateDeleting,
				Delete:  census.Deleter(c.DeleteConfigRule, &configservice.DeleteConfigRuleInput{ConfigRuleName: r.ConfigRuleName}),
			}
		})
}

func listAggregators(ctx context.Context, c *configservice.Client) ([]census.Resource, error) {
	return census.Each(ctx, configservice.NewDescribeConfigurationAggregatorsPaginator(c, &configservice.DescribeConfigurationAggregatorsInput{}),
		func(p *configservice.DescribeConfigurationAggregatorsOutput) []types.ConfigurationAggregator {
			return p.ConfigurationAggregators
		},
		func(a types.ConfigurationAggregator) census.Resource {
			return census.Resource{
				ID: aws.ToString(a.ConfigurationAggregatorName), Name: aws.ToString(a.ConfigurationAggregatorName), ARN: aws.ToString(a.ConfigurationAggregatorArn),
				ReadTags: tagged(c, a.ConfigurationAggregatorArn),
				Delete:   census.Deleter(c.DeleteConfigurationAggregator, &configservice.DeleteConfigurationAggregatorInput{ConfigurationAggregatorName: a.ConfigurationAggregatorName}),
			}
		})
}

// listRecorders lists what a region has one of, known by its name.
func listRecorders(ctx context.Context, c *configservice.Client) ([]census.Resource, error) {
	out, err := c.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil {
		return nil, err
	}
	return census.Map(out.ConfigurationRecorders, func(r types.ConfigurationRecorder) census.Resource {
		return census.Resource{ID: aws.ToString(r.Name), Name: aws.ToString(r.Name), ARN: aws.ToString(r.Arn), Delete: func(ctx context.Context) error {
			if _, err := c.StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: r.Name}); err != nil {
				return fmt.Errorf("stop it: %w", err)
			}
			_, err := c.DeleteConfigurationRecorder(ctx, &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: r.Name})
			return err
		}}
	}), nil
}

// listChannels lists what a region has one of, known by its name.
func listChannels(ctx context.Context, c *configservice.Client) ([]census.Resource, error) {
	out, err := c.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
	if err != nil {
		return nil, err
	}
	return census.Map(out.DeliveryChannels, func(d types.DeliveryChannel) census.Resource {
		return census.Resource{
			ID: aws.ToString(d.Name), Name: aws.ToString(d.Name),
			Delete: census.Deleter(c.DeleteDeliveryChannel, &configservice.DeleteDeliveryChannelInput{DeliveryChannelName: d.Name}),
		}
	}), nil
}
