package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
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
		if err := c.explain(ctx, h, sides); err != nil || c.wantJSON() {
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

// explain names each region's rule, or why it was left: with --json an object
// each, with --explain a line, with both an object that holds what it takes to
// resolve a region that was left.
func (c *call) explain(ctx context.Context, h merge.Healed, sides [2]string) error {
	if !c.wantJSON() {
		if c.cmd.Bool("explain") {
			c.noteRegions(h)
		}
		return nil
	}
	if h.Why != "" {
		return c.object("heal", map[string]any{"path": h.Path, "status": "conflict", "reason": h.Why})
	}
	if len(h.Result.Regions) == 0 {
		return c.object("heal", map[string]any{"path": h.Path, "status": "healed", "rule": h.Rules()[0]})
	}
	var made *madeByJSON
	if c.cmd.Bool("explain") && !h.Whole && sides[0] != "" {
		var err error
		if made, err = c.madeBy(ctx, h.Path, sides); err != nil {
			return err
		}
	}
	for _, r := range h.Result.Regions {
		region := regionJSON{
			Path: h.Path, Status: "healed", Rule: r.Rule, Regenerate: h.Regenerate,
			Base: span(r.Base), Ours: span(r.Ours), Theirs: span(r.Theirs),
		}
		if r.Rule == "" {
			region.Status, region.Reason = "conflict", r.Why.String()
			if c.cmd.Bool("explain") && r.Why != heal.Binary {
				region.Versions, region.MadeBy = versionsOf(h, r), made
			}
		}
		if err := c.object("heal", region); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) noteRegions(h merge.Healed) {
	for _, r := range h.Result.Regions {
		how := r.Rule
		if how == "" {
			how = "left: " + r.Why.String()
		}
		c.notef("%s: lines %s of ours: %s", text.Inert(h.Path), lines(r.Ours), how)
	}
}

type regionJSON struct {
	Path       string        `json:"path"`
	Status     string        `json:"status"` // healed or conflict
	Rule       string        `json:"rule"`   // that healed it
	Reason     string        `json:"reason"` // why it was left
	Regenerate string        `json:"regenerate"`
	Base       [2]int        `json:"base"` // lines
	Ours       [2]int        `json:"ours"`
	Theirs     [2]int        `json:"theirs"`
	Versions   *versionsJSON `json:"versions,omitempty"` // of a region that was left, with --explain
	MadeBy     *madeByJSON   `json:"made_by,omitempty"`  // likewise: of the whole file
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
