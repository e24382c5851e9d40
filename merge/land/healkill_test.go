package land

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestHealPushKilled: killed at any moment, together with the git at work for it,
// nothing is lost, and the next push heals and lands everything.
func TestHealPushKilled(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	all := 0
	for i := range rounds + 1 {
		a, b := oneField(t)
		a.write("more", nine(nil))
		a.commit("[Session A] lines", "base", nine(map[int]string{1: "A", 4: "A", 7: "A"}))
		a.push()
		b.commit("2", "base", nine(map[int]string{2: "B"}))
		b.commit("5", "base", nine(map[int]string{2: "B", 5: "B"}))
		b.commit("8", "base", nine(map[int]string{2: "B", 5: "B", 8: "B"}))
		if i == 0 {
			all = b.countEvents()
		} else {
			push := b.landing("push")
			push.killAt = all*(2*i-1)/(2*rounds) + 1
			push.start().end()
		}
		if got := b.git("status", "--porcelain", "--untracked-files=no"); got != "" {
			if _, err := os.Stat(moveFile(b.repo())); err != nil {
				t.Errorf("round %d: nothing was being moved, and the status is %q", i, got)
			}
		}
		_ = os.Remove(filepath.Join(b.git("rev-parse", "--absolute-git-dir"), "index.lock")) // of a git that was killed
		b.push()
		if got, want := b.read("base"), nine(map[int]string{1: "A", 2: "B", 4: "A", 5: "B", 7: "A", 8: "B"}); got != want {
			t.Errorf("round %d: base is %q", i, got)
		}
		b.linear("[Session A] lines", "2", "5", "8")
		if got := b.git("log", "-3", "--format=%(trailers:key=Healed,valueonly,separator=%x2c)"); got != "base neighbours\nbase neighbours\nbase neighbours" {
			t.Errorf("round %d: trailers: %q", i, got)
		}
	}
}

// TestHealPushKilledLanded: killed when the target has moved and the branch has
// not followed, the next push knows what of the branch has landed, healed, and
// lands the rest, also after a push that was refused meanwhile.
func TestHealPushKilledLanded(t *testing.T) {
	for _, more := range []bool{false, true} {
		a, b := besides(t)
		healed := map[int]string{}
		for i := 2; i <= 9; i++ { // too much with numbers in it for a rule to see that one holds the other
			healed[i] = fmt.Sprintf("set %d to %d now", i, 10*i)
		}
		b.commit("numbers", "base", nine(healed))
		healed[1] = "A"
		landed := filepath.Join(t.TempDir(), "landed")
		a.hook(a.hub, "post-receive", "touch '"+landed+"'; exec sleep 100 >/dev/null 2>&1")
		push := b.landing("push").start()
		awaitFile(t, landed)
		push.kill()
		a.hook(a.hub, "post-receive", "exit 0")
		subjects := []string{"[Session A] one", "numbers"}
		if got := landGit(t, a.hub, "show", "main:base"); got+"\n" != nine(healed) {
			t.Fatalf("it had not landed: %q", got)
		}
		if more {
			b.commit("more", "B", "more\n")
			b.git("fetch", "-q")
			a.hook(a.hub, "pre-receive", "exit 1")
			var rejected *RejectedError
			if err := b.unchanged(b.tryPush); !errors.As(err, &rejected) {
				t.Error(err)
			}
			a.hook(a.hub, "pre-receive", "exit 0")
			subjects = append(subjects, "more")
		}
		b.push()
		b.linear(subjects...)
		if got := b.read("base"); got != nine(healed) {
			t.Errorf("base is %q", got)
		}
		if _, err := os.Stat(pendingFile(b.repo())); err == nil {
			t.Error("the note of the landing was left")
		}
	}
}
