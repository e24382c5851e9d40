package review

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// Whatever is done to an approved branch and to its target: the approval holds
// exactly if what would land is what git itself makes of the approved change on
// that base, by a rebase of its commits or by one of their sum.
func TestRandomHistories(t *testing.T) {
	runs, steps := 4, 6
	if refstoretest.Long() {
		runs, steps = 60, 20
	}
	for seed := range runs {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, uint64(seed))
			for range steps {
				p.step()
			}
			t.Logf("%d of %d held", p.held, p.asked)
		})
	}
}

// A clean rebase never drops the approval, and an edit after it always does. One
// rebase after another can get where git does not get in one go, if the target
// renames a file and rewrites it bit by bit: such an approval may be dropped.
func TestRandomRebases(t *testing.T) {
	runs, steps := 2, 5
	if refstoretest.Long() {
		runs, steps = 40, 20
	}
	for seed := range runs {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, uint64(1000+seed))
			for range steps {
				p.target()
				if _, err := p.TryGit("rebase", "-q", "main"); err != nil {
					p.Git("rebase", "--abort")
					p.Git("branch", "-f", "main", "main@{1}")
					continue
				}
				if !p.clear() {
					if slices.Contains(p.made(p.rev("main")), p.rev("feat^{tree}")) {
						t.Errorf("a clean rebase dropped the approval:\n%s", p.tale())
					}
					p.Git("reset", "-q", "--hard", string(p.get(1).Tip))
					p.Git("branch", "-q", "-f", "main", string(p.get(1).Base))
					continue
				}
				approved := p.rev("feat^{tree}")
				p.edit()
				p.Commit("edit", "--amend", "--allow-empty")
				if same := p.rev("feat^{tree}") == approved; p.clear() != same {
					t.Errorf("an edit (of nothing: %v) and the approval is %v:\n%s", same, !same, p.tale())
				}
				p.Git("reset", "-q", "--hard", "feat@{1}")
			}
		})
	}
}

// play is a swarm in which a random branch was approved.
type play struct {
	*swarm
	*rand.Rand
	held, asked int
	told        []string
}

func newPlay(t *testing.T, seed uint64) *play {
	p := &play{swarm: newSwarm(t), Rand: rand.New(rand.NewPCG(seed, 0))}
	p.Git("checkout", "-q", "main")
	for i := range 4 {
		p.Write(fmt.Sprint("f", i), lines(fmt.Sprint("f", i), 12, nil))
	}
	p.Commit("files")
	p.Git("checkout", "-q", "-B", "feat")
	for i := range 1 + p.IntN(4) {
		p.edit()
		p.Commit(fmt.Sprint("work ", i), "--allow-empty")
	}
	p.Write("work", "work\n") // for there must be something
	p.Commit("work")
	p.request("A", "B")
	p.say("B", 1, Approve, "")
	return p
}

func (p *play) tell(format string, args ...any) {
	p.told = append(p.told, fmt.Sprintf(format, args...))
}

func (p *play) tale() string {
	r := p.get(1)
	return strings.Join(p.told, "\n") + "\n" + p.Git("log", "--graph", "--oneline", "--all", "--", ".") + fmt.Sprintf("\napproved %s..%s", r.Base.Short(), r.Tip.Short())
}

// edit changes one thing in the work tree.
func (p *play) edit() {
	files := strings.Fields(p.Git("ls-files", "f*"))
	if len(files) == 0 {
		p.Write("f9", "again\n")
		return
	}
	name := files[p.IntN(len(files))]
	path := filepath.Join(p.Dir, name)
	content, err := os.ReadFile(path)
	p.Must(err)
	rows := strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
	at := p.IntN(len(rows))
	what := p.IntN(10)
	p.tell("edit %d of line %d of %s", what, at, name)
	switch what {
	case 0:
		p.Git("mv", name, fmt.Sprint("f", p.IntN(1e6)))
		return
	case 1:
		info, err := os.Stat(path)
		p.Must(err)
		p.Must(os.Chmod(path, info.Mode()^0o111))
		return
	case 2:
		rows = slices.Delete(rows, at, at+1)
	case 3:
		rows = slices.Insert(rows, at, fmt.Sprintf("inserted %d\n", p.IntN(3)))
	case 4:
		other := p.IntN(len(rows))
		rows[at], rows[other] = rows[other], rows[at]
	case 5:
		rows[at] = " " + rows[at]
	default:
		rows[at] = fmt.Sprintf("changed %d\n", p.IntN(5))
	}
	p.Write(name, strings.Join(rows, ""))
}

// target makes main go on.
func (p *play) target() {
	p.onMain("ahead", func() {
		for range 1 + p.IntN(3) {
			p.edit()
		}
		p.Write("ahead", fmt.Sprint(p.Uint64()))
	})
}

// step does one thing to branch or target, and compares the verdict with what
// git makes of the approved change.
func (p *play) step() {
	p.Helper()
	what := p.IntN(9)
	p.tell("step %d", what)
	switch what {
	case 0, 1:
		p.target()
	case 2, 3, 4:
		p.orUndo("rebase", "-q", "main")
	case 5:
		p.orUndo("merge", "-q", "-m", "merge", "main")
	case 6:
		p.edit()
		p.Commit("edit", "--allow-empty")
	case 7:
		p.orUndo("revert", "--no-edit", "HEAD")
	case 8:
		p.Git("reset", "-q", "--hard", string(p.get(1).Tip))
	}
	r, err := Now(bg, p.bus.Store().Repo(), p.get(1), p.get(1).Target)
	p.Must(err)
	if r.Base == r.Tip {
		return // nothing to land
	}
	p.asked++
	want := slices.Contains(p.made(r.Base), p.rev(string(r.Tip)+"^{tree}"))
	if got := p.clear(); got != want {
		p.Errorf("the approval holds: %v; it should: %v\n%s", got, want, p.tale())
	}
	if want {
		p.held++
	}
}

func (p *play) orUndo(args ...string) {
	if _, err := p.TryGit(args...); err != nil {
		_, _ = p.TryGit(args[0], "--abort")
		p.Git("reset", "-q", "--hard")
	}
}

func (p *play) clear() bool {
	p.Helper()
	r, err := Now(bg, p.bus.Store().Repo(), p.get(1), p.get(1).Target)
	p.Must(err)
	return p.newestClear("A", r) == nil
}

// made are the trees that git makes of the approved change on base.
func (p *play) made(base object.Hash) []object.Hash {
	approved := p.get(1)
	sum := p.Git("commit-tree", string(approved.Tip)+"^{tree}", "-p", string(approved.Base), "-m", "sum")
	var trees []object.Hash
	for _, args := range [][]string{{"rebase", "-q", "--onto", string(base), string(approved.Base), string(approved.Tip)}, {"rebase", "-q", "--onto", string(base), string(approved.Base), sum}} {
		p.Git("checkout", "-q", "--detach")
		if _, err := p.TryGit(args...); err == nil {
			trees = append(trees, p.rev("HEAD^{tree}"))
		} else {
			p.Git("rebase", "--abort")
		}
	}
	p.Git("checkout", "-q", "-f", "feat")
	return trees
}
