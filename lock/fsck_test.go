package lock

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// lived is a swarm in which everything there is has happened.
func lived(t *testing.T) *swarm {
	t.Helper()
	s := newSwarm(t, "A", "B")
	s.grant("A", "src/x", "a\nb", "lib")
	s.grant("B", "src/y")
	s.Must(s.Release(bg, "A", []string{"src/x"}))
	s.clock.Advance(2 * staleAfter)
	s.Must(s.takeover("A", "src"))
	p := s.push(LeaseTime)
	g, _ := acquire(t, p, "A")
	s.Must(g.Renew(bg))
	release(t, g)
	p.plant(t, elsewhere(2))
	return s
}

func TestFsckHealthy(t *testing.T) {
	fresh := newSwarm(t)
	if faults, read, err := Fsck(bg, fresh.bus); len(faults) > 0 || read != 0 || err != nil {
		t.Errorf("an empty repository has faults %v, %d commits, %v", faults, read, err)
	}
	s := lived(t)
	want := s.Git("rev-list", "--count", ClaimsRef, LocksRef)
	if faults, read, err := Fsck(bg, s.bus); len(faults) > 0 || fmt.Sprint(read) != want || err != nil {
		t.Errorf("faults %v, %d of %s commits, %v", faults, read, want, err)
	}
	s.Git("gc", "-q", "--prune=now")
	s.healthy()
}

// commit puts a commit with that tree on top of ref, with plain git.
func (s *swarm) commit(ref, tree, message string, parents ...string) {
	s.Helper()
	args := []string{"-c", "author.name=A", "commit-tree", tree, "-F", "-"}
	for _, parent := range parents {
		args = append(args, "-p", parent)
	}
	s.Git("update-ref", ref, s.Feed(message, args...))
}

// tree is the ref's tree with one path more or other, as plain git makes it.
func (s *swarm) tree(ref, mode, path, content string) string {
	s.Helper()
	blob := s.Feed(content, "hash-object", "-w", "--stdin")
	lines := ""
	for line := range strings.Lines(s.Git("ls-tree", ref) + "\n") {
		if !strings.HasSuffix(line, "\t"+path+"\n") {
			lines += line
		}
	}
	return s.Feed(lines+mode+" blob "+blob+"\t"+path+"\n", "mktree")
}

// fault is one that is planted, and what Fsck says of it.
type fault struct {
	name  string
	plant func(s *swarm)
	ref   string
	path  string
	says  string
}

const claimText = "version = 1\nsession = 'A'\nsince = 2026-01-02T03:04:05Z\nreason = ''\nepoch = 1\n"

// claimAt plants a claim, of which edit replaces one text by another.
func claimAt(path string, edit ...string) func(*swarm) {
	return func(s *swarm) {
		text := strings.NewReplacer(edit...).Replace(claimText)
		s.commit(ClaimsRef, s.tree(ClaimsRef, "100644", path, text), "claim\n\nNumber: 5\nEpoch: 3\nFormat: 1\n", ClaimsRef)
	}
}

// claimCommit plants a commit of claims that changes none.
func claimCommit(message string) func(*swarm) {
	return func(s *swarm) { s.commit(ClaimsRef, ClaimsRef+"^{tree}", message, ClaimsRef) }
}

// lockAs plants the push lock, of which edit replaces one text by another.
func lockAs(edit ...string) func(*swarm) {
	return func(s *swarm) {
		text := strings.NewReplacer(edit...).Replace(s.Git("show", LocksRef+":push") + "\n")
		s.commit(LocksRef, s.tree(LocksRef, "100644", "push", text), "push lock\n\nNumber: 5\nFormat: 1\n", LocksRef)
	}
}

