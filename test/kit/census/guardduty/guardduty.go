// Package guardduty lists and deletes the detectors of Amazon GuardDuty.
package guardduty

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const detector = "aws_guardduty_detector"
	l := census.Lister{Service: "guardduty", Types: []string{detector}, Regional: true, Order: census.Actors, List: census.With(guardduty.NewFromConfig, list)}
	for typ, why := range map[string]string{
		"aws_guardduty_detector_feature":       "a setting of its detector",
		"aws_guardduty_filter":                 "a filter is an entry of its detector",
		"aws_guardduty_ipset":                  "a list is an entry of its detector",
		"aws_guardduty_threatintelset":         "a list is an entry of its detector",
		"aws_guardduty_publishing_destination": "a destination is an entry of its detector",
	} {
		l.Parts = append(l.Parts, census.Part{Type: typ, Of: detector, Why: why})
	}
	census.Register(l)
}

// list lists what a region has one of, without a name, known by its tags.
func list(ctx context.Context, c *guardduty.Client) ([]census.Resource, error) {
	ids, err := census.Collect(ctx, guardduty.NewListDetectorsPaginator(c, &guardduty.ListDetectorsInput{}),
		func(p *guardduty.ListDetectorsOutput) []string { return p.DetectorIds })
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, id := range ids {
		out, err := c.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
		if err != nil {
			return rs, fmt.Errorf("read detector %s: %w", id, err)
		}
		tags := map[string]string{}
		maps.Copy(tags, out.Tags)
		rs = append(rs, census.Resource{ID: id, Tags: tags, Delete: census.Deleter(c.DeleteDetector, &guardduty.DeleteDetectorInput{DetectorId: &id})})
	}
	return rs, nil
}
