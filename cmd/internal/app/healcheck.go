package app

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
)

// healCheck tells how resolutions compare with both sides' edits: of what has stopped
// here, or of files.
func (c *call) healCheck(ctx context.Context) error {
	for _, flag := range []string{"try", "partial", "explain", "level", "output", "path"} {
		if c.cmd.IsSet(flag) {
			return usageOf(c.verb, "--check and --"+flag+" do not go together")
		}
	}
	files := []string{"base", "ours", "theirs"}
	if slices.ContainsFunc(files, c.cmd.IsSet) {
		for _, f := range files {
			if c.cmd.String(f) == "" {
				return usageOf(c.verb, "--"+f+" is missing")
			}
		}
		if len(c.args) != 1 {
			return usageOf(c.verb, "--check with three versions takes one PATH, the resolution")
		}
		return c.checkFiles(c.cmd.String("base"), c.cmd.String("ours"), c.cmd.String("theirs"), c.args[0])
	}
	r, chosen, err := c.chosen()
	if err != nil {
		return err
	}
	all, err := merge.Check(ctx, r.GitParsed, chosen.has)
	if err != nil {
		return err
	}
	if !chosen.asked {
		if err := chosen.exist(ctx, r); err != nil {
			return err
		}
		if !c.wantJSON() {
			c.notef("no file is in conflict, and git remembers none that was")
		}
		return nil
	}
	if missed := chosen.missed(); missed != nil {
		return missed
	}
	return c.printChecked(all)
}

func (c *call) checkFiles(names ...string) error {
	var texts [4][]byte
	for i, name := range names {
		var err error
		if texts[i], err = os.ReadFile(c.at(name)); err != nil {
			return err
		}
	}
	checked := merge.CheckTexts(names[3], texts)
	return c.printChecked([]merge.Checked{checked})
}

// printChecked says a line for each finding. It is a plain no if there is any.
func (c *call) printChecked(all []merge.Checked) error {
	holds := true
	for _, f := range all {
		holds = holds && f.Holds()
		if c.wantJSON() {
			if err := c.object("checked", jsonChecked(f)); err != nil {
				return err
			}
			continue
		}
		for _, line := range checkedLines(f, sideNames{"neither", "ours", "theirs"}) {
			if err := c.printf("%s\n", line); err != nil {
				return err
			}
		}
	}
	if !holds {
		return &statusError{exitNo}
	}
	return nil
}

// maxFindings bounds the lines about one file: who chose a side of a large one knows it.
const maxFindings = 20

// sideNames names the sides by number.
type sideNames [3]string

func checkedLines(f merge.Checked, sides sideNames) []string {
	path := text.Inert(f.Path)
	switch {
	case f.Open:
		return []string{path + ": still in conflict"}
	case f.Why != "":
		return []string{path + ": cannot be compared: " + text.Inert(f.Why)}
	case len(f.Findings) == 0:
		return []string{path + ": both sides' edits are in it, and nothing else"}
	}
	var lines []string
	for i, found := range f.Findings {
		if i == maxFindings {
			return append(lines, fmt.Sprintf("%s: and %d more: --json shows all", path, len(f.Findings)-i))
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", path, differenceSaid(found, sides), text.Inert(text.Cut(found.Text, 100))))
	}
	return lines
}

func differenceSaid(f heal.Finding, sides sideNames) string {
	line := fmt.Sprintf("line %d", f.Line+1)
	switch f.What {
	case heal.Lost:
		return "lost of " + sides[f.Side] + ", its " + line
	case heal.Dropped:
		return "dropped, though neither side did, " + line + " of " + sides[heal.Ours]
	case heal.Back:
		return "back, though " + sides[f.Side] + " took it out, " + line
	case heal.New:
		return "new, " + line
	}
	return "in an order of neither side, from " + line + " on"
}

type checkedJSON struct {
	Path     string        `json:"path"`
	Status   string        `json:"status"` // holds, differs, conflict or unchecked
	Reason   string        `json:"reason,omitempty"`
	Findings []findingJSON `json:"findings"`
}

type findingJSON struct {
	What string `json:"what"` // lost, dropped, back, new or moved
	Side string `json:"side"` // ours, theirs or neither
	Line int    `json:"line"` // from 1: of the side for lost, of ours for dropped, else of the resolution
	Text string `json:"text"`
}

func jsonChecked(f merge.Checked) checkedJSON {
	j := checkedJSON{Path: f.Path, Reason: f.Why, Findings: []findingJSON{}}
	switch {
	case f.Open:
		j.Status = "conflict"
	case f.Why != "":
		j.Status = "unchecked"
	case len(f.Findings) > 0:
		j.Status = "differs"
	default:
		j.Status = "holds"
	}
	for _, found := range f.Findings {
		j.Findings = append(j.Findings, findingJSON{found.What.String(), found.Side.String(), found.Line + 1, found.Text})
	}
	return j
}