var faults = []fault{
	{"no TOML", claimAt("z", claimText, "hello"), ClaimsRef, "z", "TOML"},
	{"an unknown key", claimAt("z", "epoch", "epochs"), ClaimsRef, "z", "TOML"},
	{"a later version", claimAt("z", "version = 1", "version = 7"), ClaimsRef, "z", "newer git swarm"},
	{"a bad session", claimAt("z", "'A'", "'a b'"), ClaimsRef, "z", "bad session id"},
	{"the session of all", claimAt("z", "'A'", "'all'"), ClaimsRef, "z", "every session"},
	{"epoch 0", claimAt("z", "epoch = 1", "epoch = 0"), ClaimsRef, "z", "epoch 0"},
	{"an epoch never granted", claimAt("z", "epoch = 1", "epoch = 4"), ClaimsRef, "z", "never granted"},
	{"a path that is none", claimAt(`x\.git`), ClaimsRef, `x\.git`, "not a path"},
	{"a symbolic link", func(s *swarm) {
		s.commit(ClaimsRef, s.tree(ClaimsRef, "120000", "z", "x"), "claim\n\nNumber: 5\nEpoch: 3\nFormat: 1\n", ClaimsRef)
	}, ClaimsRef, "", "mode 120000"},
	{"no epoch", claimCommit("x\n\nNumber: 5\nFormat: 1\n"), ClaimsRef, "", "'Epoch' is missing"},
	{"a field too many", claimCommit("x\n\nNumber: 5\nEpoch: 3\nEpoch: 3\nFormat: 1\n"), ClaimsRef, "", "'Epoch' is not in its place"},
	{"an epoch left out", claimCommit("x\n\nNumber: 5\nEpoch: 5\nFormat: 1\n"), ClaimsRef, "", "Epoch: 5 after 3"},
	{"an epoch that falls", claimCommit("x\n\nNumber: 5\nEpoch: 2\nFormat: 1\n"), ClaimsRef, "", "Epoch: 2 after 3"},
	{"an epoch that is no number", claimCommit("x\n\nNumber: 5\nEpoch: x\nFormat: 1\n"), ClaimsRef, "", "is no number"},
	{"a gap", claimCommit("x\n\nNumber: 6\nEpoch: 3\nFormat: 1\n"), ClaimsRef, "", "number 6 where 5 is due"},
	{"a commit by hand", claimCommit("fix typo\n"), ClaimsRef, "", "no metadata"},
	{"a merge", func(s *swarm) {
		s.commit(ClaimsRef, ClaimsRef+"^{tree}", "x\n\nNumber: 5\nEpoch: 3\nFormat: 1\n", ClaimsRef, ClaimsRef+"~2")
	}, ClaimsRef, "", "2 parents"},
	{"a tip that is no commit", func(s *swarm) { s.Git("update-ref", ClaimsRef, s.Git("rev-parse", ClaimsRef+"^{tree}")) }, ClaimsRef, "", "no commit"},
	{"an unknown state", lockAs("'held'", "'lent'"), LocksRef, "push", "state 'lent'"},
	{"a lock with epoch 0", lockAs("epoch = 2", "epoch = 0"), LocksRef, "push", "epoch 0"},
	{"a lock of nobody", lockAs("'B'", "''"), LocksRef, "push", "bad session id"},
	{"a lock of a later version", lockAs("version = 1", "version = 2"), LocksRef, "push", "newer git swarm"},
	{"a lock with a comment", lockAs("nonce", "# x\nnonce"), LocksRef, "push", "TOML"},
	{"a lock's epoch left out", lockAs("epoch = 2", "epoch = 4"), LocksRef, "", "epoch 4 after 2"},
	{"the highest epoch", lockAs("epoch = 2", "epoch = 9007199254740991"), LocksRef, "", "epoch 9007199254740991 after 2"},
	{"an epoch beyond all numbers", lockAs("epoch = 2", "epoch = 9223372036854775807"), LocksRef, "push", "epoch 9223372036854775807"},
	{"a negative epoch", lockAs("epoch = 2", "epoch = -1"), LocksRef, "push", "epoch -1"},
	{"a lock's epoch that falls", lockAs("epoch = 2", "epoch = 1"), LocksRef, "", "epoch 1 after 2"},
	{"another lock", func(s *swarm) {
		s.commit(LocksRef, s.tree(LocksRef, "100644", "pull", "x"), "x\n\nNumber: 5\nFormat: 1\n", LocksRef)
	}, LocksRef, "pull", "unknown lock"},
	{"no lock", func(s *swarm) {
		s.commit(LocksRef, s.Feed("", "mktree"), "x\n\nNumber: 5\nFormat: 1\n", LocksRef)
	}, LocksRef, "", "no push lock"},
}

func TestFsckFindsFaults(t *testing.T) {
	s := lived(t)
	claims, locks := s.Git("rev-parse", ClaimsRef), s.Git("rev-parse", LocksRef)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			f.plant(s)
			defer func() {
				s.Git("update-ref", ClaimsRef, claims)
				s.Git("update-ref", LocksRef, locks)
			}()
			found, _, err := Fsck(bg, s.open(refstore.Options{}))
			if err != nil {
				t.Fatalf("Fsck fails: %v", err)
			}
			for _, fault := range found {
				var damaged *refstore.DamagedError
				if !errors.As(fault, &damaged) {
					t.Errorf("a fault is no DamagedError: %v", fault)
				} else if damaged.Ref == f.ref && damaged.Path == f.path && strings.Contains(damaged.Error(), f.says) {
					return
				}
			}
			t.Errorf("not found in %s at %q: %s\nfound: %v", f.ref, f.path, f.says, found)
		})
	}
	s.Git("prune", "--expire=now") // git fsck looks at what is lost, too
	s.healthy()
}

