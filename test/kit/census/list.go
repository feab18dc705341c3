package census

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Pager is any paginator of the SDK.
type Pager[O, P any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*O)) (P, error)
}

// With makes the List of a lister from a function that takes the service's client.
func With[C, O any](client func(aws.Config, ...func(*O)) C, list func(context.Context, C) ([]Resource, error)) func(context.Context, aws.Config) ([]Resource, error) {
	return func(ctx context.Context, cfg aws.Config) ([]Resource, error) { return list(ctx, client(cfg)) }
}

// Collect returns the items of all pages.
func Collect[O, P, T any](ctx context.Context, pages Pager[O, P], items func(P) []T) ([]T, error) {
	var all []T
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, items(page)...)
	}
	return all, nil
}

// Each turns the items of all pages into resources. An item for which resource
// returns no Delete is not counted.
func Each[O, P, T any](ctx context.Context, pages Pager[O, P], items func(P) []T, resource func(T) Resource) ([]Resource, error) {
	all, err := Collect(ctx, pages, items)
	return Map(all, resource), err
}

// Map turns items into resources. An item for which resource returns no Delete
// is not counted.
func Map[T any](items []T, resource func(T) Resource) []Resource {
	var rs []Resource
	for _, item := range items {
		if r := resource(item); r.Delete != nil {
			rs = append(rs, r)
		}
	}
	return rs
}

// Tags turns a service's list of tags into a map, which is never nil.
func Tags[T any](tags []T, pair func(T) (key, value *string)) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		if k, v := pair(t); k != nil {
			m[*k] = ""
			if v != nil {
				m[*k] = *v
			}
		}
	}
	return m
}

// Deleter makes the Delete of a resource from one call of the SDK.
func Deleter[O, I, R any](call func(context.Context, I, ...func(*O)) (R, error), in I) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx, in)
		return err
	}
}

// Follow returns the items of all pages of a call that the SDK has no paginator
// for: page is called with the token of the answer before, nil at first.
func Follow[T any](page func(token *string) (items []T, next *string, err error)) ([]T, error) {
	var all []T
	for token, first := (*string)(nil), true; first || token != nil && *token != ""; first = false {
		items, next, err := page(token)
		if err != nil {
			return all, err
		}
		all, token = append(all, items...), next
	}
	return all, nil
}
