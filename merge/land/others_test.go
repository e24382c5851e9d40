package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// conducted are clones that wait for the first one, which verifies until release, and a
// verify command of theirs that counts its runs and fails on a file "bad".
type conducted struct {
	testing.TB
	fields  []*hubField
	hub     string
	runs    string
	verify  string
	release func()
}

// slow is how long anything may take.
const slow = 3 * time.Minute

func newConducted(t *testing.T, ids ...string) *conducted {
	t.Helper()
	fields := newHubFields(t, ids...)
	runs := filepath.Join(t.TempDir(), "runs")
	c := &conducted{t, fields, fields[0].hub, runs, "echo run $(date +%T) $PWD: $(echo *) >>" + runs + "; test ! -e bad", nil}
	lease, _, err := fields[0].lander().Lock.Verifier("origin/main").Acquire(t.Context(), fields[0].id, lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	c.release = func() {
		t.Helper()
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range fields {
		f.interval = time.Second
	}
	return c
}

func (c *conducted) lander(f *hubField, rules string) *Lander {
	l := f.lander()
	l.Verify, l.Rules = c.verify, rules
	return l
}

type pushed struct {
	landed *Landed
	err    error
}

// push commits the file and pushes, and returns once the clone is in line, and its work is
// offered if it is to be.
func (c *conducted) push(f *hubField, file, rules string) <-chan pushed {
	c.Helper()
	return c.pushWith(f, file, c.lander(f, rules))
}

func (c *conducted) pushWith(f *hubField, file string, l *Lander) <-chan pushed {
	c.Helper()
	f.commit("by "+f.id, file, "changed\n")
	done := make(chan pushed, 1)
	go func() {
		landed, err := l.Push(c.Context(), f.target(), lock.Wait{Timeout: slow})
		done <- pushed{landed, err}
	}()
	c.until(func() bool { return strings.Contains(c.table(lock.TurnsRef), "/"+f.clone+"\n") })
	return done
}

// table are the paths in a table on the hub, a line each.
func (c *conducted) table(ref string) string {
	c.Helper()
	if landGit(c, c.hub, "for-each-ref", ref) == "" {
		return ""
	}
	if paths := landGit(c, c.hub, "ls-tree", "-r", "--name-only", ref); paths != "" {
		return paths + "\n"
	}
	return ""
}

func (c *conducted) until(so func() bool) {
	c.Helper()
	for deadline := time.Now().Add(slow); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.Fatalf("in line are %q, offered are %q", c.table(lock.TurnsRef), c.table(queue.OffersRef))
		}
	}
}

// verified is how often the command has run.
func (c *conducted) verified() int {
	content, _ := os.ReadFile(c.runs)
	return strings.Count(string(content), "run")
}

// quiet checks that nothing is left in line, offered, or in the queues.
func (c *conducted) quiet() {
	c.Helper()
	if line, offered := c.table(lock.TurnsRef), c.table(queue.OffersRef); line != "" || offered != "" {
		c.Errorf("in line are %q, offered are %q", line, offered)
	}
	if content, err := os.ReadFile(c.runs); err == nil {
		c.Logf("the command ran on\n%s", content)
	}
	for _, f := range c.fields {
		if all, err := queue.Entries(c.Context(), f.bus()); err != nil || len(all) > 0 {
			c.Errorf("in the queue of %s are %+v, %v", f.clone, all, err)
		}
		if pins := f.git("for-each-ref", "--format=%(refname)", "refs/swarm-pins/*.offer", "refs/swarm-pins/*.landing"); strings.Contains(pins, ".offer") || strings.Contains(pins, ".landing") {
			c.Errorf("%s keeps %s", f.clone, pins)
		}
		if faults, _, err := queue.Fsck(c.Context(), f.bus()); err != nil || len(faults) > 0 {
			c.Errorf("%s: %v, %v", f.clone, faults, err)
		}
	}
}

// TestConductAll: who has the turn lands what waits in other clones with the same rules
// along with its own, verified once; each clone's branch follows.
func TestConductAll(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C", "D")
	var all []<-chan pushed
	for i, rules := range []string{"same", "same", "other"} {
		f := c.fields[i+1]
		all = append(all, c.push(f, f.id, rules))
	}
	c.release()
	for i, done := range all {
		f := c.fields[i+1]
		p := <-done
		if p.err != nil || p.landed.Commits != 1 || p.landed.Stayed != nil || p.landed.Late != nil {
			t.Fatalf("%s: %+v, %v", f.id, p.landed, p.err)
		}
		if tip := f.head(); tip != p.landed.After {
			t.Errorf("%s is at %s and not at %s", f.id, tip, p.landed.After)
		}
	}
	if log := strings.Join(c.fields[0].hubLog("main")[:3], ", "); log != "by D, by C, by B" {
		t.Errorf("main has %s", log)
	}
	if n := c.verified(); n != 2 {
		t.Errorf("the command ran %d times", n)
	}
	c.quiet()
}

