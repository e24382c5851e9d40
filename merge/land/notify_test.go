package land

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestLandTells: whose claims a push changed gets one message that names the
// files; claims on folders count, one's own and untouched ones do not.
func TestLandTells(t *testing.T) {
	t.Parallel()
	_, fields := newGround(t, "A", "B", "C", "D")
	a, b, c, d := fields[0], fields[1], fields[2], fields[3]
	a.claim("A")
	b.claim("src", "B")
	c.claim("lib/x", "gone", "late")
	d.claim("elsewhere")
	a.write("gone", "x\n")
	a.commit("files", "lib/x", "x\n")
	a.git("push", "-q", "origin", "HEAD:main")
	d.commit("beside", "D", "changed\n")
	d.push()
	a.write("src/one", "x\n")
	a.write("src/deep/two", "x\n")
	a.write("A", "changed\n")
	a.git("rm", "-q", "gone")
	a.git("mv", "lib/x", "lib/y")
	a.git("add", "-A")
	a.git("commit", "-q", "-m", "by A")
	landed := a.push()
	if got := strings.Join(landed.Notified, " "); got != "B C" {
		t.Errorf("told %q", got)
	}
	span := landed.Before[:10] + ".." + landed.After[:10]
	for f, want := range map[*field]string{
		a: "", d: "",
		b: "my push to origin/main changed what you claim: src/deep/two, src/one (" + span + ")",
		c: "my push to origin/main changed what you claim: gone, lib/x (" + span + ")",
	} {
		if got := strings.Join(f.news(), "|"); got != want {
			t.Errorf("%s was told %q", f.id, got)
		}
	}
	if again := a.push(); len(again.Notified) > 0 {
		t.Errorf("told again: %q", again.Notified)
	}
}

// TestLandTellsMany: many files are cut short, and names that are no UTF-8 do not
// keep the message from being sent.
func TestLandTellsMany(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	b.claim("many", "latin")
	for i := range 30 {
		a.write(fmt.Sprintf("many/%02d", i), "x\n")
	}
	a.git("config", "diff.relative", "true")
	a.commit("by A", "latin/caf\xe9", "x\n")
	a.push()
	news := b.news()
	if len(news) != 1 || !strings.Contains(news[0], "latin/caf\ufffd, many/00, ") || !strings.Contains(news[0], " and 21 more (") {
		t.Errorf("%q", news)
	}
}

// TestLandTellsConflict: whose commits are in the way is told as well.
func TestLandTellsConflict(t *testing.T) {
	t.Parallel()
	a, b := inConflict(t)
	_ = b.unchanged(b.tryPush)
	if news := a.news(); len(news) != 1 || !strings.Contains(news[0], "conflict in base") {
		t.Errorf("%q", news)
	}
	_ = b.unchanged(b.tryPull)
	if news := a.news(); len(news) != 1 {
		t.Errorf("a pull told %q", news)
	}
	if s := a.session(); s.Status != bus.Running {
		t.Errorf("%+v", s)
	}
}

// TestKilledTells: of a push that was killed once it had landed, the session's next push
// tells whom it concerns: whose claims it changed, and whose conflicts it healed, once.
func TestKilledTells(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(b *field){
		"before it was written what has landed": func(b *field) {
			dir := b.TempDir()
			b.hook(b.hub, "post-receive", waitFor(dir))
			push := b.landing("push").start()
			awaitFile(b, filepath.Join(dir, "begun"))
			push.kill()
			b.hook(b.hub, "post-receive", "")
		},
		"before it told": func(b *field) {
			l, target, tip := b.lander(), b.target(), b.head()
			before, err := l.fetch(b.Context(), target)
			if err != nil {
				b.Fatal(err)
			}
			next, _, err := l.onto(b.Context(), nil, tip, nil, before, before, target)
			if err == nil {
				err = writePending(b.repo(), pending{"feat/B", tip, next, before, target.String()})
			}
			if err != nil {
				b.Fatal(err)
			}
			b.git("push", "-q", "origin", next+":main")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := besides(t)
			a.claim("base")
			b.commit("line 2", "base", nine(map[int]string{2: "B"}))
			kill(b)
			b.push()
			b.commit("more", "B", "more\n")
			b.push()
			news := strings.Join(a.news(), "\n")
			if strings.Count(news, "healed a conflict with your") != 1 || strings.Count(news, "changed what you claim: base") != 1 || strings.Count(news, "\n") != 1 {
				t.Errorf("A was told %q", news)
			}
		})
	}
}

// TestNotifyOthersAlone: a session gets no message about a conflict with a commit of
// its own, which another landed for it, or with one of no session.
func TestNotifyOthersAlone(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	a.commit("[Session B] one", "base", nine(map[int]string{1: "A"}))
	a.commit("[Session Nobody] five", "base", nine(map[int]string{1: "A", 5: "A"}))
	a.push()
	b.commit("line 2", "base", nine(map[int]string{2: "B", 6: "B"}))
	if landed := b.push(); len(landed.Healed) != 1 {
		t.Fatalf("%+v", landed)
	}
	if a, b := a.news(), b.news(); len(a) > 0 || len(b) > 0 {
		t.Errorf("A has news %q, and B %q", a, b)
	}
}
