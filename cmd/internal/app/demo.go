package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func demoVerb() *verb {
	return &verb{
		name: "demo", group: groupStart, short: "see three sessions at work together, on real git in a scratch folder",
		long: `Makes a remote, a repository and a worktree for each of three sessions, runs the
commands that it prints, and removes everything. Exits with 1 if anything is not
as it says.`,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "keep", Usage: "leave the folder to explore"}}
		},
		run: func(ctx context.Context, c *call) error {
			ctx, restore := undoable(ctx)
			defer restore()
			s, err := newStage(ctx, c)
			if err != nil {
				return err
			}
			if !c.cmd.Bool("keep") {
				defer os.RemoveAll(s.dir)
			}
			if err := s.play(); err != nil {
				return err
			}
			if c.cmd.Bool("keep") {
				return c.printf("\nLeft to explore: cd %s\n", text.ShellWord(filepath.Join(s.dir, "app")))
			}
			return nil
		},
	}
}

// play is the story. Each scene runs real commands and stops at the first that
// does not do what the text says.
func (s *stage) play() error {
	scenes := []func(){s.sceneStart, s.sceneDecide, s.sceneContend, s.sceneLand, s.sceneReview, s.sceneConflict, s.sceneLook}
	for _, scene := range scenes {
		scene()
		if s.err != nil {
			return &refusal{exitNo, "the demo went wrong: " + text.Inert(s.err.Error()), ""}
		}
	}
	s.say("\nThat was all plain git: no server, no daemon, nothing outside .git.")
	return nil
}

var demoFiles = map[string]string{
	"README.md":   "# Shop\n",
	"src/auth.py": "def login(user):\n    pass\n",
	"src/api.py":  "ROUTES = []\n",
}

func (s *stage) sceneStart() {
	s.say("Three agents are to work on one repository at once. Each gets a worktree.\n")
	s.quietly("git", "init", "--quiet", "--bare", "--initial-branch=main", "hub.git")
	s.quietly("git", "clone", "--quiet", "hub.git", "app")
	s.app = filepath.Join(s.dir, "app")
	for name, text := range demoFiles {
		s.write("app", name, text)
	}
	s.quietly("git", "-C", "app", "add", ".")
	s.quietly("git", "-C", "app", "commit", "--quiet", "-m", "Start the shop")
	s.quietly("git", "-C", "app", "push", "--quiet", "origin", "HEAD:main")
	s.run("", "git", "swarm", "init", "--sessions", "A:frontend B:backend C:docs", "--worktrees").has("Initialized with 3 sessions")
	s.quietly("git", "-C", "app", "config", "swarm.target", "main")
}

func (s *stage) sceneDecide() {
	s.say("\nWhat one decides, the others are told by their next sync: once, and never lost.\n")
	s.run("A", "git", "swarm", "context", "add", "JWT for auth, not session cookies", "--category", "decision").has("Context #1 added (decision)")
	s.run("B", "git", "swarm", "context", "add", "POST /users returns {id, email}", "--category", "interface").has("Context #2 added (interface)")
	s.run("B", "git", "swarm", "message", "A", "Auth types are exported now").has("Message #1 sent to A")
	s.run("A", "git", "swarm", "sync").has(
		"[SYNC] 1 new message(s), 1 new context",
		`MSG from=B: "Auth types are exported now" (#1)`,
		`CTX [interface] by=B: "POST /users returns {id, email}" (#2)`)
	s.run("A", "git", "swarm", "sync").is("")
	s.run("A", "git", "swarm", "reply", "1", "Thanks, using them").has("Reply #1 sent to B")
}

func (s *stage) sceneContend() {
	s.say("\nAll three want the same file at the same moment. Exactly one gets it; the others\nare told who has it, and what to do.\n")
	results := s.atOnce([]string{"A", "B", "C"}, "git", "swarm", "claim", "src/auth.py")
	for id, r := range results {
		if r.code == exitDone {
			if s.winner != "" {
				s.fail("both %s and %s were granted src/auth.py", s.winner, id)
			}
			s.winner = id
		} else if r.code != exitNo {
			s.fail("%s: exit code %d", id, r.code)
		}
	}
	if s.winner == "" {
		s.fail("nobody was granted src/auth.py")
	}
	if held := s.output("git", "-C", "app", "ls-tree", "-r", "--name-only", "refs/swarm/claims"); held != "src/auth.py\n" {
		s.fail("refs/swarm/claims holds %q", held)
	}
}

