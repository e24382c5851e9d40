package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// inConflict has A and B change the same line; A's is on the remote.
func inConflict(t *testing.T) (a, b *field) {
	a, b = oneField(t)
	a.commit("[Session A] way", "base", "1\n2\n3\n4\nA's way\n6\n7\n8\n9\n")
	a.push()
	b.commit("first", "B", "changed\n")
	b.commit("second", "base", "1\n2\n3\n4\nquite another\n6\n7\n8\n9\n")
	return a, b
}

// TestLandConflict: a conflict changes nothing, names the commit, the files and
// whose they are, and marks the session; the next success clears that mark.
func TestLandConflict(t *testing.T) {
	t.Parallel()
	_, b := inConflict(t)
	b.wip2()
	err := b.unchanged(b.tryPush)
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatal(err)
	}
	if !slices.Equal(conflict.Files, []string{"base"}) || conflict.Onto != "origin/main" || !strings.HasSuffix(conflict.Commit, " second") {
		t.Errorf("%+v", conflict)
	}
	if len(conflict.Theirs) != 1 || conflict.Theirs[0].Session != "A" || conflict.Theirs[0].Subject != "[Session A] way" {
		t.Errorf("theirs: %+v", conflict.Theirs)
	}
	if s := b.session(); s.Status != bus.Blocked || s.Note != "push: conflict with origin/main in base" {
		t.Errorf("%+v", s)
	}
	b.git("checkout", "-q", "-f", "HEAD", "--", ".")
	b.git("reset", "-q", "--hard", "HEAD~1")
	b.push()
	if s := b.session(); s.Status != bus.Running || s.Note != "" {
		t.Errorf("%+v", s)
	}
	b.linear("[Session A] way", "first")
}

// wip2 leaves changes beside the conflict.
func (f *field) wip2() {
	f.Helper()
	f.write("A", "unstaged\n")
	f.write("staged", "staged\n")
	f.git("add", "staged")
	f.write("untracked", "untracked\n")
}

// TestLandConflictKinds: conflicts that are not of lines change nothing either.
func TestLandConflictKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ours, theirs func(f *field) }{
		"removed and changed": {func(f *field) { f.write("base", "other\n") }, func(f *field) { f.git("rm", "-q", "base") }},
		"changed and removed": {func(f *field) { f.git("rm", "-q", "base") }, func(f *field) { f.write("base", "other\n") }},
		"added by both":       {func(f *field) { f.write("new", "ours\n") }, func(f *field) { f.write("new", "theirs\n") }},
		"file and folder":     {func(f *field) { f.write("new", "ours\n") }, func(f *field) { f.write("new/x", "theirs\n") }},
		"binary":              {func(f *field) { f.write("base", "\x00ours") }, func(f *field) { f.write("base", "\x00theirs") }},
		"renamed by both":     {func(f *field) { f.git("mv", "base", "ours") }, func(f *field) { f.git("mv", "base", "theirs") }},
		"strange names":       {func(f *field) { f.write("a b\nü\"", "ours\n") }, func(f *field) { f.write("a b\nü\"", "theirs\n") }},
		"no UTF-8":            {func(f *field) { f.write("caf\xe9", "ours\n") }, func(f *field) { f.write("caf\xe9", "theirs\n") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			for f, change := range map[*field]func(*field){a: c.theirs, b: c.ours} {
				change(f)
				f.git("add", "-A")
				f.git("commit", "-q", "-m", "by "+f.id)
			}
			a.push()
			err := b.unchanged(b.tryPush)
			var conflict *ConflictError
			if !errors.As(err, &conflict) || len(conflict.Files) == 0 {
				t.Errorf("%v", err)
			}
			if s := b.session(); s.Status != bus.Blocked || !strings.HasPrefix(s.Note, blockedPrefix) {
				t.Errorf("%+v", s)
			}
			a.linear("by A")
		})
	}
}

// TestLandRejected: a hook's no, here or there, leaves all as it was, with the
// reason in the mark.
func TestLandRejected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dir  func(f *field) string
		hook string
		why  string
	}{
		"pre-receive": {func(f *field) string { return f.hub }, "pre-receive", "remote rejected (pre-receive hook declined)"},
		"update":      {func(f *field) string { return f.hub }, "update", "remote rejected (hook declined)"},
		"pre-push":    {func(f *field) string { return filepath.Join(f.app, ".git") }, "pre-push", "the pre-push hook refused"},
		"pre-rebase":  {func(f *field) string { return filepath.Join(f.app, ".git") }, "pre-rebase", "the pre-rebase hook refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			a.wip2()
			a.write("A", "unstaged\n")
			a.hook(c.dir(a), c.hook, "echo a long story >&2; exit 1")
			var heard strings.Builder
			err := a.unchanged(func() (*Landed, error) {
				l := a.lander()
				l.Progress = &heard
				return l.Push(t.Context(), a.target(), lock.Wait{})
			})
			var rejected *RejectedError
			var hook *HookError
			if !(errors.As(err, &rejected) || errors.As(err, &hook)) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v", err)
			}
			if !strings.Contains(heard.String(), "a long story") {
				t.Errorf("the user was told %q", heard.String())
			}
			if s := a.session(); s.Status != bus.Blocked || s.Note != blockedPrefix+err.Error() {
				t.Errorf("%+v", s)
			}
			a.linear("by B")
		})
	}
}

