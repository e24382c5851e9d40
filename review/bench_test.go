package review

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// twenty is a swarm in which a range of twenty commits is approved, beside that
// many other reviews.
func twenty(b *testing.B, others int) *swarm {
	s := newSwarm(b)
	s.fill(others)
	for i := range 18 {
		s.Write(fmt.Sprint("file", i), lines("x", 50, nil))
		s.Commit(fmt.Sprint("commit ", i))
	}
	r := s.request("A", "B")
	s.say("B", r.Number, Approve, "")
	s.Git("gc", "-q")
	return s
}

// built is the program, built once.
func built(b *testing.B) string {
	path := filepath.Join(os.Getenv("HOME"), "git-swarm")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if out, err := exec.Command("go", "build", "-o", path, "github.com/git-swarm/git-swarm/cmd/git-swarm").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

func (s *swarm) bench(name string, argv ...string) {
	s.TB.(*testing.B).Run(name, func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir = s.Dir
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %v: %s", argv, err, out)
			}
		}
	})
}

// BenchmarkMergeOK: the command on a range of twenty commits, beside what git
// takes to say where it is, and for the patch-id of that range; the target
// having stood still, and moved.
func BenchmarkMergeOK(b *testing.B) {
	program := built(b)
	for _, others := range []int{0, 10_000} {
		s := twenty(b, others)
		name := fmt.Sprintf("beside %d/", others)
		s.bench(name+"git rev-parse HEAD", "git", "rev-parse", "HEAD")
		s.bench(name+"git diff | git patch-id", "sh", "-c", "git diff-tree -p main feat | git patch-id --stable")
		s.bench(name+"git merge-tree", "git", "merge-tree", "--write-tree", "main", "feat")
		s.bench(name+"merge-ok", program, "merge-ok", "A")
		s.bench(name+"review list --mine", program, "review", "list", "--mine", "--state", "approved", "--session", "A")
		ahead(s)
		s.Git("rebase", "-q", "main")
		s.bench(name+"merge-ok, rebased", program, "merge-ok", "A")
		s.Write("new", "amended")
		s.Commit("amended")
		b.Run(name+"merge-ok, refused", func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(program, "merge-ok", "A")
				cmd.Dir = s.Dir
				if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 1 {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
}

// BenchmarkBook is a request and an approval, in process, beside that many other
// reviews.
func BenchmarkBook(b *testing.B) {
	for _, others := range []int{0, 10_000} {
		s := newSwarm(b)
		s.fill(others)
		s.Git("gc", "-q")
		s.Store = s.open(refstore.Options{})
		span := s.span()
		b.Run(fmt.Sprintf("beside %d/request", others), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Request(bg, "A", RequestParams{To: []string{"B"}, Range: span}); err != nil {
					b.Fatal(err)
				}
			}
		})
		last, err := s.Latest(bg, "A")
		s.Must(err)
		b.Run(fmt.Sprintf("beside %d/approve", others), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.AddEvent(bg, "B", last.Number, Approve, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("beside %d/git notes append", others), func(b *testing.B) {
			for b.Loop() {
				s.Git("notes", "--ref=yardstick", "append", "-m", "approved", "feat")
			}
		})
	}
}

// BenchmarkList is the command beside 10,000 reviews of which one is open: what is open,
// and all of them, beside git log of as many entries.
func BenchmarkList(b *testing.B) {
	program := built(b)
	s := twenty(b, 10_000)
	s.bench("git rev-parse HEAD", "git", "rev-parse", "HEAD")
	s.bench("open", program, "review", "list")
	s.bench("open as JSON", program, "review", "list", "--json")
	s.bench("git log", "git", "log", "-p", TableRef, "--", "number")
	s.bench("all", program, "review", "list", "--state", "all", "--all")
	s.bench("the newest 50 of all", program, "review", "list", "--state", "all")
	s.bench("all as JSON", program, "review", "list", "--state", "all", "--json")
}
