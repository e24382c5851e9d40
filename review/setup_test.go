package review

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// noon is the time of the tests. It stands still.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// swarm is a repository in which sessions A, B and C work, and its reviews.
type swarm struct {
	*refstoretest.Repo
	*Store
}

// newSwarm makes one whose branch main has a commit, and feat, which is checked
// out, two more: "one" changes the middle of the file code, "two" adds the file
// new.
func newSwarm(t testing.TB) *swarm {
	t.Helper()
	madeOnce.Do(func() { makeSwarm(t) })
	s := &swarm{Repo: &refstoretest.Repo{TB: t, Dir: filepath.Join(t.TempDir(), "r")}}
	s.Must(os.CopyFS(s.Dir, os.DirFS(madeIn())))
	s.Store = s.open(refstore.Options{})
	return s
}

// madeOnce is for the one that the others are copies of.
var madeOnce sync.Once

func madeIn() string { return filepath.Join(os.Getenv("HOME"), "made") }

func makeSwarm(t testing.TB) {
	t.Helper()
	s := &swarm{Repo: refstoretest.Init(t, madeIn())}
	s.Write("code", lines("code", 40, nil))
	s.Write("other", lines("other", 40, nil))
	s.Commit("start")
	s.Git("checkout", "-q", "-b", "feat")
	s.Write("code", lines("code", 40, changed))
	s.Commit("one")
	s.Write("new", "new\n")
	s.Commit("two")
	s.Store = s.open(refstore.Options{})
	_, err := s.bus.Register(bg, []bus.Registration{{ID: "A", Workstream: "a"}, {ID: "B", Workstream: "b"}, {ID: "C", Workstream: "c"}})
	s.Must(err)
	s.Git("repack", "-a", "-d", "-q") // fewer files to copy
}

// changed is what the branch feat has on a line of the file code.
var changed = map[int]string{20: "changed"}

// lines is a file of n numbered lines, some of which are others.
func lines(name string, n int, others map[int]string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if other, ok := others[i]; ok {
			b.WriteString(other + "\n")
			continue
		}
		fmt.Fprintf(&b, "%s %d\n", name, i)
	}
	return b.String()
}

// open is the book as another process would open it.
func (s *swarm) open(opts refstore.Options) *Store {
	s.Helper()
	b, err := openDir(s.Dir, opts)
	s.Must(err)
	s.Cleanup(func() { b.bus.Store().Close() })
	return b
}

func openDir(dir string, opts refstore.Options) (*Store, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = func() time.Time { return noon }
	}
	return NewStore(bus.New(refstore.Open(found, opts))), nil
}

// fails runs a git command that must fail.
func (s *swarm) fails(args ...string) {
	s.Helper()
	if out, err := s.TryGit(args...); err == nil {
		s.Fatalf("git %s succeeds: %s", strings.Join(args, " "), out)
	}
}

func (s *swarm) rev(name string) object.Hash {
	s.Helper()
	return object.Hash(s.Git("rev-parse", "--verify", name))
}

// span is what feat would land on main.
func (s *swarm) span() *Range {
	s.Helper()
	r, err := FindRange(bg, s.bus.Store().Repo(), "refs/heads/feat", "refs/heads/main")
	s.Must(err)
	return r
}

// request asks for a review of what feat would land.
func (s *swarm) request(from string, to ...string) *Review {
	s.Helper()
	r, err := s.Request(bg, from, RequestParams{To: to, Range: s.span()})
	s.Must(err)
	return r
}

func (s *swarm) say(by string, number int, kind Kind, text string) *Review {
	s.Helper()
	r, err := s.AddEvent(bg, by, number, kind, text)
	s.Must(err)
	return r
}

func (s *swarm) get(number int) *Review {
	s.Helper()
	r, err := s.Get(bg, number)
	s.Must(err)
	return r
}

// newestClear asks the gate about the session's newest request.
func (s *swarm) newestClear(session string, r *Range) error {
	s.Helper()
	newest, err := s.Latest(bg, session)
	if err != nil {
		return err
	}
	return s.Clear(bg, session, newest, r)
}

// inbox is what the session was told, oldest first.
func (s *swarm) inbox(id string) []string {
	s.Helper()
	messages, err := s.bus.Inbox(bg, id, true)
	s.Must(err)
	var all []string
	for _, m := range messages {
		all = append(all, m.From+": "+m.Body)
	}
	return all
}

// sound fails the test if Fsck finds a fault.
func (s *swarm) sound() {
	s.Helper()
	faults, _, err := s.open(refstore.Options{}).Fsck(bg)
	if err := errors.Join(append(faults, err)...); err != nil {
		s.Errorf("fsck: %v", err)
	}
}

// healthy is sound, for git fsck too.
func (s *swarm) healthy() {
	s.Helper()
	s.sound()
	s.GitFsck()
}