// What is damaged is told to who asks for it, and never written on top of.
func TestDamageIsTold(t *testing.T) {
	s := lived(t)
	claims, locks := s.Git("rev-parse", ClaimsRef), s.Git("rev-parse", LocksRef)
	use := map[string][]func() error{
		ClaimsRef: {
			func() error {
				err := refstoretest.Err(s.List(bg, ""))
				if left := s.bus.Store().SetAside(); err == nil && len(left) > 0 {
					return left[0]
				}
				return err
			},
			func() error { return refstoretest.Err(s.Holders(bg, []string{"z/deep"})) },
			func() error { return refstoretest.Err(s.Grant(bg, "B", Request{Paths: []string{"z"}, Takeover: true})) },
			func() error {
				return refstoretest.Err(s.GrantWait(bg, "B", Request{Paths: []string{"z"}}, Wait{Timeout: time.Minute}))
			},
			func() error { return s.Release(bg, "A", []string{"z"}) },
			func() error { return refstoretest.Err(s.ReleaseAll(bg, "A")) },
		},
		LocksRef: {
			func() error { return refstoretest.Err(s.push(LeaseTime).Holder(bg)) },
			func() error { _, _, err := s.push(LeaseTime).Acquire(bg, "A", Wait{Timeout: time.Minute}); return err },
		},
	}
	for _, f := range faults {
		if f.path != "z" && f.path != pushPath || strings.Contains(f.says, "never granted") {
			continue
		}
		f.plant(s)
		tip := s.Git("rev-parse", f.ref)
		for i, call := range use[f.ref] {
			var damaged *refstore.DamagedError
			if err := call(); !errors.As(err, &damaged) || damaged.Ref != f.ref || damaged.Path != f.path {
				t.Errorf("%s: call %d gives %v", f.name, i, err)
			}
		}
		if s.Git("rev-parse", f.ref) != tip {
			t.Errorf("%s: something was written on top", f.name)
		}
		s.Git("update-ref", ClaimsRef, claims)
		s.Git("update-ref", LocksRef, locks)
	}
}

// A push lock whose epoch was forged is refused by the next that wants it, also
// while it seems to be held, and a repair sets it aside: the lock is free then, with
// an epoch that was never granted.
func TestPushLockForgedEpoch(t *testing.T) {
	for _, epoch := range []string{"-1", "0", "1", "4", "9007199254740991", "9007199254740992", "9223372036854775807"} {
		t.Run(epoch, func(t *testing.T) {
			s := lived(t)
			lockAs("epoch = 2", "epoch = "+epoch)(s)
			tip := s.Git("rev-parse", LocksRef)
			var damaged *refstore.DamagedError
			if _, _, err := s.push(LeaseTime).Acquire(bg, "A", Wait{Timeout: time.Minute}); !errors.As(err, &damaged) || damaged.Ref != LocksRef {
				t.Fatalf("the lock was asked for: %v", err)
			}
			if s.Git("rev-parse", LocksRef) != tip {
				t.Error("something was written on top of it")
			}
			if done, err := Repair(bg, s.bus, "A", true); err != nil || len(done) != 1 || len(done[0].Aside)+len(done[0].Older) == 0 {
				t.Fatalf("repaired %+v, %v", done, err)
			}
			s.healthy()
			g, _ := acquire(t, s.push(LeaseTime), "A")
			if g.epoch < 3 || g.epoch > 10 {
				t.Errorf("the next epoch is %d", g.epoch)
			}
			release(t, g)
			s.healthy()
		})
	}
}

// What an older git swarm has written on top of a forged epoch is kept, and goes on
// from there.
func TestPushLockForgedBelow(t *testing.T) {
	s := lived(t)
	lockAs("epoch = 2", "epoch = 1000")(s)
	next := strings.Replace(s.Git("show", LocksRef+":push")+"\n", "epoch = 1000", "epoch = 1001", 1)
	s.commit(LocksRef, s.tree(LocksRef, "100644", "push", next), "push lock\n\nNumber: 6\nFormat: 1\n", LocksRef)
	if done, err := Repair(bg, s.bus, "A", true); err != nil || len(done) != 1 || len(done[0].Aside) != 1 {
		t.Fatalf("repaired %+v, %v", done, err)
	}
	s.healthy()
	g, _ := acquire(t, s.push(LeaseTime), "A")
	if g.epoch <= 1001 || g.epoch > 1010 {
		t.Errorf("the next epoch is %d", g.epoch)
	}
	release(t, g)
	s.healthy()
}