// TestConductHalfSeen: a fetch may see a push of several refs in part. Whose work another
// clone has landed, and who takes the turn before it sees that, runs no command for it.
func TestConductHalfSeen(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	b, late := c.fields[1], c.fields[2]
	script := late.git("config", "remote.origin.uploadpack")
	text := `#!/bin/sh
# Five fetches see half of it: a push that waits for the whole of it has its patience.
if [ "$(grep -c half HUB.seen 2>/dev/null || :)" != 5 ] && git -C HUB cat-file -p refs/swarm/offers:C 2>/dev/null | grep -q 'by = .b.' && ! git -C HUB grep -q 'session = .C.' refs/swarm/locks; then
	cp -R HUB HUB.$$ && git -C HUB.$$ update-ref refs/swarm/offers refs/swarm/offers^ && echo half >>HUB.seen
	exec git upload-pack HUB.$$
fi
exec git upload-pack "$@"
`
	if err := os.WriteFile(script, []byte(strings.ReplaceAll(text, "HUB", c.hub)), 0o777); err != nil {
		t.Fatal(err)
	}
	first, last := c.push(b, "B", "same"), c.push(late, "C", "same")
	c.release()
	for _, done := range []<-chan pushed{first, last} {
		if p := <-done; p.err != nil || p.landed.Commits != 1 || p.landed.Stayed != nil || p.landed.Late != nil {
			t.Fatalf("%+v, %v", p.landed, p.err)
		}
	}
	if _, err := os.Stat(c.hub + ".seen"); err != nil {
		t.Error("no fetch has seen half of it")
	}
	if n := c.verified(); n != 1 {
		t.Errorf("the command ran %d times", n)
	}
	c.quiet()
}

// TestConductOwn: without the setting nothing is offered, and nothing is taken.
func TestConductOwn(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	var all []<-chan pushed
	for i, rules := range []string{"", "same"} {
		f := c.fields[i+1]
		all = append(all, c.push(f, f.id, rules))
	}
	if offered := c.table(queue.OffersRef); offered != "C\n" {
		t.Errorf("offered are %q", offered)
	}
	c.release()
	for _, done := range all {
		if p := <-done; p.err != nil {
			t.Fatal(p.err)
		}
	}
	if n := c.verified(); n != 2 {
		t.Errorf("the command ran %d times", n)
	}
	c.quiet()
}

// TestConductKept: where the hub does not have commits replaced, a clone waits without an
// offer, and lands its own.
func TestConductKept(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	other := landGit(t, c.hub, "commit-tree", "main^{tree}", "-m", "offered before")
	landGit(t, c.hub, "update-ref", "refs/swarm/tips/C.offer", other)
	c.fields[0].hook(c.hub, "update", `case $1:$2 in refs/swarm/tips/*:00000000*) ;; refs/swarm/tips/*) git merge-base --is-ancestor $2 $3;; esac`)
	first, last := c.push(c.fields[1], "B", "same"), c.push(c.fields[2], "C", "same")
	if offered, tip := c.table(queue.OffersRef), landGit(t, c.hub, "rev-parse", "refs/swarm/tips/C.offer"); offered != "B\n" || tip != other {
		t.Errorf("offered are %q, C's is %s", offered, tip)
	}
	c.release()
	for _, done := range []<-chan pushed{first, last} {
		if p := <-done; p.err != nil || p.landed.Commits != 1 {
			t.Fatalf("%+v, %v", p.landed, p.err)
		}
	}
	if n := c.verified(); n != 2 {
		t.Errorf("the command ran %d times", n)
	}
	c.quiet()
}

// TestConductBad: what the command refuses keeps nobody else's work out, and its own clone
// refuses it.
func TestConductBad(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C", "D")
	var all []<-chan pushed
	for i, name := range []string{"B", "bad", "D"} {
		all = append(all, c.push(c.fields[i+1], name, "same"))
	}
	c.release()
	for i, done := range all {
		p := <-done
		var failure *VerifyError
		if bad := i == 1; bad != errors.As(p.err, &failure) || !bad && p.err != nil {
			t.Errorf("%s: %v", c.fields[i+1].id, p.err)
		}
	}
	if log := strings.Join(c.fields[0].hubLog("main"), ", "); !strings.Contains(log, "by B") || !strings.Contains(log, "by D") || strings.Contains(log, "by C") {
		t.Errorf("main has %s", log)
	}
	c.quiet()
}

// TestConductWithdrawn: what was taken out of its queue lands nowhere, also where another
// clone was about to land it.
func TestConductWithdrawn(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	b, other := c.fields[1], c.fields[2]
	last := c.lander(b, "same")
	withdrawn := false
	last.Gate = func(_ context.Context, session, _, _ string) error {
		if session == "C" && !withdrawn {
			withdrawn = true
			if out, err := queue.Withdraw(t.Context(), other.bus(), "C"); err != nil || out == nil {
				t.Errorf("withdrawn: %+v, %v", out, err)
			}
		}
		return nil
	}
	landed := c.pushWith(b, "B", last)
	done := c.push(other, "C", "same")
	c.release()
	if p := <-landed; p.err != nil {
		t.Fatal(p.err)
	}
	if p := <-done; !errors.Is(p.err, ErrWithdrawn) {
		t.Errorf("C: %+v, %v", p.landed, p.err)
	}
	if log := strings.Join(b.hubLog("main"), ", "); !withdrawn || strings.Contains(log, "by C") {
		t.Errorf("main has %s", log)
	}
	c.quiet()
}

