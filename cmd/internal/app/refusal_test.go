package app

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// refused is one refusal, and how it is to be told.
type refused struct {
	name string // of the function that makes it, where there is one
	err  error
	code int
	mute bool // there is no next step
}

// refusals are what only a verb finds out, one for each way in which it is told.
func refusals() []refused {
	broken := errors.New("it is broken")
	a := bus.Session{ID: "A", Workstream: "front", Branch: "feat/front"}
	return []refused{
		{"refuseStaged", refuseStaged("'x' is claimed by B", alsoHeld([]string{"y"}), []string{"x", "y z"}), exitNo, false},
		{"refuseTaken", refuseTaken("'x' is claimed by B", alsoHeld(nil), nil), exitNo, false},
		{"refuseOther", refuseOther("B", "A", byOption), exitNo, false},
		{"refuseOther", refuseOther("B", "A", byEnvironment), exitNo, false},
		{"refuseOther", refuseOther("B", "A", ""), exitNo, false},
		{"refusePlainPush", refusePlainPush("B", "main"), exitNo, false},
		{"refuseOversee", refuseOversee("B"), exitNo, false},
		{"refuseRetire", refuseRetire("B"), exitNo, false},
		{"refuseOverClaims", refuseOverClaims(), exitNo, false},
		{"refuseForce", refuseForce(), exitNo, false},
		{"refusePart", refusePart(), exitNo, false},
		{"refuseResolved", refuseResolved("x", "main"), exitNo, false},
		{"refuseUninit", refuseUninit("B"), exitNo, false},
		{"refusePathspec", refusePathspec("*.x y"), exitNo, false},
		{"refuseUnknownPath", refuseUnknownPath("x y"), exitNo, false},
		{"refuseMagic", refuseMagic("fatal: bad magic\nusage", ":(x)"), exitUsage, false},
		{"refuseScreen", refuseScreen(), exitUsage, false},
		{"refuseVerb", refuseVerb([]string{"pish"}, "did you mean git swarm push?"), exitUsage, false},
		{"refuseDir", refuseDir("gone", fs.ErrNotExist), exitFatal, true},
		{"refuseDir", refuseDir("shut", &fs.PathError{Op: "open", Path: "shut", Err: fs.ErrPermission}), exitFatal, true},
		{"refuseGuide", refuseGuide([]string{"none"}), exitUsage, false},
		{"refuseExists", refuseExists("folder"), exitNo, false},
		{"refuseHomeless", refuseHomeless(), exitNo, true},
		{"refuseNoBin", refuseNoBin("/x"), exitNo, false},
		{"refuseUnwritable", refuseUnwritable("/x"), exitNo, false},
		{"refuseRevision", refuseRevision("x"), exitNo, false},
		{"refuseNoConflict", refuseNoConflict([]string{"x"}), exitNo, false},
		{"refuseNoConflict", refuseNoConflict([]string{"x", "y"}), exitNo, false},
		{"refusePassing", refusePassing("log", "--output", "it writes"), exitUsage, false},
		{"refuseOutput", refuseOutput("x", "it is a folder"), exitNo, false},
		{"refuseWorktree", refuseWorktree(broken), exitNo, false},
		{"refuseNotOnPath", refuseNotOnPath(), exitNo, false},
		{"refuseWindow", refuseWindow("A"), exitNo, false},
		{"refuseSecondAgent", refuseSecondAgent("A"), exitNo, false},
		{"refuseResume", refuseResume("A", "vim", "/x y"), exitNo, false},
		{"refuseOtherAgent", refuseOtherAgent("A", "codex", "gemini"), exitNo, false},
		{"refuseBackground", refuseBackground("A", "codex"), exitNo, false},
		{"refuseOtherWorkstream", refuseOtherWorkstream(a, "other"), exitNo, false},
		{"refuseTakenBranch", refuseTakenBranch("feat/front", "A"), exitNo, false},
		{"refuseTooLong", refuseTooLong("task"), exitNo, false},
		{"refuseOrchestratorWorktree", refuseOrchestratorWorktree(), exitNo, false},
		{"refuseNoWorktree", refuseNoWorktree("A", "front"), exitNo, false},
		{"refuseElsewhere", refuseElsewhere("A", "B", "/x y", "push"), exitNo, false},
		{"refuseElsewhere", refuseElsewhere("A", "", "../x", "review request"), exitNo, false},
		{"refuseOthersWorktree", refuseOthersWorktree("A", "B", "front"), exitNo, false},
		{"refuseOthersWorktree", refuseOthersWorktree("orchestrator", "B", ""), exitNo, true},
		{"refuseHalfMade", refuseHalfMade("A", "front"), exitNo, false},
		{"refuseNobody", refuseNobody(), exitNo, false},
		{"refuseGoneCommit", refuseGoneCommit("0123456789"), exitNo, true},
		{"refuseUnnumbered", refuseUnnumbered(3), exitNo, false},
		{"refuseUnrelated", refuseUnrelated("A", broken), exitNo, true},
		{"refuseBareStart", refuseBareStart(), exitNo, false},
		{"refuseClient", refuseClient(broken), exitNo, false},
		{"refuseFile", refuseFile("x", fs.ErrNotExist), exitNo, false},
		{"refuseFile", refuseFile("x", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}), exitNo, false},
		{"refuseEmptyPlan", refuseEmptyPlan(), exitNo, true},
		{"refuseEditor", refuseEditor(broken), exitNo, true},
		{"refuseCommand", refuseCommand("nothing", ""), exitNo, false},
		{"refuseSetUp", refuseSetUp(launch.Worktree{Session: "A", Path: "/x"}, "front", broken), exitNo, false},
	}
}

