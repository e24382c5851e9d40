package monitor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Commits counts a session's commits.
type Commits struct {
	Ahead  int // on its branch, and not on the target
	Landed int // on the target since the first session joined, by their subject "[Session ID] …"
}

// counts keeps, from one snapshot to the next, what git does not have to be asked
// again.
type counts struct {
	target string
	since  time.Time
	landed map[string]int // by session
	ahead  map[string]int // by tip
}

// commits counts, with one call of git for a tip or target that has moved. Without a
// target there is nothing to count.
func (c *counts) commits(ctx context.Context, r *repo.Repo, target string, at []sessionTip, sessions []bus.Session) (map[string]Commits, error) {
	if target == "" {
		*c = counts{}
		return nil, nil
	}
	since := firstJoined(sessions)
	if target != c.target || !since.Equal(c.since) {
		landed, err := landedBy(ctx, r, target, since)
		if err != nil {
			return nil, err
		}
		*c = counts{target: target, since: since, landed: landed}
	}
	all, fresh := map[string]Commits{}, map[string]int{}
	for _, s := range at {
		n, known := c.ahead[s.tip]
		if !known {
			out, err := repo.Output(r.GitParsed(ctx, "rev-list", "--count", s.tip, "--not", target))
			if err != nil {
				return nil, fmt.Errorf("count the commits of %s: %w", s.id, err)
			}
			if n, err = strconv.Atoi(strings.TrimSpace(out)); err != nil {
				return nil, fmt.Errorf("count the commits of %s: %w", s.id, err)
			}
		}
		fresh[s.tip] = n
		all[s.id] = Commits{Ahead: n}
	}
	c.ahead = fresh
	for _, s := range sessions {
		if n := c.landed[s.ID]; n > 0 {
			all[s.ID] = Commits{all[s.ID].Ahead, n}
		}
	}
	return all, nil
}

func firstJoined(sessions []bus.Session) (first time.Time) {
	for _, s := range sessions {
		if !s.Joined.IsZero() && (first.IsZero() || s.Joined.Before(first)) {
			first = s.Joined
		}
	}
	return first
}

// landedBy counts the commits of each session that are on the target.
func landedBy(ctx context.Context, r *repo.Repo, target string, since time.Time) (map[string]int, error) {
	args := []string{"log", "--no-show-signature", "--format=%s"}
	if !since.IsZero() {
		args = append(args, "--since="+strconv.FormatInt(since.Unix(), 10))
	}
	out, err := repo.Output(r.GitParsed(ctx, append(args, target, "--")...))
	if err != nil {
		return nil, fmt.Errorf("count what has landed: %w", err)
	}
	landed := map[string]int{}
	for subject := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(subject, "[Session ")
		if id, _, found := strings.Cut(rest, "] "); ok && found {
			landed[id]++
		}
	}
	return landed, nil
}
