package land

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestConformance: with healing off, a push lands what git rebase makes in the
// worktree, commit by commit and byte by byte in the files, or stops where it stops.
// There are two exceptions, for which git is asked with the same options: of the
// user's hooks only pre-rebase and pre-push run ([TestLandHooks]), and merges are
// flattened.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, row := range conformance {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := row.lay(t)
			before := landGit(t, a.hub, "rev-parse", "main")
			want := a.byRebase(before)
			if want.stopped() != row.stops || want.refused != "" != row.refused {
				t.Fatalf("the repository is not what the row says: git rebase gives %+v", want)
			}
			got := a.byPush(before)
			if got.refused != "" && want.refused != "" {
				got.refused = want.refused // each has its own words
			}
			if got != want {
				t.Errorf("push gives\n%s\ngit rebase\n%s", got, want)
			}
			a.tidy()
		})
	}
}

// conformanceRow is one repository. The scripts are run by sh with the functions
// of prelude; start makes commits from which both sides begin, and may be empty.
type conformanceRow struct {
	name    string
	start   string // in the main checkout, then pushed
	config  string // in A's worktree, before its commits
	theirs  string // what landed since, made in B's worktree
	ours    string // what A lands
	dirt    string // in A's worktree, after its commits
	layout  string // makes another worktree for A, in $TOP/a
	stops   bool   // in a conflict
	refused bool   // before the first commit
}

const prelude = `set -e
c() { git add -A; git commit -q -m "$1"; }
w() { mkdir -p "$(dirname "$1")"; printf "$2" > "$1"; }
ed() { sed -i "$2s/.*/$3/" "$1"; }
`

func (f *field) sh(script string) {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), "/bin/sh", "-c", prelude+script)
	cmd.Dir = f.dir
	cmd.Env = append(os.Environ(), "TOP="+filepath.Dir(f.app), "PWD="+f.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		f.Fatalf("%s\n%v: %s", script, err, out)
	}
}

// lay makes the repository and returns A's worktree.
func (row conformanceRow) lay(t *testing.T) *field {
	t.Helper()
	a, b := oneField(t)
	main := &field{a.ground, a.app, "orchestrator", a.env, nil}
	if row.start != "" {
		main.sh(row.start)
		main.git("push", "-q", "origin", "main")
		a.git("reset", "-q", "--hard", "origin/main")
		b.git("reset", "-q", "--hard", "origin/main")
	}
	if row.layout != "" {
		main.sh(row.layout)
		dir, err := filepath.EvalSymlinks(filepath.Join(filepath.Dir(a.app), "a"))
		if err != nil {
			t.Fatal(err)
		}
		a.dir = dir
		if _, err := a.bus().Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "A"}}); err != nil {
			t.Fatal(err)
		}
	}
	a.sh(row.config)
	theirs, ours := row.theirs, row.ours
	if theirs == "" {
		theirs = "ed base 1 one; c theirs"
	}
	if ours == "" {
		ours = "ed base 9 nine; c ours"
	}
	b.sh(theirs)
	b.git("push", "-q", "origin", "HEAD:main")
	a.sh(ours)
	a.sh(row.dirt)
	return a
}

// outcome is what became of a branch.
type outcome struct {
	log    string // the commits that the target would gain, oldest first
	files  string // what is in the worktree then
	status string

	conflict string // the subject of the commit that does not apply
	paths    string // in conflict there
	refused  string // it did not begin
}

func (o outcome) stopped() bool { return o.conflict != "" }

func (o outcome) String() string {
	if o.refused != "" {
		return "refused: " + o.refused
	}
	if o.stopped() {
		return "a conflict at " + o.conflict + " in " + o.paths
	}
	return o.log + "\nstatus:\n" + o.status + "\nfiles:\n" + o.files
}

// byRebase is what git rebase makes of the branch, which is then put back.
func (f *field) byRebase(before string) outcome {
	f.Helper()
	f.git("fetch", "-q", "origin")
	tip := f.head()
	_, err := tryLandGit(f.dir, "-c", "core.hooksPath=/dev/null", "-c", "rebase.autosquash=false", "-c", "rebase.rebaseMerges=false",
		"-c", "rebase.updateRefs=false", "rebase", "--no-fork-point", "origin/main")
	if err == nil {
		o := f.landedOutcome(before, "HEAD")
		f.git("reset", "-q", "--keep", tip)
		return o
	}
	head, notStopped := tryLandGit(f.dir, "log", "-1", "--format=%s", "REBASE_HEAD")
	if notStopped != nil {
		return outcome{refused: err.Error()}
	}
	o := outcome{conflict: head, paths: f.git("diff", "--name-only", "--diff-filter=U")}
	f.git("rebase", "--abort")
	return o
}

// byPush is what a push makes of it.
func (f *field) byPush(before string) outcome {
	f.Helper()
	l := f.lander()
	l.Heal = func(context.Context, string) (heal.Options, error) { return heal.Options{Level: heal.Off}, nil }
	target := f.target()
	target.Remote, target.Branch = "origin", "main"
	landed, err := l.Push(f.Context(), target, lock.Wait{})
	var conflict *ConflictError
	switch {
	case errors.As(err, &conflict):
		_, subject, _ := strings.Cut(conflict.Commit, " ")
		return outcome{conflict: subject, paths: strings.Join(conflict.Files, "\n")}
	case err != nil:
		return outcome{refused: err.Error()}
	case landed.Stayed != nil:
		f.Errorf("the branch stayed: %v", landed.Stayed)
	}
	landGit(f, f.dir, "fetch", "-q", "origin")
	return f.landedOutcome(before, "origin/main")
}

// landedOutcome is the worktree with its branch's commits beyond what B landed, by
// what a rebase must keep or make, ids and times of committing aside.
func (f *field) landedOutcome(before, tip string) outcome {
	f.Helper()
	return outcome{
		log:    f.git("log", "--reverse", "--format=%T %an <%ae> %ad %cn%n%B", before+".."+tip),
		status: f.git("status", "--porcelain"),
		files:  f.files(),
	}
}
