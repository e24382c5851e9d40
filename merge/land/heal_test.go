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
	head := b.head()
	if landed := b.push(); landed.After != head || len(landed.Healed) > 0 {
		t.Errorf("then %+v landed", landed)
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