// TestConductLeft: what a clone has offered lands also where no process of it is left, and
// its session's next push, of a commit more, finds it landed. Nobody can withdraw it then.
func TestConductLeft(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	b, gone := c.fields[1], c.fields[2]
	gone.commit("by C", "C", "changed\n")
	l := c.lander(gone, "same")
	queued, _, err := l.Put(t.Context(), gone.target())
	if err != nil {
		t.Fatal(err)
	}
	candidate := l.conductor(gone.target()).Candidate("C")
	defer candidate.Close()
	if mine, err := l.takeOver(t.Context(), candidate); err != nil || !mine {
		t.Fatal(mine, err)
	}
	waits := &train{Lander: l, target: gone.target()}
	if err := waits.enterLine(t.Context()); err != nil {
		t.Fatal(err)
	}
	waits.leaveLine(t.Context())
	lease, _ := candidate.Hold(t.Context())
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if offered := c.table(queue.OffersRef); offered != "C\n" {
		t.Fatalf("offered are %q", offered)
	}
	done := c.push(b, "B", "same")
	c.release()
	if p := <-done; p.err != nil {
		t.Fatal(p.err)
	}
	if log := strings.Join(b.hubLog("main")[:2], ", "); log != "by C, by B" {
		t.Errorf("main has %s", log)
	}
	var elsewhere *queue.ElsewhereError
	_, err = queue.Withdraw(t.Context(), gone.bus(), "C")
	if main := landGit(t, c.hub, "rev-parse", "main"); !errors.As(err, &elsewhere) || elsewhere.Offer.By != "b" || elsewhere.Offer.After != main {
		t.Errorf("withdrawn: %v, and main is at %s", err, main)
	}
	gone.commit("more by C", "more", "changed\n")
	if landed, err := c.lander(gone, "same").Push(t.Context(), gone.target(), lock.Wait{Timeout: slow}); err != nil || landed.Commits != 1 {
		t.Errorf("%s: %+v, %v", queued.Entry.Tip, landed, err)
	}
	if log := strings.Join(b.hubLog("main")[:3], ", "); log != "more by C, by C, by B" {
		t.Errorf("main has %s", log)
	}
	c.quiet()
}

// TestConductMoved: what a session has offered in a clone that it is at home in no more, no
// other clone lands. That clone keeps nobody waiting for it.
func TestConductMoved(t *testing.T) {
	t.Parallel()
	c := newConducted(t, "A", "B", "C")
	b, from := c.fields[1], c.fields[2]
	done := c.push(from, "C", "same")
	if _, err := c.fields[0].bus().Bring(t.Context(), "A", "C", func(*refstore.Tx, string, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	c.release()
	var elsewhere *bus.ElsewhereError
	if p := <-done; !errors.As(p.err, &elsewhere) {
		t.Errorf("C: %+v, %v", p.landed, p.err)
	}
	if line, offered := c.table(lock.TurnsRef), c.table(queue.OffersRef); line != "" || offered != "C\n" {
		t.Errorf("in line are %q, offered are %q", line, offered)
	}
	b.commit("by B", "B", "changed\n")
	if _, err := c.lander(b, "same").Push(t.Context(), b.target(), lock.Wait{Timeout: slow}); err != nil {
		t.Fatal(err)
	}
	if log := strings.Join(b.hubLog("main")[:1], ", "); log != "by B" {
		t.Errorf("main has %s", log)
	}
}

// TestConductMovedAway: what a session has put in a clone before it moved to another does
// not land there any more, by whomever: the session, which acts elsewhere, is told.
func TestConductMovedAway(t *testing.T) {
	t.Parallel()
	fields := newHubFields(t, "A", "C")
	from := fields[1]
	if _, err := from.bus().Register(t.Context(), []bus.Registration{{ID: "E", Workstream: "e"}}); err != nil {
		t.Fatal(err)
	}
	from.commit("by C", "C", "changed\n")
	l := from.lander()
	if _, _, err := l.Put(t.Context(), from.target()); err != nil {
		t.Fatal(err)
	}
	if _, err := fields[0].bus().Bring(t.Context(), "A", "C", func(*refstore.Tx, string, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	l = from.lander()
	l.Session = "E"
	if err := l.Bus.Store().Refresh(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := l.Conduct(t.Context(), from.target(), lock.Wait{Timeout: slow}); err != nil {
		t.Fatal(err)
	}
	if log := strings.Join(from.hubLog("main"), ", "); strings.Contains(log, "by C") {
		t.Errorf("main has %s", log)
	}
	if e, err := queue.Find(t.Context(), from.bus(), "C"); err != nil || e == nil || e.Stage != queue.Refused || !strings.Contains(e.Why, "'a'") {
		t.Errorf("the entry is %+v, %v", e, err)
	}
}