// TestLandOtherMarks: what was noted by others than a push stays.
func TestLandOtherMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status bus.Status
		note   string
		stays  bool
	}{
		{bus.Blocked, "waiting on B", true},
		{bus.Running, "push: later", true},
		{bus.Done, "push: done", true},
		{bus.Blocked, "push: conflict with origin/main in x", false},
	} {
		a, _ := oneField(t)
		if err := a.bus().SetStatus(t.Context(), "A", "A", bus.Change{Status: &c.status, Note: &c.note}, nil); err != nil {
			t.Fatal(err)
		}
		a.commit("by A", "A", "changed\n")
		a.push()
		s := a.session()
		if stayed := s.Status == c.status && s.Note == c.note; stayed != c.stays {
			t.Errorf("%+v became %s %q", c, s.Status, s.Note)
		}
	}
}

// TestLandUnreachable: a remote that is not there is no reason for a mark.
func TestLandUnreachable(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	a.git("remote", "set-url", "origin", filepath.Join(t.TempDir(), "gone.git"))
	err := a.unchanged(a.tryPush)
	if !strings.HasPrefix(err.Error(), "fetch from origin: ") || !strings.Contains(err.Error(), "gone.git") {
		t.Error(err)
	}
	if s := a.session(); s.Status != bus.Running {
		t.Errorf("%+v", s)
	}
	_ = a.unchanged(a.tryPull)
}

// TestLandLockHeld: without the lock nothing is done; ErrBusy while another
// command is in the same worktree.
func TestLandLockHeld(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	grant, _, err := b.lander().Lock.Acquire(t.Context(), "B", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	var held *lock.PushHeldError
	before := a.state()
	if _, err := a.lander().Push(t.Context(), a.target(), lock.Wait{Timeout: 50 * time.Millisecond}); !errors.As(err, &held) || held.Holder.Session != "B" || a.state() != before {
		t.Errorf("%v", err)
	}
	if err := grant.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, release, err := begin(t.Context(), a.repo())
	if err != nil {
		t.Fatal(err)
	}
	_ = a.unchanged(a.tryPull)
	if err := a.unchanged(a.tryPush); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	release()
	a.push()
}

// TestLandLockLost: who has lost the lock pushes nothing, and leaves the lock to
// who has it now.
func TestLandLockLost(t *testing.T) {
	t.Parallel()
	for moment, hold := range moments {
		if moment == "push" { // the hook runs before the lock is taken
			continue
		}
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			a.commit("by A", "A", "changed\n")
			before := a.state()
			dir := t.TempDir()
			hold(a, dir)
			l := a.lander()
			l.Lock = lock.NewPushLock(l.Bus, 1500*time.Millisecond)
			done := make(chan error, 1)
			go func() {
				_, err := l.Push(context.Background(), repo.Target{Remote: "origin", Branch: "main"}, lock.Wait{})
				done <- err
			}()
			awaitFile(t, filepath.Join(dir, "begun"))
			b.steal("A")
			time.AfterFunc(2*time.Second, func() { _ = os.WriteFile(filepath.Join(dir, "stop"), nil, 0o666) })
			if err := <-done; !errors.Is(err, lock.ErrLost) {
				t.Errorf("%v", err)
			}
			if holder, err := b.conductor().Holder(t.Context()); err != nil || holder == nil || holder.Session != "B" {
				t.Errorf("%+v (%v)", holder, err)
			}
			release(a)
			if a.state() != before || a.session().Status != bus.Running {
				t.Error("something was changed")
			}
			a.linear("by B")
		})
	}
}

// conductor is the lock of the conductor for main.
func (f *field) conductor() *lock.PushLock {
	f.Helper()
	return f.lander().Lock.Conductor("origin/main")
}

// steal makes the session the conductor in place of another, as a waiter does that has
// seen the lock unchanged for its whole lease.
func (f *field) steal(from string) {
	f.Helper()
	err := f.bus().Update(f.Context(), f.id, func(tx *refstore.Tx, by string) error {
		table, err := tx.Table(lock.LocksRef)
		if err != nil {
			return err
		}
		const path = "conductor/origin%2Fmain"
		content, err := table.Get(path)
		if err != nil {
			return err
		}
		epoch := regexp.MustCompile(`(?m)^epoch = (\d+)$`)
		last, err := strconv.Atoi(epoch.FindStringSubmatch(string(content))[1])
		if err != nil {
			return err
		}
		text := strings.Replace(epoch.ReplaceAllString(string(content), fmt.Sprintf("epoch = %d", last+1)), "'"+from+"'", "'"+by+"'", 1)
		if err := table.Put(path, []byte(text)); err != nil {
			return err
		}
		_, err = tx.Record(lock.LocksRef, refstore.Entry{Body: "conductor for origin/main: held by " + by + ", taken over from " + from})
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
}
