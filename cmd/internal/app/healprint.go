package app

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// printHealed lists what was healed and what was not. It is a plain no if
// anything is left. The sides are revisions, "" for one that is not known.
func (c *call) printHealed(ctx context.Context, all []merge.Healed, done string, sides [2]string) error {
	left := 0
	for _, h := range all {
		if err := c.printFile(ctx, h, done, sides); err != nil {
			return err
		}
		if !h.Whole {
			left++
		}
	}
	if left > 0 {
		return &statusError{exitNo}
	}
	return nil
}

func (c *call) printFile(ctx context.Context, h merge.Healed, done string, sides [2]string) error {
	if c.wantJSON() || c.cmd.Bool("explain") {
		if err := c.explain(h); err != nil || c.wantJSON() {
			return err
		}
	}
	if h.Whole {
		return c.printf("%s %s (%s)\n", done, text.Inert(h.Path), strings.Join(h.Rules(), ", "))
	}
	line := fmt.Sprintf("conflict %s: %s", text.Inert(h.Path), h.Reason())
	if h.Regenerate != "" {
		line += "; make it anew: " + text.Inert(h.Regenerate)
	}
	if whose := c.whose(ctx, h.Path, sides); whose != "" {
		line += " (" + whose + ")"
	}
	return c.printf("%s\n", line)
}

// whose says who last changed each side of a file in conflict, and who claims it.
func (c *call) whose(ctx context.Context, path string, sides [2]string) string {
	var parts []string
	for i, name := range []string{"ours", "theirs"} {
		if sides[i] == "" {
			continue
		}
		out, err := repo.Output(c.swarm.Repo.GitParsed(ctx, "log", "-1", "--no-show-signature", "--format=%h %s", sides[i], "--", ":(top,literal)"+path))
		if err == nil && strings.TrimSpace(out) != "" {
			parts = append(parts, name+": "+text.Inert(strings.TrimSpace(out)))
		}
	}
	if claims, err := c.Claims(ctx); err == nil {
		if holders, err := claims.Holders(ctx, []string{path}); err == nil {
			if held, ok := holders[path]; ok {
				parts = append(parts, "claimed by "+held.Session)
			}
		}
	}
	return strings.Join(parts, "; ")
}

// theirHead is the other side of what has stopped.
func theirHead(r *repo.Repo) string {
	for _, name := range []string{"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"} {
		if _, err := os.Stat(r.GitDir + "/" + name); err == nil {
			return name
		}
	}
	return ""
}

// explain names each region's rule, or why it was left: with --json an object
// each, with --explain a line.
func (c *call) explain(h merge.Healed) error {
	if !c.wantJSON() && !c.cmd.Bool("explain") {
		return nil
	}
	if h.Why != "" && c.wantJSON() {
		return c.object("heal", map[string]any{"path": h.Path, "status": "conflict", "reason": h.Why})
	}
	if len(h.Result.Regions) == 0 && c.wantJSON() {
		return c.object("heal", map[string]any{"path": h.Path, "status": "healed", "rule": h.Rules()[0]})
	}
	for _, r := range h.Result.Regions {
		status, reason := "healed", ""
		if r.Rule == "" {
			status, reason = "conflict", r.Why.String()
		}
		if !c.wantJSON() {
			how := r.Rule
			if how == "" {
				how = "left: " + reason
			}
			c.notef("%s: lines %s of ours: %s", text.Inert(h.Path), lines(r.Ours), how)
			continue
		}
		if err := c.object("heal", map[string]any{
			"path": h.Path, "status": status, "rule": r.Rule, "reason": reason, "regenerate": h.Regenerate,
			"base": span(r.Base), "ours": span(r.Ours), "theirs": span(r.Theirs),
		}); err != nil {
			return err
		}
	}
	return nil
}

// lines counts from 1, as people do; span is the same for programs: first and
// last line, the last before the first where there is none.
func lines(s linemerge.Span) string {
	if s.To <= s.From {
		return "before " + strconv.Itoa(s.From+1)
	}
	return fmt.Sprintf("%d-%d", s.From+1, s.To)
}

func span(s linemerge.Span) [2]int { return [2]int{s.From + 1, s.To} }
