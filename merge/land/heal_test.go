package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// nine is the file base of a ground with some lines changed.
func nine(lines map[int]string) string {
	var b strings.Builder
	for i := 1; i <= 9; i++ {
		if text, ok := lines[i]; ok {
			b.WriteString(text + "\n")
		} else {
			fmt.Fprintf(&b, "%d\n", i)
		}
	}
	return b.String()
}

// besides lets A land a change of line 1, next to which B changes line 2: a
// conflict to git, which neighbours heals.
func besides(t testing.TB) (a, b *field) {
	t.Helper()
	a, b = oneField(t)
	a.commit("[Session A] one", "base", nine(map[int]string{1: "A"}))
	a.push()
	return a, b
}

var bothLines = nine(map[int]string{1: "A", 2: "B"})

// message is that of a commit, to the byte.
func (f *field) message(revision string) string {
	f.Helper()
	_, message, _ := strings.Cut(landGit(f, f.dir, "-c", "i18n.logOutputEncoding=UTF-8", "show", "-s", "--no-show-signature", "--format=x%n%B", revision), "\n")
	return strings.TrimSuffix(message, "\n")
}

// TestHealPush: each commit of a branch is healed for itself and says so in its
// own message; author and date stay; the other side's session is told.
func TestHealPush(t *testing.T) {
	a, b := oneField(t)
	a.write("more", nine(map[int]string{9: "A"}))
	a.commit("[Session A] two files", "base", nine(map[int]string{1: "A"}))
	first := a.git("rev-parse", "--short", "HEAD")
	b.git("config", "user.name", "Bea")
	t.Setenv("GIT_AUTHOR_DATE", "2001-02-03T04:05:06+0700")
	b.commit("plain", "B", "plain\n")
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	b.commit("line 9", "base", nine(map[int]string{2: "B", 9: "C"}))
	b.git("config", "user.name", "Tess")
	authors := b.git("log", "-3", "--format=%an %ae %ad %s")
	t.Setenv("GIT_AUTHOR_DATE", "")
	a.push()
	landed := b.push()
	if got := b.git("log", "-3", "--format=%an %ae %ad %s"); got != authors {
		t.Errorf("authors were\n%s\nand are\n%s", authors, got)
	}
	if got, want := b.read("base"), nine(map[int]string{1: "A", 2: "B", 9: "C"}); got != want {
		t.Errorf("base: %q", got)
	}
	if got := landGit(t, b.hub, "show", "main~1:base"); got+"\n" != bothLines {
		t.Errorf("base after the second commit: %q", got)
	}
	for revision, want := range map[string]string{"main~2": "plain\n", "main~1": "line 2\n\nHealed: base neighbours\n", "main": "line 9\n"} {
		if got := landGit(t, b.hub, "show", "-s", "--format=%B", revision) + "\n"; strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
			t.Errorf("%s says %q, want %q", revision, got, want)
		}
	}
	if len(landed.Healed) != 1 || landed.Healed[0].Path != "base" || !slices.Equal(landed.Healed[0].Rules(), []string{"neighbours"}) {
		t.Errorf("healed: %+v", landed.Healed)
	}
	if news, want := a.news(), []string{"my push healed a conflict with your " + first + ": base (neighbours)"}; !slices.Equal(news, want) {
		t.Errorf("A is told %q, want %q", news, want)
	}
	if news := b.news(); len(news) > 0 {
		t.Errorf("B is told %q", news)
	}
}

