package app

import "context"

func demoVerb() *verb {
	return &verb{
		name: "demo", group: groupStart, short: "see three sessions at work together, on real git in a scratch folder",
		run: func(ctx context.Context, c *call) error { return nil },
	}
}
