package app

import (
	"context"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// versionsJSON are the three versions of a region, as git has them.
type versionsJSON struct {
	Base   string `json:"base"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
}

func versionsOf(h merge.Healed, r heal.Region) *versionsJSON {
	of := func(version int, s linemerge.Span) string {
		var b strings.Builder
		n := 0
		for line := range strings.Lines(string(h.Versions[version])) {
			if n >= s.From && n < s.To {
				b.WriteString(line)
			}
			n++
		}
		return b.String()
	}
	return &versionsJSON{of(0, r.Base), of(1, r.Ours), of(2, r.Theirs)}
}

// madeByJSON are the commits of each side that changed a file, newest first, and who claims it.
type madeByJSON struct {
	Ours   []changeJSON `json:"ours"`
	Theirs []changeJSON `json:"theirs"`
	Claim  *claimedJSON `json:"claim,omitempty"`
}

type changeJSON struct {
	Commit     string `json:"commit"`
	Author     string `json:"author"`
	Subject    string `json:"subject"`
	Body       string `json:"body,omitempty"`
	Session    string `json:"session,omitempty"`
	Workstream string `json:"workstream,omitempty"` // the session's, and what it last said of itself
	Note       string `json:"note,omitempty"`
}

type claimedJSON struct {
	Session string `json:"session"`
	Reason  string `json:"reason"`
}

// madeBy says who made each side of a file in conflict.
func (c *call) madeBy(ctx context.Context, path string, sides [2]string) (*madeByJSON, error) {
	made := &madeByJSON{Ours: []changeJSON{}, Theirs: []changeJSON{}}
	ours, theirs := []string{sides[0]}, []string{sides[1]}
	switch sides[1] {
	case "":
		theirs = nil
	case "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD": // of that commit alone
		theirs = []string{sides[1] + "^!"}
		ours = append(ours, "^"+sides[1])
	default:
		ours, theirs = append(ours, "^"+sides[1]), append(theirs, "^"+sides[0])
	}
	for list, revisions := range map[*[]changeJSON][]string{&made.Ours: ours, &made.Theirs: theirs} {
		if revisions == nil {
			continue
		}
		changes, err := land.Changes(ctx, c.swarm.Repo, []string{path}, revisions...)
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			*list = append(*list, c.jsonChange(ctx, change))
		}
	}
	if claims, err := c.Claims(ctx); err == nil {
		if holders, err := claims.Holders(ctx, []string{path}); err == nil {
			if held, ok := holders[path]; ok {
				made.Claim = &claimedJSON{held.Session, held.Reason}
			}
		}
	}
	return made, nil
}

// jsonChange is a commit and what its session says of itself, if that is known.
func (c *call) jsonChange(ctx context.Context, change land.Change) changeJSON {
	j := changeJSON{Commit: change.Commit, Author: change.Author, Subject: change.Subject, Body: change.Body, Session: change.Session}
	if change.Session == "" {
		return j
	}
	if b, err := c.Bus(); err == nil {
		if s, err := b.Session(ctx, change.Session); err == nil {
			j.Workstream, j.Note = s.Workstream, s.Note
		}
	}
	return j
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