// messages are what commits say, and what they say once they were healed.
var messages = []struct{ message, want string }{
	{"subject\n", "subject\n\nHealed: "},
	{"subject\n\none\ntwo\n\nthree: four\nfive\n", "subject\n\none\ntwo\n\nthree: four\nfive\n\nHealed: "},
	{"subject\n\nbody\n\nReviewed-by: X <x@y>\nA: b\n", "subject\n\nbody\n\nReviewed-by: X <x@y>\nA: b\nHealed: "},
	{"subject\n\nHealed: other words\n", "subject\n\nHealed: other words\nHealed: "},
	{"subject\n\n#123 is a line\n\n# so is this\n", "subject\n\n#123 is a line\n\n# so is this\n\nHealed: "},
	{"subject\n\n;123 is a line\n", "subject\n\n;123 is a line\n\nHealed: "},
	{"subject\n\nabove\n---\nbelow\n", "subject\n\nabove\n---\nbelow\n\nHealed: "},
	{"subject\n\n# ------------------------ >8 ------------------------\nbelow\n", "subject\n\n# ------------------------ >8 ------------------------\nbelow\n\nHealed: "},
	{"äöü\n\n\u2713\n", "äöü\n\n\u2713\n\nHealed: "},
	{"", "Healed: "},
}

// TestHealPushMessages: whatever a message holds and is configured for messages,
// it stays as it is, with the trailer where trailers go. No editor is opened.
func TestHealPushMessages(t *testing.T) {
	for _, settings := range [][]string{
		{"core.editor=false"},
		{"commit.cleanup=scissors", "commit.verbose=true", "commit.template=/dev/null"},
		{
			"core.commentChar=;", "commit.cleanup=strip", "i18n.commitEncoding=ISO-8859-15", "i18n.logOutputEncoding=ISO-8859-15",
			"trailer.ifmissing=doNothing", "trailer.where=start", "trailer.separators==", "trailer.healed.ifexists=doNothing",
		},
	} {
		t.Run(settings[0], func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			for i := range messages {
				a.write(fmt.Sprint("f", i), nine(nil))
			}
			a.commit("files", "x", "x\n")
			a.push()
			b.pull()
			for i := range messages {
				a.write(fmt.Sprint("f", i), nine(map[int]string{1: "A"}))
			}
			a.commit("[Session A] all", "x", "y\n")
			a.push()
			said := filepath.Join(t.TempDir(), "message")
			for i, m := range messages {
				if err := os.WriteFile(said, []byte(m.message), 0o666); err != nil {
					t.Fatal(err)
				}
				b.write(fmt.Sprint("f", i), nine(map[int]string{2: "B"}))
				b.git("commit", "-q", "-a", "--cleanup=verbatim", "--allow-empty-message", "--file="+said)
			}
			for _, s := range settings {
				key, value, _ := strings.Cut(s, "=")
				b.git("config", key, value)
			}
			if landed := b.push(); len(landed.Healed) != len(messages) {
				t.Errorf("healed: %+v", landed.Healed)
			}
			for i, m := range messages {
				want := fmt.Sprintf("%sf%d neighbours", m.want, i)
				if got := b.message(fmt.Sprint("HEAD~", len(messages)-1-i)); strings.Trim(got, "\n") != want {
					t.Errorf("the message is %q, want %q", got, want)
				}
			}
		})
	}
}