func (s *stage) sceneLand() {
	s.say("\nEach commits its own work, and all push at the same moment. The push lock lets\nthem in one by one; each is rebased onto what landed before it.\n")
	for _, id := range []string{"A", "B", "C"} {
		file := "src/" + strings.ToLower(id) + ".py"
		if id == s.winner {
			file = "src/auth.py"
		}
		s.write("app.worktrees/"+id, file, "# by "+id+"\n")
		s.quietly("git", "-C", "app.worktrees/"+id, "add", ".")
		s.run(id, "git", "swarm", "commit", "Work of "+id).has("Committed: [Session " + id + "] Work of " + id)
	}
	for id, r := range s.atOnce([]string{"A", "B", "C"}, "git", "swarm", "push") {
		if r.code != exitDone || !strings.Contains(r.out, "Push successful") {
			s.fail("%s could not push", id)
		}
	}
	if n := s.output("git", "-C", "hub.git", "rev-list", "--count", "--no-merges", "main"); n != "4\n" {
		s.fail("main has %q commits", n)
	}
}

func (s *stage) sceneReview() {
	s.say("\nA change can be made to wait for another's approval, which follows the change through\na rebase, and falls when the change is altered.\n")
	s.quietly("git", "-C", "app", "config", "swarm.requireReview", "true")
	s.quietly("git", "-C", "app.worktrees/C", "pull", "--quiet", "--rebase", "origin", "main")
	s.write("app.worktrees/C", "README.md", "# Shop\n\nOpen all day.\n")
	s.run("C", "git", "commit", "--quiet", "-am", "[Session C] Opening hours").is("")
	s.run("C", "git", "swarm", "push").refuses("C: no review was requested")
	s.run("C", "git", "swarm", "review", "request", "--to", "A").has("Review #1 requested from A")
	s.run("A", "git", "swarm", "review", "approve", "1", "--comment", "Good").has("Review #1 approved")
	s.run("", "git", "swarm", "merge-ok", "C").has("C is clear to merge")
	s.run("C", "git", "swarm", "push").has("Push successful")
	s.run("", "git", "notes", "--ref=swarm/reviews", "show", "refs/remotes/origin/main").has("#1.2 approve by=A \"Good\"")
	s.quietly("git", "-C", "app", "config", "--unset", "swarm.requireReview")
}

func (s *stage) sceneConflict() {
	s.say("\nTwo change the same line. The second push is undone to the last byte, and says\nwhose work it met.\n")
	for _, id := range []string{"A", "B"} {
		s.quietly("git", "-C", "app.worktrees/"+id, "pull", "--quiet", "--rebase", "origin", "main")
		s.write("app.worktrees/"+id, "src/api.py", "ROUTES = [\"/by-"+strings.ToLower(id)+"\"]\n")
		s.quietly("git", "-C", "app.worktrees/"+id, "commit", "--quiet", "-am", "[Session "+id+"] Routes")
	}
	s.run("A", "git", "swarm", "push").has("Push successful")
	before := s.output("git", "-C", "app.worktrees/B", "rev-parse", "HEAD")
	s.run("B", "git", "swarm", "push").refuses("conflict in src/api.py, changed by A")
	if s.output("git", "-C", "app.worktrees/B", "rev-parse", "HEAD") != before || s.output("git", "-C", "app.worktrees/B", "status", "--porcelain") != "" {
		s.fail("the push that was refused left something behind")
	}
	s.run("", "git", "swarm", "status").has("blocked")
}

func (s *stage) sceneLook() {
	s.say("\nEverything is in git, for everybody to read.\n")
	s.run("", "git", "log", "--format=%h %an: %s", "refs/swarm/context").has("A: [decision] JWT for auth, not session cookies", "B: [interface] POST /users returns {id, email}")
	s.run("", "git", "log", "--format=%h %an: %s", "refs/swarm/claims").has(s.winner + ": claim src/auth.py")
	s.run("", "git", "swarm", "claims").has("src/auth.py")
	s.run("", "git", "log", "--format=%h %s", "origin/main").has("[Session A] Work of A", "[Session B] Work of B", "[Session C] Work of C")
	s.run("", "git", "swarm", "fsck").has("ok: ")
	if out := s.output("git", "-C", "app", "fsck", "--strict", "--no-dangling"); out != "" {
		s.fail("git fsck: %s", out)
	}
}

// say narrates.
func (s *stage) say(text string) {
	if s.err == nil {
		s.err = s.call.printf("%s\n", text)
	}
}

func (s *stage) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}
