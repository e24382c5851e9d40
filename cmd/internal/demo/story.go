package demo

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Options are what the demonstration needs of its process.
type Options struct {
	Env     repo.Env
	Out     io.Writer
	Colours bool
	Keep    bool // leave the folder
}

// FailedError says which command did not do what the text says.
type FailedError struct{ What string }

func (e *FailedError) Error() string { return "the demo went wrong: " + e.What }

// Play plays the demonstration, and returns the main checkout if it is kept.
func Play(ctx context.Context, opts Options) (app string, err error) {
	s, err := newSandbox(ctx, opts)
	if err != nil {
		return "", err
	}
	err = s.play("That was all plain git: no server, no daemon, nothing outside .git.",
		s.start, s.decide, s.contend, s.land, s.plan, s.workThrough, s.review, s.conflict, s.look)
	return s.app, err
}

// Make makes the demonstration's remote and repository, hub.git and app, in dir,
// which must not exist. The repository has an identity of its own. If it fails,
// dir is removed.
func Make(ctx context.Context, env repo.Env, dir string) error {
	s, err := newSandbox(ctx, Options{Env: env})
	if err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	s.dir = dir
	s.makeShop()
	s.quietly("git", "-C", "app", "config", "user.name", "Demo")
	s.quietly("git", "-C", "app", "config", "user.email", "demo@example.com")
	if s.err != nil {
		return errors.Join(s.err, os.RemoveAll(dir))
	}
	return nil
}

var startFiles = map[string]string{
	"README.md":   "# Shop\n",
	"src/auth.py": "def login(user):\n    pass\n",
	"src/api.py":  "ROUTES = []\n",
}

func (s *sandbox) start() {
	s.say("Three agents are to work on one repository at once. Each gets a worktree.\n")
	s.makeShop()
	s.run("", "git", "swarm", "init", "--sessions", "A:frontend B:backend C:docs", "--worktrees").has(
		"Initialized with 3 sessions", "Work lands on origin/main (swarm.target)")
}

// makeShop makes the remote hub.git and its clone app.
func (s *sandbox) makeShop() {
	s.quietly("git", "init", "--quiet", "--bare", "--initial-branch=main", "hub.git")
	s.quietly("git", "clone", "--quiet", "hub.git", "app")
	s.app = filepath.Join(s.dir, "app")
	for name, text := range startFiles {
		s.write("app", name, text)
	}
	s.quietly("git", "-C", "app", "add", ".")
	s.quietly("git", "-C", "app", "commit", "--quiet", "-m", "Start the shop")
	s.quietly("git", "-C", "app", "push", "--quiet", "origin", "HEAD:main")
}

func (s *sandbox) decide() {
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

func (s *sandbox) contend() {
	s.say("\nAll three want the same file at the same moment. Exactly one gets it; the others\nare told who has it, and what to do.\n")
	s.race([]string{"A", "B", "C"}, "app")
}

// race has all of them claim src/auth.py at the same moment, and checks that exactly one
// got it, also by what the claims in that repository are.
func (s *sandbox) race(sessions []string, repository string) {
	for id, r := range s.atOnce(sessions, "git", "swarm", "claim", "src/auth.py") {
		switch {
		case r.code == 0 && s.winner != "":
			s.fail("both %s and %s were granted src/auth.py", s.winner, id)
		case r.code == 0:
			s.winner = id
		case r.code != 1:
			s.fail("%s: exit code %d", id, r.code)
		}
	}
	if s.winner == "" {
		s.fail("nobody was granted src/auth.py")
	}
	if held := s.output("git", "-C", repository, "ls-tree", "-r", "--name-only", "refs/swarm/claims"); held != "src/auth.py\n" {
		s.fail("refs/swarm/claims of %s holds %q", repository, held)
	}
}

func (s *sandbox) land() {
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
		if r.code != 0 || !strings.Contains(r.out, "Push successful") {
			s.fail("%s could not push", id)
		}
	}
	if n := s.output("git", "-C", "hub.git", "rev-list", "--count", "--no-merges", "main"); n != "4\n" {
		s.fail("main has %q commits", n)
	}
}

func (s *sandbox) plan() {
	s.say("\nWork that waits for other work goes into a backlog. A session takes the best task that\nis ready; its push lands the task, and makes ready what waited for it.\n")
	s.run("", "git", "swarm", "task", "add", "List the prices", "--files", "src/prices.py").has("Task #1 added")
	s.run("", "git", "swarm", "task", "add", "Sum up the basket", "--after", "1").has("it comes after #1")
	s.run("A", "git", "swarm", "task", "take").has("Task #1: List the prices")
	s.run("B", "git", "swarm", "task", "take").refuses("no task is ready for you")
	s.write("app.worktrees/A", "src/prices.py", "PRICES = {}\n")
	s.quietly("git", "-C", "app.worktrees/A", "add", ".")
	s.run("A", "git", "swarm", "commit", "List the prices").has("Committed: ")
	s.run("A", "git", "swarm", "push").has("Task #1 has landed: List the prices", "Ready now: #2")
	s.run("B", "git", "swarm", "task", "take").has("Task #2: Sum up the basket")
	s.run("", "git", "swarm", "task", "graph").has("#2 taken Sum up the basket (B)")
	s.run("B", "git", "swarm", "task", "give").has("Task #2 given back")
}

func (s *sandbox) workThrough() {
	s.say("\nNobody has to be at the keyboard: each task gets a worktree and a fresh client, here a\nshell command in the place of claude, and is retired when it has landed.\n")
	s.run("", "git", "swarm", "task", "add", "Check out", "--after", "2", "--files", "src/task3.py").has("it comes after #2")
	s.run("", "git", "swarm", "task", "add", "Send the bill", "--after", "2", "--files", "src/task4.py").has("it comes after #2")
	s.run("", "git", "swarm", "run", "--sessions", "2", "--agent",
		`echo "# done" >src/task$GIT_SWARM_TASK.py; git add . && git swarm commit "Task $GIT_SWARM_TASK" && git swarm push`).has(
		"T2 begins #2: Sum up the basket", "#2 has landed as ", "T3 begins #3: Check out", "T4 begins #4: Send the bill", "4 tasks: 4 landed")
	if n := s.output("git", "-C", "hub.git", "rev-list", "--count", "--no-merges", "main"); n != "8\n" {
		s.fail("main has %q commits", n)
	}
}

func (s *sandbox) review() {
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

func (s *sandbox) conflict() {
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

func (s *sandbox) look() {
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