// TestHealPushSigned: a healed commit is signed once where commits are, and
// signatures that git shows do not confuse what is read of it.
func TestHealPushSigned(t *testing.T) {
	a, b := besides(t)
	gpg := filepath.Join(t.TempDir(), "gpg")
	script := "#!/bin/sh\ncase \"$*\" in\n*--verify*) echo gpg: good >&2; exit 0;;\nesac\ncat >/dev/null; echo x >>\"$0.count\"\n" +
		"echo '[GNUPG:] SIG_CREATED D' >&2\necho '-----BEGIN PGP SIGNATURE-----'; echo; echo x; echo '-----END PGP SIGNATURE-----'\n"
	if err := os.WriteFile(gpg, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	b.commit("[Session B] line 2", "base", nine(map[int]string{2: "B"}))
	b.git("config", "gpg.program", gpg)
	b.git("config", "commit.gpgSign", "true")
	b.git("config", "log.showSignature", "true")
	b.push()
	if raw := b.git("cat-file", "commit", "HEAD"); strings.Count(raw, "gpgsig ") != 1 || !strings.HasSuffix(raw, "\n\nHealed: base neighbours") {
		t.Errorf("the commit is %q", raw)
	}
	if count, err := os.ReadFile(gpg + ".count"); err != nil || string(count) != "x\n" {
		t.Errorf("it was signed %q (%v)", count, err)
	}

	a.pull()
	a.commit("[Session A] line 5", "base", strings.Replace(bothLines, "5", "A", 1))
	a.push()
	b.commit("[Session B] line 5", "base", strings.Replace(bothLines, "5", "B", 1))
	var conflict *ConflictError
	if err := b.unchanged(b.tryPush); !errors.As(err, &conflict) || !strings.HasSuffix(conflict.Commit, " [Session B] line 5") || strings.Contains(conflict.Commit, "gpg") {
		t.Errorf("%#v", err)
	}
}

// TestHealPushHooks: no hook for commits refuses a healed one, or runs for it.
func TestHealPushHooks(t *testing.T) {
	a, b := besides(t)
	ran := filepath.Join(t.TempDir(), "ran")
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	for _, name := range []string{"pre-commit", "commit-msg", "pre-merge-commit"} {
		a.hook(filepath.Join(a.app, ".git"), name, "exit 1")
	}
	for _, name := range []string{"prepare-commit-msg", "post-commit"} {
		a.hook(filepath.Join(a.app, ".git"), name, "echo "+name+" >> '"+ran+"'")
	}
	b.push()
	if got, err := os.ReadFile(ran); err == nil {
		t.Errorf("hooks that ran: %q", got)
	}
	if message := b.git("log", "-1", "--format=%B"); !strings.Contains(message, "Healed: base") {
		t.Errorf("nothing was healed: %q", message)
	}
}

// TestHealPushEmpty: a commit of which the target has everything already is
// dropped, as git drops one, and the others land.
func TestHealPushEmpty(t *testing.T) {
	a, b := oneField(t)
	both := nine(map[int]string{1: "one whole new line", 2: "and another new line"})
	a.commit("[Session A] more", "base", both)
	a.push()
	b.commit("the same in part", "base", nine(map[int]string{1: "one whole new line"}))
	b.commit("next", "B", "next\n")
	landed := b.push()
	if landed.Commits != 1 || b.read("base") != both {
		t.Errorf("landed %+v, base is %q", landed, b.read("base"))
	}
	b.linear("[Session A] more", "next")
}

// TestHealPushRefused: one region left undoes everything, also what was healed
// before; the session is blocked and the other side is told, with its commits.
func TestHealPushRefused(t *testing.T) {
	a, b := oneField(t)
	a.commit("[Session A] lines 1 and 5", "base", nine(map[int]string{1: "A", 5: "A"}))
	first := a.git("rev-parse", "--short", "HEAD")
	a.commit("elsewhere", "A", "x\n")
	a.push()
	b.git("config", "rerere.enabled", "true")
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	b.commit("lines 5 and 9", "base", nine(map[int]string{2: "B", 5: "B", 9: "B"}))
	b.write("wip", "untracked\n")
	var conflict *ConflictError
	for range 2 { // A is told once
		if err := b.unchanged(b.tryPush); !errors.As(err, &conflict) {
			t.Fatal(err)
		}
	}
	if !slices.Equal(conflict.Files, []string{"base"}) || !strings.HasSuffix(conflict.Commit, " lines 5 and 9") || conflict.Theirs[0].Session != "A" {
		t.Errorf("%+v", conflict)
	}
	if s := b.session(); s.Status != bus.Blocked || s.Note != "push: conflict with origin/main in base" {
		t.Errorf("the session is %s: %q", s.Status, s.Note)
	}
	if news, want := a.news(), []string{"my push meets a conflict in base with your " + first + " on origin/main"}; !slices.Equal(news, want) {
		t.Errorf("A is told %q, want %q", news, want)
	}
	if kept, _ := filepath.Glob(filepath.Join(a.app, ".git", "rr-cache", "*")); len(kept) > 0 {
		t.Errorf("rerere has learnt %q", kept)
	}
	b.linear("[Session A] lines 1 and 5", "elsewhere")
	if err := b.unchanged(b.tryPull); !errors.As(err, &conflict) {
		t.Error(err)
	}

	b.git("reset", "-q", "--hard", "HEAD~1")
	b.push()
	if s := b.session(); s.Status != bus.Running || s.Note != "" {
		t.Errorf("after that the session is %s: %q", s.Status, s.Note)
	}
}

// TestHealPushLevels: off heals nothing, and wide what safe does not.
func TestHealPushLevels(t *testing.T) {
	a, b := oneField(t)
	a.commit("list", "main.go", "package p\n\nimport (\n\t\"b\"\n)\n\nvar _ = b.X\n")
	a.push()
	b.pull()
	a.commit("[Session A] import", "main.go", "package p\n\nimport (\n\t\"a\"\n\t\"b\"\n)\n\nvar _ = b.X\n")
	a.push()
	b.commit("import", "main.go", "package p\n\nimport (\n\t\"aa\"\n\t\"b\"\n)\n\nvar _ = b.X\n")
	push := func(level heal.Level) func() (*Landed, error) {
		return func() (*Landed, error) {
			l := b.lander()
			l.Heal = healing(level)
			return l.Push(t.Context(), b.target(), lock.Wait{Timeout: time.Minute})
		}
	}
	var conflict *ConflictError
	for _, level := range []heal.Level{heal.Off, heal.Safe} {
		if err := b.unchanged(push(level)); !errors.As(err, &conflict) {
			t.Errorf("level %d: %v", level, err)
		}
	}
	landed, err := push(heal.Wide)()
	if err != nil || len(landed.Healed) != 1 {
		t.Fatalf("wide: %v, %+v", err, landed)
	}
	b.tidy()
	if got := b.message("HEAD"); !strings.HasSuffix(strings.TrimSpace(got), "Healed: main.go unordered, landed first") {
		t.Errorf("the message is %q", got)
	}

	c, d := besides(t)
	d.commit("line 2", "base", nine(map[int]string{2: "B"}))
	off := d.lander()
	off.Heal = healing(heal.Off)
	if err := d.unchanged(func() (*Landed, error) { return off.Push(t.Context(), d.target(), lock.Wait{Timeout: time.Minute}) }); !errors.As(err, &conflict) {
		t.Error(err)
	}
	c.linear("[Session A] one")
}

func healing(level heal.Level) func(context.Context, string) (heal.Options, error) {
	return func(context.Context, string) (heal.Options, error) { return heal.Options{Level: level}, nil }
}

// TestHealPushAttributes: what .gitattributes says of merging holds in a push,
// and so does another default driver of the user's; ours would hide what it heals.
func TestHealPushAttributes(t *testing.T) {
	a, b := oneField(t)
	a.commit("attributes", ".gitattributes", "base -merge\n")
	a.push()
	b.pull()
	a.commit("[Session A] one", "base", nine(map[int]string{1: "A"}))
	a.push()
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	var conflict *ConflictError
	if err := b.unchanged(b.tryPush); !errors.As(err, &conflict) {
		t.Errorf("-merge: %v", err)
	}

	for driver, times := range map[string]string{merge.Driver: "", "mine": "x\n"} {
		called := filepath.Join(t.TempDir(), "called") // of this driver alone: maps have no order
		_, b := besides(t)
		b.git("config", "merge.default", driver)
		b.git("config", "merge."+driver+".driver", "echo x >> '"+called+"'; printf 'driven\\n' > %A")
		b.commit("line 2", "base", nine(map[int]string{2: "B"}))
		landed := b.push()
		content, _ := os.ReadFile(called)
		if string(content) != times || (len(landed.Healed) == 1) != (times == "") {
			t.Errorf("the driver %s was called %q, healed: %+v", driver, content, landed.Healed)
		}
	}
}

// TestHealPushOddNames: names go into trailers as one line, and files get what
// line ends and modes they had.
func TestHealPushOddNames(t *testing.T) {
	a, b := oneField(t)
	names := []string{"-dash", "a b", "new\nline", "q\"u\\o", "ünï", ":(top)x", "run.sh", "crlf.txt"}
	write := func(f *field, lines map[int]string) {
		f.write(".gitattributes", "*.txt text eol=crlf\n")
		for _, name := range names {
			text := nine(lines)
			if name == "crlf.txt" {
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			f.write(name, text)
		}
		f.git("add", "-A")
		f.git("update-index", "--chmod=+x", "run.sh")
		f.git("commit", "-q", "-m", "all")
		f.git("reset", "-q", "--hard")
	}
	write(a, nil)
	a.push()
	b.pull()
	write(a, map[int]string{1: "A"})
	a.push()
	write(b, map[int]string{2: "B"})
	landed := b.push()
	if len(landed.Healed) != len(names) {
		t.Errorf("healed: %+v", landed.Healed)
	}
	message := b.message("HEAD")
	for _, want := range []string{"Healed: -dash neighbours\n", "Healed: a b neighbours\n", "Healed: \"new\\nline\" neighbours\n", "Healed: ünï neighbours\n", "Healed: run.sh neighbours\n"} {
		if !strings.Contains(message+"\n", want) {
			t.Errorf("%q is not in %q", want, message)
		}
	}
	for _, name := range names {
		if got := strings.ReplaceAll(b.read(name), "\r\n", "\n"); got != bothLines {
			t.Errorf("%q: %q", name, got)
		}
	}
	if got := b.git("ls-files", "--eol", "--stage", "crlf.txt", "run.sh"); !strings.Contains(got, "i/lf    w/crlf") || !strings.Contains(got, "100755") {
		t.Errorf("%s", got)
	}
	if got := b.git("status", "--porcelain"); got != "" {
		t.Errorf("status: %s", got)
	}
}

// TestHealPull: a pull heals, too, and what was healed lands afterwards as it is.
func TestHealPull(t *testing.T) {
	_, b := besides(t)
	b.commit("line 2", "base", nine(map[int]string{2: "B"}))
	landed := b.pull()
	if len(landed.Healed) != 1 || b.read("base") != bothLines {
		t.Errorf("healed %+v, base is %q", landed.Healed, b.read("base"))
	}
	if got := strings.TrimSpace(b.message("HEAD")); got != "line 2\n\nHealed: base neighbours" {
		t.Errorf("the message is %q", got)
	}
	head := b.git("rev-parse", "HEAD")
	if landed := b.push(); landed.After != head || len(landed.Healed) > 0 {
		t.Errorf("then %+v landed", landed)
	}
}

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

// TestHealPushFolders: a file below folders heals as often as it has to.
func TestHealPushFolders(t *testing.T) {
	a, b := oneField(t)
	a.commit("file", "in/deep/f", nine(nil))
	a.push()
	b.pull()
	a.commit("[Session A] lines", "in/deep/f", nine(map[int]string{1: "A", 4: "A"}))
	a.push()
	b.commit("2", "in/deep/f", nine(map[int]string{2: "B"}))
	b.commit("5", "in/deep/f", nine(map[int]string{2: "B", 5: "B"}))
	if landed := b.push(); len(landed.Healed) != 2 || b.read("in/deep/f") != nine(map[int]string{1: "A", 2: "B", 4: "A", 5: "B"}) {
		t.Errorf("healed %+v, the file is %q", landed.Healed, b.read("in/deep/f"))
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
