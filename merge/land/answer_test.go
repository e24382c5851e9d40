package land

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestLandUnanswered: where the connection ends before the remote's answer, the
// remote is asked. What has landed is a success, with what else that means.
func TestLandUnanswered(t *testing.T) {
	t.Parallel()
	for name, rebased := range map[string]bool{"as it is": false, "rebased": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			want := []string{"by A"}
			if rebased {
				b.commit("by B", "B", "changed\n")
				b.push()
				want = append(want, "by B")
			}
			b.claim("A")
			a.commit("by A", "A", "changed\n")
			a.hook(a.hub, "post-receive", "kill -9 $PPID; sleep 1")
			landed := a.push()
			if landed.Unanswered == nil || landed.Commits != 1 || landed.Stayed != nil || landed.Late != nil {
				t.Errorf("%+v", landed)
			}
			if s := a.session(); s.Status != bus.Running || s.Note != "" {
				t.Errorf("the session is %s: %q", s.Status, s.Note)
			}
			if news := b.news(); len(news) != 1 || !strings.Contains(news[0], "changed what you claim: A (") {
				t.Errorf("B was told %q", news)
			}
			a.linear(want...)
		})
	}
}

// TestLandUnansweredOverlaid: what others have put on top of it since does not hide it.
func TestLandUnansweredOverlaid(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.commit("by B", "B", "changed\n")
	a.commit("by A", "A", "changed\n")
	a.hook(a.hub, "post-receive", "test -e more && exit; touch more; cd "+b.dir+" && unset GIT_DIR GIT_QUARANTINE_PATH && git fetch -q && git rebase -q origin/main && git push -q origin HEAD:main; kill -9 $PPID")
	landed, err := a.tryPush()
	if err != nil || landed.Unanswered == nil {
		t.Fatalf("%+v, %v", landed, err)
	}
	a.linear("by A", "by B")
}

// TestLandAnswerNeverComes: a remote that is gone, too, leaves it open: nothing is
// claimed, the session is not blocked, and the next push decides.
func TestLandAnswerNeverComes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hook    string
		commits int // that the next push lands
	}{
		"landed":     {"post-receive", 0},
		"not landed": {"pre-receive", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			b.commit("by B", "B", "changed\n")
			b.push()
			b.claim("A")
			a.commit("by A", "A", "changed\n")
			away := a.hub + ".away"
			a.hook(a.hub, c.hook, "mv '"+a.hub+"' '"+away+"'; kill -9 $PPID; sleep 1")
			before := a.head()
			_, err := a.tryPush()
			var unanswered *UnansweredError
			if !errors.As(err, &unanswered) || unanswered.Asked || blocks(err) {
				t.Fatalf("%v", err)
			}
			if now := a.head(); now != before || a.session().Status != bus.Running {
				t.Errorf("HEAD is %s, the session %+v", now, a.session())
			}
			a.hookless(away, a.hub, c.hook)
			landed := a.push()
			if landed.Commits != c.commits || landed.Unanswered != nil {
				t.Errorf("%+v", landed)
			}
			if news := b.news(); len(news) != 1 || !strings.Contains(news[0], "changed what you claim: A (") {
				t.Errorf("B was told %q", news)
			}
			a.push()
			if news := b.news(); len(news) != 1 {
				t.Errorf("B was told again: %q", news)
			}
			a.linear("by A", "by B")
		})
	}
}

// hookless puts the remote back in its place, without the hook.
func (f *field) hookless(away, hub, hook string) {
	f.Helper()
	if err := errors.Join(os.Remove(filepath.Join(away, "hooks", hook)), os.Rename(away, hub)); err != nil {
		f.Fatal(err)
	}
}

// TestLandDiesBefore: a connection that breaks before the remote has moved anything
// is no refusal, and not a landing.
func TestLandDiesBefore(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	a.hook(a.hub, "pre-receive", "kill -9 $PPID; sleep 1")
	err := a.unchanged(a.tryPush)
	var unanswered *UnansweredError
	if !errors.As(err, &unanswered) || !unanswered.Asked || a.session().Status != bus.Running {
		t.Errorf("%v", err)
	}
	a.linear()
}

// TestLandLostWhileRemoteWorks: a push that was stopped for longer than its lease
// while the remote worked has landed, and says so, although the lock is another's.
func TestLandLostWhileRemoteWorks(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("by A", "A", "changed\n")
	dir := t.TempDir()
	a.hook(a.hub, "post-receive", "touch '"+dir+"/begun'; while ! test -e '"+dir+"/stop'; do sleep 0.02; done")
	l := a.lander()
	l.Lock = lock.NewPushLock(l.Bus, 1500*time.Millisecond)
	type result struct {
		landed *Landed
		err    error
	}
	done := make(chan result, 1)
	go func() {
		landed, err := l.Push(t.Context(), repo.Target{Remote: "origin", Branch: "main"}, lock.Wait{})
		done <- result{landed, err}
	}()
	awaitFile(t, filepath.Join(dir, "begun"))
	b.steal("A")
	r := <-done
	if err := os.WriteFile(filepath.Join(dir, "stop"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if r.err != nil || !errors.Is(r.landed.Unanswered, lock.ErrLost) || r.landed.Commits != 1 {
		t.Errorf("%+v, %v", r.landed, r.err)
	}
	if holder, err := b.conductor().Holder(t.Context()); err != nil || holder == nil || holder.Session != "B" {
		t.Errorf("%+v (%v)", holder, err)
	}
	a.linear("by A")
}

// TestLandRemoteLocked: a lock file that was left on the remote is named, and the
// session is not blocked by it; one that goes in time does no harm.
func TestLandRemoteLocked(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	path := filepath.Join(a.hub, "refs", "heads", "main.lock")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := a.unchanged(a.tryPush)
	var locked *RemoteLockedError
	if !errors.As(err, &locked) || !strings.HasSuffix(locked.Path, "refs/heads/main.lock") || a.session().Status != bus.Running {
		t.Errorf("%v", err)
	}
	a.hook(a.hub, "pre-receive", "test -e once && rm -f refs/heads/main.lock; touch once")
	a.push()
	a.linear("by A")
}