// refusalsBelow are what the rooms below find out on a session's way from birth to
// retirement.
func refusalsBelow() []refused {
	held := &lock.HeldError{Path: "x y", Claim: lock.Claim{Path: "x y", Session: "B"}}
	stale := &lock.HeldError{Path: "x", Claim: lock.Claim{Path: "x", Session: "B"}, Stale: true}
	claimed := land.ClaimedFile{Path: "it's", Claim: held.Claim}
	takeable := land.ClaimedFile{Path: "x", Claim: held.Claim, Stale: true}
	all := []refused{
		{"who", errWhoAmI, exitUsage, false},
		{"unknown session", &bus.UnknownSessionError{ID: "Z", Known: []string{"A"}}, exitNo, false},
		{"unknown session, near", &bus.UnknownSessionError{ID: "AA", Known: []string{"AB"}}, exitNo, false},
		{"unknown session of none", &bus.UnknownSessionError{ID: "Z"}, exitNo, false},
		{"bad id", bus.CheckID("a b"), exitUsage, false},
		{"locked by git", &gitlock.LockedError{Path: "/x/.git/index.lock"}, exitAgain, false},
		{"no commit", launch.ErrNoCommit, exitNo, false},
		{"worktree gone", &launch.GoneError{Worktree: launch.Worktree{Session: "A", Path: "/x"}}, exitNo, false},
		{"foreign hook", install.ErrForeignHook, exitNo, false},
		{"other driver", install.ErrOtherDriver, exitNo, false},
		{"committed settings", install.ErrCommitted, exitNo, false},
		{"a link", install.ErrLink, exitNo, false},
		{"settings", &install.SettingsError{Path: "x", Err: errors.New("no JSON")}, exitNo, false},
		{"no client", launch.ErrNoClient, exitNo, false},
		{"no tmux", launch.ErrNoTmux, exitNo, false},
		{"done", &lock.DoneError{Session: "A"}, exitNo, false},
		{"held", held, exitNo, false},
		{"stale", stale, exitNo, false},
		{"waited", &lock.TimeoutError{Held: held, Waited: time.Second}, exitAgain, false},
		{"push lock", &lock.PushHeldError{Holder: lock.PushHolder{Session: "B"}}, exitAgain, false},
		{"another's claim", &lock.NotHolderError{Path: "x", Holder: "B"}, exitNo, false},
		{"push over claims", &land.ClaimedError{Files: []land.ClaimedFile{claimed}}, exitNo, false},
		{"push over stale claims", &land.ClaimedError{Files: []land.ClaimedFile{takeable}}, exitNo, false},
		{"landing", queue.ErrLanding, exitAgain, false},
		{"landed elsewhere", &queue.ElsewhereError{Offer: &queue.Offer{By: "b", Target: "main", After: "0123456789abcdef"}}, exitNo, false},
		{"stop", &launch.StopError{Job: "1234", Why: "no answer"}, exitNo, false},
		{"still there", fmt.Errorf("process 12: %w", file.ErrStillThere), exitNo, false},
	}
	for _, kind := range []retire.Kind{
		retire.Unlanded, retire.Changed, retire.Missing, retire.Foreign, retire.Landing,
		retire.Locked, retire.Inside, retire.Nested, retire.Submodule, retire.Unreadable,
	} {
		one := &retire.Session{Session: bus.Session{ID: "A"}, Obstacles: []retire.Obstacle{{Kind: kind, Where: "/x y/A", Items: []string{"a"}}}}
		code := exitNo
		if kind == retire.Landing {
			code = exitAgain
		}
		all = append(all, refused{"retire: " + string(kind), &retire.ObstacleError{Session: one}, code, false})
	}
	return all
}

