package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/hub"
)

// doctorHub tries what the remote does of what a hub must.
func doctorHub(ctx context.Context, c *call) error {
	s, err := c.Settings()
	if err != nil {
		return err
	}
	h, err := s.Hub.Get()
	if err != nil {
		return err
	}
	if len(c.args) > 0 {
		h.Remote = c.args[0]
	}
	if h.Remote == "" {
		return usageOf(c.verb, "doctor --hub REMOTE: this clone has no hub yet")
	}
	at := &hub.Remote{Repo: c.swarm.Repo, Name: h.Remote, Prefix: h.Prefix, Timeout: h.Timeout}
	if err := at.Check(); err != nil {
		line, hint, _ := c.format(err)
		return c.printFindings([]finding{{"hub", "bad", text.Inert(line), hint}})
	}
	trial, err := at.Probe(ctx)
	findings := c.trialFindings(at, trial, err)
	if err != nil && trial.Fetched && !trial.Shown && !needsAccess(err) {
		findings = append(findings, c.tryElsewhere(ctx, *at)...)
	}
	return c.printFindings(append(findings, checkPace(ctx, at, h)))
}

// checkJoined finds that this clone has begun to join a hub, or is to by its configuration,
// and has not: most commands refuse until it has. With no such trouble it finds nothing.
func (c *call) checkJoined() []finding {
	err := c.swarm.Joined()
	if err == nil {
		return nil
	}
	return []finding{{"hub", "bad", err.Error(), c.joinHint()}}
}

// trialFindings are what was tried, to the first thing that the remote does not do.
func (c *call) trialFindings(at *hub.Remote, t hub.Trial, failed error) (findings []finding) {
	remote, prefix := text.Inert(at.Name), text.Inert(at.Prefix)
	for _, step := range []struct {
		done bool
		what string
		text string
	}{
		{t.Fetched, "fetch", fmt.Sprintf("%s answers (%d ms)", remote, t.FetchTime.Milliseconds())},
		{t.Pushed, "push", fmt.Sprintf("it takes %s*, all refs of a push or none (%d ms)", prefix, t.PushTime.Milliseconds())},
		{t.Shown, "namespace", "a fetch finds what was pushed there"},
		{t.Leased, "lease", "it moves a ref only from what was seen"},
	} {
		if !step.done {
			line, hint, _ := c.format(failed)
			return append(findings, finding{step.what, "bad", text.Inert(line), hint})
		}
		findings = append(findings, finding{step.what, "ok", step.text, ""})
	}
	return findings
}

// tryElsewhere finds a prefix that the remote does take and show.
func (c *call) tryElsewhere(ctx context.Context, at hub.Remote) []finding {
	for _, at.Prefix = range []string{"refs/swarm-hub/", "refs/heads/swarm/"} {
		if t, err := at.Probe(ctx); err == nil || t.Leased {
			return []finding{{"elsewhere", "note", at.Prefix + "* is taken, and shown", "before git swarm init --hub, in each clone: git config swarm.hubPrefix " + at.Prefix}}
		}
	}
	return nil
}

// checkPace compares swarm.hubPace with what the host asks for.
func checkPace(ctx context.Context, at *hub.Remote, h settings.Hub) finding {
	host, gap := at.Pace(ctx)
	switch {
	case gap > h.Pace:
		return finding{"pace", "note", fmt.Sprintf("%s asks for at most %d pushes a minute", text.Inert(host), time.Minute/gap), "git config swarm.hubPace " + gap.String() + ", or a hub on another host"}
	case h.Pace > 0:
		return finding{"pace", "ok", "what is published is pushed at most every " + h.Pace.String(), ""}
	}
	return finding{"pace", "ok", "no limit of the host is known", ""}
}

// needsAccess reports whether the error says that whoever asks may not write there.
func needsAccess(err error) bool {
	var refused *refstore.RefusedError
	return errors.As(err, &refused) && refused.Kind >= refstore.RefusedWriter
}
