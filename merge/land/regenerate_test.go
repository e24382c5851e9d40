package land

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge"
)

// locked is a change of B's to a list and to what is made of it, beside which A has landed another.
func locked(t testing.TB) (a, b *field) {
	t.Helper()
	a, b = oneField(t)
	list := func(f *field, subject string, lines map[int]string) {
		f.write("all.lock", "made of\n"+nine(lines))
		f.commit(subject, "base", nine(lines))
	}
	a.write("all.lock", "made of\n"+nine(nil))
	a.commit("lock", "base", nine(nil))
	a.push()
	b.pull()
	list(a, "[Session A] one", map[int]string{1: "A"})
	a.push()
	list(b, "two", map[int]string{2: "B"})
	return a, b
}

const makeLock = "(echo made of; cat base) > all.lock"

func (f *field) pushMaking(line string) (*Landed, error) {
	f.Helper()
	l := f.lander()
	l.Regenerate = func() (*merge.Regenerator, error) {
		return &merge.Regenerator{Commands: []merge.RegenerateCommand{{Pattern: "*.lock", Line: line}}, Limit: time.Minute}, nil
	}
	return l.Push(f.Context(), f.target(), lock.Wait{Timeout: time.Minute})
}

// TestRegeneratePush: what the command makes of the healed list lands, while the push lock is free, and
// the commit says so.
func TestRegeneratePush(t *testing.T) {
	t.Parallel()
	_, b := locked(t)
	if err := b.unchanged(b.tryPush); !strings.HasSuffix(err.Error(), "in all.lock") {
		t.Errorf("without a command: %v", err)
	}
	dir := t.TempDir()
	held := make(chan string, 1)
	for _, name := range []string{"runs", "go"} {
		if err := exec.Command("mkfifo", filepath.Join(dir, name)).Run(); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		_, _ = os.ReadFile(filepath.Join(dir, "runs")) // until the command has begun
		candidate := b.lander().Lock.Candidate(b.id)
		defer candidate.Close()
		holder, err := candidate.Holder(b.Context())
		state := "free"
		if err != nil || holder != nil {
			state = "held"
		}
		held <- state
		_ = os.WriteFile(filepath.Join(dir, "go"), []byte("on\n"), 0o666)
	}()
	landed, err := b.pushMaking("cd " + dir + " && echo > runs && read -r on < go; cd - && cp all.lock " + dir + " && " + makeLock)
	if err != nil {
		t.Fatal(err)
	}
	if state := <-held; state != "free" {
		t.Errorf("while the command ran the push lock was %s", state)
	}
	if was, err := os.ReadFile(filepath.Join(dir, "all.lock")); err != nil || string(was) != "made of\n"+nine(map[int]string{1: "A"}) {
		t.Errorf("it was made from %q (%v), not from what had landed", was, err)
	}
	if b.read("base") != bothLines || b.read("all.lock") != "made of\n"+bothLines || landGit(t, b.hub, "show", "main:all.lock")+"\n" != "made of\n"+bothLines {
		t.Errorf("base %q, all.lock %q", b.read("base"), b.read("all.lock"))
	}
	if got := b.message("HEAD"); !strings.Contains(got, "Healed: all.lock regenerated\nHealed: base neighbours") {
		t.Errorf("the message is %q", got)
	}
	if len(landed.Healed) != 2 || landed.Healed[0].Rules()[0] != "regenerated" {
		t.Errorf("healed: %+v", landed.Healed)
	}
	b.tidy()
}

// TestRegeneratePushRefused: a command that fails refuses the push as the conflict does, with a word why.
func TestRegeneratePushRefused(t *testing.T) {
	t.Parallel()
	_, b := locked(t)
	err := b.unchanged(func() (*Landed, error) { return b.pushMaking("echo no network; exit 7") })
	var conflict *ConflictError
	if !errors.As(err, &conflict) || strings.Join(conflict.Files, " ") != "all.lock" || !strings.HasSuffix(err.Error(), "(swarm.regenerate 'echo no network; exit 7' ended with 7: no network)") {
		t.Errorf("%v", err)
	}
	if _, err := b.pushMaking(makeLock); err != nil {
		t.Error(err)
	}
	b.tidy()
}