// TestRefusals: a refusal is one line, has the documented exit code, and a next step
// that can be typed: its command is there, and takes the options and arguments.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := refstoretest.NewRepo(t)
	var tested []string
	for _, one := range append(refusals(), refusalsBelow()...) {
		tested = append(tested, one.name)
		var stderr bytes.Buffer
		a := &App{Name: "git-swarm", Env: os.Environ(), Dir: r.Dir, Stderr: &stderr, Now: time.Now}
		for _, v := range []*verb{launchVerb(), retireVerb(), pushVerb(), claimVerb()} {
			stderr.Reset()
			c := &call{App: a, verb: v, cmd: a.command(v)}
			code := a.fail(&callError{one.err, c}, nil)
			said := stderr.String()
			shape := regexp.MustCompile(`\Agit swarm: [^\n]+\n(hint: [^\n]+\n)?\z`).FindStringSubmatch(said)
			if shape == nil || code != one.code || (shape[1] == "") != one.mute {
				t.Errorf("%s, of %s: exit code %d and %q, want %d", one.name, v.name, code, said, one.code)
				continue
			}
			checkHint(t, shape[1])
		}
	}
	for _, name := range refusing(t) {
		if !slices.Contains(tested, name) {
			t.Errorf("%s has no case here", name)
		}
	}
}

// TestHints: the commands of each hint in this package that is one string are there.
func TestHints(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range parsed(t) {
		ast.Inspect(f, func(node ast.Node) bool {
			for _, hint := range hintsOf(node) {
				if whole := literal(hint); whole != "" {
					n++
					checkHint(t, whole)
				}
			}
			return true
		})
	}
	if n < 100 {
		t.Errorf("only %d hints are found", n)
	}
}

// hintsOf are the expressions of node that are hints.
func hintsOf(node ast.Node) []ast.Expr {
	switch x := node.(type) {
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.Ident); ok && f.Name == "no" {
			return x.Args[:1]
		}
	case *ast.AssignStmt:
		if to, ok := x.Lhs[0].(*ast.Ident); ok && to.Name == "hint" {
			return x.Rhs
		}
	case *ast.CompositeLit:
		of, ok := x.Type.(*ast.Ident)
		if !ok || of.Name != "wording" && of.Name != "refusal" || len(x.Elts) != 3 {
			return nil
		}
		if pair, ok := x.Elts[2].(*ast.KeyValueExpr); ok {
			return []ast.Expr{pair.Value}
		}
		if of.Name == "wording" {
			return x.Elts[1:2]
		}
		return x.Elts[2:]
	}
	return nil
}

// literal is the text of an expression, with X for what is only known when it runs.
func literal(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			return strings.NewReplacer(`\"`, `"`, "%d", "1", "%s", "X", "%[1]s", "X", "%[2]s", "X", "%[3]s", "X").Replace(strings.Trim(x.Value, "\"`"))
		}
	case *ast.BinaryExpr:
		if left, right := literal(x.X), literal(x.Y); left != "" && right != "" {
			return left + right
		}
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return literal(x.Args[0])
		}
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "landsAt" { // "" or an argument
			return ""
		}
		return "X"
	case *ast.Ident, *ast.SelectorExpr:
		return "X"
	}
	return ""
}

// refusing are the names of the functions of this package that make a refusal.
func refusing(t *testing.T) (names []string) {
	for _, f := range parsed(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && regexp.MustCompile(`^refuse[A-Z]`).MatchString(fn.Name.Name) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// parsed are the files of this package, without its tests.
func parsed(t *testing.T) (files []*ast.File) {
	t.Helper()
	all, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// checkHint holds the commands of git swarm, and its keys, that a hint names against
// those that there are.
func checkHint(t *testing.T, hint string) {
	t.Helper()
	command := regexp.MustCompile(`git (?:-[cC] (?:'[^']*'|\S+) )?swarm ([^\n]+)`)
	for rest := hint; ; {
		at := command.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		rest = rest[at[2]:]
		line := rest
		if end := regexp.MustCompile(`, |; |\?(\s|$)|: | (lists|shows|delivers|says|runs|stops|when|in the|alone|or|on it|…)( |$)`).FindStringIndex(line); end != nil {
			line = line[:end[0]]
		}
		line = regexp.MustCompile(`^--session \S+ `).ReplaceAllString(strings.TrimSpace(line), "")
		if strings.HasPrefix(line, "X") || line == "command" { // any verb
			continue
		}
		checkCommand(t, fmt.Sprintf("%q", hint), line)
	}
	for _, m := range regexp.MustCompile(`\bswarm\.[a-zA-Z]+`).FindAllString(hint, -1) {
		known := func(k configKey) bool { return k.name == m }
		if !slices.ContainsFunc(configKeys(), known) {
			t.Errorf("%q: no such key: %s", hint, m)
		}
	}
}
