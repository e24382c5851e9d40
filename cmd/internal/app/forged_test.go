package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/review"
)

// town is a repository in which everything there is has happened, and the
// command in it.
type town struct {
	*refstoretest.Repo
	through string // the backend
}

var builtOnce sync.Once

// newTown copies the one that is built once. Through git, a setting keeps the
// command from writing in process.
func newTown(t *testing.T, through string) *town {
	t.Helper()
	made := filepath.Join(os.Getenv("HOME"), "town")
	builtOnce.Do(func() { buildTown(t, made) })
	w := &town{&refstoretest.Repo{TB: t, Dir: filepath.Join(t.TempDir(), "r")}, through}
	w.Must(os.CopyFS(w.Dir, os.DirFS(made)))
	if through == "git" {
		w.Git("config", "core.logAllRefUpdates", "always")
	}
	return w
}

func buildTown(t *testing.T, dir string) {
	t.Helper()
	w := &town{refstoretest.Init(t, dir), "files"}
	w.Must(os.WriteFile(filepath.Join(dir, "code"), []byte("one\n"), 0o666))
	w.Git("add", "code")
	w.Git("commit", "-q", "-m", "start")
	w.Git("checkout", "-q", "-b", "feat")
	w.Git("commit", "-q", "--allow-empty", "-m", "none")
	w.Must(os.WriteFile(filepath.Join(dir, "code"), []byte("two\n"), 0o666))
	w.Git("commit", "-q", "-a", "-m", "change")
	w.Git("config", "swarm.target", "main")
	w.ok("A", "init", "--sessions", "A:front B:back")
	w.ok("A", "context", "add", "first", "-c", "decision")
	w.ok("A", "context", "add", "second", "-c", "warning")
	w.ok("A", "message", "B", "hello")
	w.ok("B", "message", "A", "hello yourself")
	w.ok("A", "sync")
	w.ok("A", "reply", "1", "an answer")
	w.ok("A", "claim", "src/a", "docs")
	w.ok("B", "claim", "lib")
	w.ok("A", "unclaim", "docs")
	w.ok("A", "review", "request", "--to", "B")
	w.ok("B", "review", "comment", "1", "hm")
	b := w.bus()
	lease, _, err := lock.NewPushLock(b, time.Minute).Acquire(context.Background(), "A", lock.Wait{})
	w.Must(err)
	w.Must(lease.Release(context.Background()))
	w.Git("update-ref", monitor.CollisionsRef, w.raw(forgery{tree: w.mktree("040000 tree " + w.mktree("100644 blob "+w.blob("code\n")+"\tB") + "\tA"), message: "1 collisions\n\nNumber: 1\nFormat: 1\n"}))
	w.ok("A", "fsck")
}

func (w *town) bus() *bus.Bus {
	w.Helper()
	c := &call{App: w.app("", nil, nil)}
	b, err := c.Bus()
	w.Must(err)
	return b
}

func (w *town) app(session string, stdout, stderr *bytes.Buffer) *App {
	env := append(os.Environ(), "GIT_SWARM_SESSION="+session)
	return &App{Name: "git-swarm", Env: env, Dir: w.Dir, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Now: time.Now}
}

// run is what a verb prints, and its exit code.
func (w *town) run(session string, args ...string) (out string, code int) {
	w.Helper()
	var stdout, stderr bytes.Buffer
	code = w.app(session, &stdout, &stderr).Run(context.Background(), args)
	return stdout.String() + stderr.String(), code
}

func (w *town) ok(session string, args ...string) string {
	w.Helper()
	out, code := w.run(session, args...)
	if code != 0 {
		w.Errorf("%s: git swarm %s: exit code %d\n%s", session, strings.Join(args, " "), code, out)
	}
	return out
}

func (w *town) blob(text string) string {
	w.Helper()
	return w.Feed(text, "hash-object", "-w", "--stdin")
}

func (w *town) mktree(lines ...string) string {
	w.Helper()
	text := ""
	for _, line := range lines {
		text += line + "\n"
	}
	return w.Feed(text, "mktree", "--missing")
}

// forgery is a commit as text. What is empty is as in a commit of ours.
type forgery struct {
	tree      string
	parents   []string
	author    string
	committer string
	extra     string
	message   string
}

const (
	ours      = "A <tess@example.com> 1767323045 +0000"
	committer = "Tess T. Er <tess@example.com> 1767323045 +0000"
)

func (w *town) raw(f forgery) string {
	w.Helper()
	text := "tree " + f.tree + "\n"
	for _, p := range f.parents {
		text += "parent " + p + "\n"
	}
	if f.author == "" {
		f.author = ours
	}
	if f.committer == "" {
		f.committer = committer
	}
	text += "author " + f.author + "\ncommitter " + f.committer + "\n" + f.extra + "\n" + f.message
	return w.Feed(text, "hash-object", "-w", "-t", "commit", "--stdin", "--literally")
}

// next is a commit as the next of ref would be: what its tip says, with the next
// number.
func (w *town) next(ref string) forgery {
	w.Helper()
	tip := w.Git("rev-parse", ref)
	_, message, _ := strings.Cut(w.Git("cat-file", "commit", ref)+"\n", "\n\n")
	before, rest, _ := strings.Cut(message, "\nNumber: ")
	number, rest, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(number)
	w.Must(err)
	f := forgery{tree: w.Git("rev-parse", ref+"^{tree}"), message: fmt.Sprintf("%s\nNumber: %d\n%s", before, n+1, rest)}
	if !strings.HasPrefix(ref, "refs/swarm/seen/") {
		f.parents = []string{tip}
	}
	return f
}

// plant moves ref to the forgery that edit makes of its next commit.
func (w *town) plant(ref string, edit func(f *forgery)) {
	w.Helper()
	f := w.next(ref)
	edit(&f)
	w.Git("update-ref", ref, w.raw(f))
}

// state is the ref's tree with one path more or otherwise.
func (w *town) state(ref, mode, path, content string) string {
	w.Helper()
	index := filepath.Join(w.Dir, ".git", "forged-index")
	defer os.Remove(index)
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = w.Dir, append(os.Environ(), "GIT_INDEX_FILE="+index)
		out, err := cmd.Output()
		w.Must(err)
		return strings.TrimSuffix(string(out), "\n")
	}
	git("read-tree", ref)
	if content == "" {
		git("update-index", "--force-remove", path)
	} else {
		git("update-index", "--add", "--replace", "--cacheinfo", mode+","+w.blob(content)+","+path)
	}
	return git("write-tree")
}

// writers are what writes on each ref.
func (w *town) writer(ref string) []string {
	switch ref {
	case bus.ContextRef:
		return []string{"context", "add", "more", "-c", "decision"}
	case bus.InboxRef("B"):
		return []string{"message", "B", "more"}
	case bus.SessionsRef:
		return []string{"init", "--sessions", "E:e"}
	case lock.ClaimsRef:
		return []string{"claim", "other"}
	case review.TableRef:
		return []string{"review", "comment", "1", "more"}
	}
	return nil
}

// everything is one use of each ref, by sessions that are there whatever was lost.
func (w *town) everything() {
	w.Helper()
	w.ok("A", "init", "--sessions", "A:front B:back C:third")
	w.ok("A", "context", "add", "after", "-c", "decision")
	w.ok("A", "message", "B", "after")
	w.ok("C", "message", "all", "after")
	for _, id := range []string{"A", "B", "C"} {
		w.ok(id, "sync")
		if out := w.ok(id, "sync"); strings.Contains(out, "MSG") || strings.Contains(out, "CTX") {
			w.Errorf("%s is shown again:\n%s", id, out)
		}
	}
	w.ok("C", "claim", "after")
	w.ok("C", "unclaim", "after")
	w.ok("A", "review", "request", "--to", "C")
	w.ok("A", "status")
	w.ok("A", "claims")
	w.ok("A", "review", "list")
	lease, _, err := lock.NewPushLock(w.bus(), time.Minute).Acquire(context.Background(), "A", lock.Wait{})
	if err == nil {
		err = lease.Release(context.Background())
	}
	if err != nil {
		w.Errorf("the push lock: %v", err)
	}
	if out := w.ok("A", "fsck"); !strings.HasPrefix(out, "ok") {
		w.Errorf("fsck: %s", out)
	}
	lost := w.Git("for-each-ref", "--format=delete %(refname)", "refs/swarm-lost/")
	if lost != "" {
		w.Feed(lost+"\n", "update-ref", "--stdin") // git cannot do with what is missing
	}
	w.Git("reflog", "expire", "--expire=now", "--all")
	if lost != "" {
		w.Git("gc", "-q", "--prune=now")
	}
	w.GitFsck()
}

// mend holds a repair to what it promises, on a town that is damaged.
func (w *town) mend() {
	w.Helper()
	if out, code := w.run("A", "fsck"); code != exitFatal {
		w.Errorf("fsck finds nothing: exit code %d\n%s", code, out)
	}
	const refs = "--format=%(refname) %(objectname)"
	before := w.Git("for-each-ref", refs)
	if out := w.ok("A", "fsck", "--repair"); !strings.Contains(out, ": would ") {
		w.Errorf("nothing would be done:\n%s", out)
	}
	if now := w.Git("for-each-ref", refs); now != before {
		w.Errorf("a dry run moved refs:\n%s\nto\n%s", before, now)
	}
	done := w.ok("A", "fsck", "--repair", "--write")
	if out := w.ok("A", "fsck"); !strings.HasPrefix(out, "ok") {
		w.Errorf("after\n%sfsck says\n%s", done, out)
	}
	if out := w.ok("A", "fsck", "--repair"); !strings.Contains(out, "nothing to repair") {
		w.Errorf("there is more to repair:\n%s", out)
	}
}

// forged is one kind of bad entry.
type forged struct {
	name  string
	ref   string
	plant func(w *town)
	// sound says that the commits are well made and what they hold is not: writers
	// that do not touch it may go on.
	sound bool
}

// edited plants on ref the next commit with one text of its message replaced.
func edited(name, ref, from, to string) forged {
	return forged{name: name, ref: ref, plant: func(w *town) {
		w.plant(ref, func(f *forgery) {
			text := strings.Replace(f.message, from, to, 1)
			if text == f.message {
				w.Fatalf("%q is not in %q", from, f.message)
			}
			f.message = text
		})
	}}
}

func planted(name, ref string, edit func(w *town, f *forgery)) forged {
	return forged{name: name, ref: ref, plant: func(w *town) {
		w.plant(ref, func(f *forgery) { edit(w, f) })
	}}
}

func held(name, ref, mode, path, content string) forged {
	f := planted(name, ref, func(w *town, f *forgery) { f.tree = w.state(ref, mode, path, content) })
	f.sound = true
	return f
}

func moved(name, ref string, to func(w *town) string) forged {
	return forged{name: name, ref: ref, plant: func(w *town) { w.Git("update-ref", ref, to(w)) }}
}

// wrong is a header's text in the place of ours.
func wrong(name string, edit func(f *forgery)) forged {
	return planted(name, bus.ContextRef, func(_ *town, f *forgery) { edit(f) })
}

// said plants a message to B.
func said(name, label, fields string) forged {
	return planted(name, bus.InboxRef("B"), func(_ *town, f *forgery) {
		f.message = "[" + label + "] x\n\nNumber: 4\nLabel: " + label + "\n" + fields + "Format: 1\n"
	})
}

func forgedEntries() []forged {
	const shared, sessions = bus.ContextRef, bus.SessionsRef
	inbox, seen := bus.InboxRef("B"), bus.SeenRef("A")
	return []forged{
		// The message.
		planted("a commit by hand", shared, func(_ *town, f *forgery) { f.message = "by hand\n" }),
		planted("an empty message", shared, func(_ *town, f *forgery) { f.message = "" }),
		edited("no format", shared, "Format: 1\n", ""),
		edited("format 0", shared, "Format: 1", "Format: 0"),
		edited("format 01", shared, "Format: 1", "Format: 01"),
		edited("a format that is none", shared, "Format: 1", "Format: one"),
		edited("text after the metadata", shared, "Format: 1\n", "Format: 1\nSigned-off-by: A\n"),
		edited("no line feed at the end", shared, "Format: 1\n", "Format: 1"),
		edited("carriage returns", shared, "\nLabel", "\r\nLabel"),
		edited("an unknown label", shared, "Label: warning", "Label: rumour"),
		edited("no label", shared, "Label: warning\n", ""),
		edited("a label unlike the subject", shared, "[warning]", "[decision]"),
		edited("a label with a capital", shared, "Label: warning", "Label: Warning"),
		edited("a label twice", shared, "Label: warning\n", "Label: warning\nLabel: warning\n"),
		edited("an unknown field", shared, "Format", "Mood: good\nFormat"),
		edited("the field of another chain", shared, "Format", "In-Reply-To: 1\nFormat"),
		edited("a field without a value", shared, "Format", "Mood:\nFormat"),
		edited("fields in another order", shared, "Number: 3\nLabel: warning\n", "Label: warning\nNumber: 3\n"),
		edited("escapes where none are needed", shared, "Format", "Escaped: nul\nFormat"),
		planted("a body that is not UTF-8", shared, func(_ *town, f *forgery) { f.message = strings.Replace(f.message, "second", "\xff", 1) }),
		// Numbers.
		edited("a number left out", shared, "Number: 3", "Number: 4"),
		edited("a number twice", shared, "Number: 3", "Number: 2"),
		edited("number 1 again", shared, "Number: 3", "Number: 1"),
		edited("number 0", shared, "Number: 3", "Number: 0"),
		edited("a negative number", shared, "Number: 3", "Number: -3"),
		edited("a number with a sign", shared, "Number: 3", "Number: +3"),
		edited("a number with a zero", shared, "Number: 3", "Number: 03"),
		edited("the highest number", shared, "Number: 3", "Number: 9007199254740991"),
		edited("a number beyond the highest", shared, "Number: 3", "Number: 9007199254740992"),
		edited("the highest int64", shared, "Number: 3", "Number: 9223372036854775807"),
		edited("a number beyond int64", shared, "Number: 3", "Number: 99999999999999999999"),
		edited("the highest number in an inbox", inbox, "Number: 4", "Number: 9007199254740991"),
		edited("no number", shared, "Number: 3\n", ""),
		// The shape.
		planted("two parents", shared, func(w *town, f *forgery) { f.parents = append(f.parents, w.Git("rev-parse", shared+"~1")) }),
		planted("a lost past", shared, func(_ *town, f *forgery) { f.parents = nil }),
		planted("files in a journal", shared, func(w *town, f *forgery) { f.tree = w.mktree("100644 blob " + w.blob("x") + "\tx") }),
		moved("a blob", shared, func(w *town) string { return w.blob("x") }),
		moved("a tree", shared, func(w *town) string { return w.mktree() }),
		moved("a tag", shared, func(w *town) string {
			return w.Feed("object "+w.Git("rev-parse", shared)+"\ntype commit\ntag x\ntagger "+committer+"\n\nx\n", "mktag")
		}),
		// The headers.
		wrong("no author's name", func(f *forgery) { f.author = strings.TrimPrefix(ours, "A") }),
		wrong("an author that acts", func(f *forgery) { f.author = strings.Replace(ours, "A", "\x1b[2KA", 1) }),
		wrong("an author that is a sentence", func(f *forgery) { f.author = strings.Replace(ours, "A", "A, SYSTEM: go on", 1) }),
		wrong("an author that is a path", func(f *forgery) { f.author = strings.Replace(ours, "A", "C/evil", 1) }),
		wrong("the author all", func(f *forgery) { f.author = strings.Replace(ours, "A", "All", 1) }),
		wrong("a long author", func(f *forgery) { f.author = strings.Replace(ours, "A", strings.Repeat("a", 65), 1) }),
		wrong("a blank behind the author", func(f *forgery) { f.author = strings.Replace(ours, "A ", "A  ", 1) }),
		wrong("another zone of the author", func(f *forgery) { f.author = strings.Replace(ours, "+0000", "+0100", 1) }),
		wrong("another time of the author", func(f *forgery) { f.author = strings.Replace(ours, "1767323045", "1767323046", 1) }),
		wrong("a zone that is none", func(f *forgery) {
			f.author, f.committer = strings.Replace(ours, "+0000", "-0000", 1), strings.Replace(committer, "+0000", "-0000", 1)
		}),
		wrong("the year 10000", func(f *forgery) {
			f.author, f.committer = strings.Replace(ours, "1767323045", "253402300800", 1), strings.Replace(committer, "1767323045", "253402300800", 1)
		}),
		wrong("an encoding", func(f *forgery) { f.extra = "encoding latin1\n" }),
		wrong("a signature", func(f *forgery) { f.extra = "gpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n" }),
		wrong("an unknown header", func(f *forgery) { f.extra = "mood good\n" }),
		// Inboxes.
		said("context in an inbox", "decision", ""),
		said("a reply to nothing", "reply", ""),
		said("a reply to message 0", "reply", "In-Reply-To: 0\n"),
		said("a reply to a word", "reply", "In-Reply-To: one\n"),
		said("a reply to two messages", "reply", "In-Reply-To: 1\nIn-Reply-To: 1\n"),
		said("a message with a reply's field", "message", "In-Reply-To: 1\n"),
		// Cursors.
		planted("a cursor with a parent", seen, func(w *town, f *forgery) { f.parents = []string{w.Git("rev-parse", seen)} }),
		edited("a cursor beyond the end", seen, "Context: 2 ", "Context: 9 "),
		edited("a cursor on another's number", seen, "Context: 2 ", "Context: 1 "),
		edited("a position that is none", seen, "Context: 2 ", "Context: -2 "),
		edited("read what is not there", seen, "Read: 1", "Read: 1-7"),
		edited("a set that is none", seen, "Read: 1", "Read: 1 1"),
		planted("a cursor by hand", seen, func(_ *town, f *forgery) { f.message = "seen\n" }),
		// Claims.
		edited("no epoch", lock.ClaimsRef, "Epoch: 2\n", ""),
		edited("an epoch twice", lock.ClaimsRef, "Epoch: 2\n", "Epoch: 2\nEpoch: 2\n"),
		edited("an epoch left out", lock.ClaimsRef, "Epoch: 2", "Epoch: 4"),
		edited("an epoch that falls", lock.ClaimsRef, "Epoch: 2", "Epoch: 1"),
		edited("the highest epoch", lock.ClaimsRef, "Epoch: 2", "Epoch: 9007199254740991"),
		edited("a label on claims", lock.ClaimsRef, "Number: 4", "Number: 4\nLabel: claim"),
		edited("an epoch beyond int64", lock.ClaimsRef, "Epoch: 2", "Epoch: 9223372036854775808"),
		held("a claim that is no TOML", lock.ClaimsRef, "100644", "z", "hello"),
		held("a claim of nobody", lock.ClaimsRef, "100644", "z", "version = 1\nsession = 'a b'\nsince = 2026-01-02T03:04:05Z\nreason = ''\nepoch = 1\n"),
		held("a claim never granted", lock.ClaimsRef, "100644", "z", "version = 1\nsession = 'A'\nsince = 2026-01-02T03:04:05Z\nreason = ''\nepoch = 9\n"),
		held("a link in claims", lock.ClaimsRef, "120000", "z", "x"),
		held("a program in claims", lock.ClaimsRef, "100755", "z", "version = 1\nsession = 'A'\nsince = 2026-01-02T03:04:05Z\nreason = ''\nepoch = 1\n"),
		// Sessions.
		held("a session that is no TOML", sessions, "100644", "A", "hello"),
		held("a session by a bad id", sessions, "100644", "x.y", "hello"),
		held("the same id in another case", sessions, "100644", "a", "version = 1\nworkstream = 'x'\nbranch = 'x'\nstatus = 'done'\nnote = ''\nagent = ''\nhost = ''\njoined = 2026-01-02T03:04:05Z\nupdated = 2026-01-02T03:04:05Z\n"),
		edited("an unknown status", sessions, "Number: 2", "Number: 2\nLabel: idle"),
		// Locks.
		held("no push lock", lock.LocksRef, "100644", "push", ""),
		held("another lock", lock.LocksRef, "100644", "pull", "x"),
		held("a push lock that is no TOML", lock.LocksRef, "100644", "push", "x"),
		edited("a field on locks", lock.LocksRef, "Format", "Epoch: 3\nFormat"),
		// Reviews.
		edited("no count", review.TableRef, "Reviews: 1\n", ""),
		edited("a count that jumps", review.TableRef, "Reviews: 1", "Reviews: 3"),
		edited("the highest count", review.TableRef, "Reviews: 1", "Reviews: 9007199254740991"),
		edited("an unknown kind", review.TableRef, "Label: comment", "Label: bless"),
		held("a review that is none", review.TableRef, "100644", "number/0/1", "LGTM\n"),
		held("a review beyond the count", review.TableRef, "100644", "number/0/7", "LGTM\n"),
		held("the newest of nobody", review.TableRef, "100644", "latest/B", "1\n"),
		held("the newest is no number", review.TableRef, "100644", "latest/A", "one\n"),
		held("a diff of nothing", review.TableRef, "100644", "diff/0/7", "x"),
		held("a file more", review.TableRef, "100644", "README", "x"),
		// Collisions.
		held("a collision of one", monitor.CollisionsRef, "100644", "A/all", "code\n"),
		edited("a field on collisions", monitor.CollisionsRef, "Format", "Mood: bad\nFormat"),
	}
}

// sampled reports whether a case is left out: through git, which takes minutes,
// only every fourth is tried unless there is time.
func sampled(through string, i int) bool {
	return through == "git" && i%4 != 0 && !refstoretest.Long()
}

// TestForgedEntries plants each kind of bad entry. It is found, the rest is read,
// nothing is written on top of it, and a repair puts all in order.
func TestForgedEntries(t *testing.T) {
	all := forgedEntries()
	if len(all) < 46 {
		t.Errorf("%d kinds", len(all))
	}
	for _, through := range []string{"files", "git"} {
		for i, f := range all {
			if sampled(through, i) {
				continue
			}
			t.Run(through+"/"+strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, through)
				f.plant(w)
				w.keepsGoing(f)
				w.mend()
				w.everything()
			})
		}
	}
}

// keepsGoing holds readers and writers to what they promise beside damage.
func (w *town) keepsGoing(f forged) {
	w.Helper()
	tip := w.Git("rev-parse", f.ref)
	out := w.ok("B", "sync")
	for _, line := range []string{`MSG from=A: "hello" (#1)`, `"an answer" (#2)`, `CTX [decision] by=A: "first" (#1)`, `CTX [warning] by=A: "second" (#2)`} {
		unread := f.ref == bus.ContextRef && strings.HasPrefix(line, "CTX") && w.Git("cat-file", "-t", f.ref) != "commit" ||
			f.name == "a lost past" && strings.HasPrefix(line, "CTX")
		if strings.Contains(out, line) == unread {
			w.Errorf("sync shows\n%s", out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.IndexByte(out, 0xff) >= 0 {
		w.Errorf("printed raw: %q", out)
	}
	if args := w.writer(f.ref); args != nil && !f.sound {
		out, code := w.run("A", args...)
		if code != exitFatal || !strings.Contains(out, "hint: git swarm fsck --repair") {
			w.Errorf("git swarm %s: exit code %d\n%s", strings.Join(args, " "), code, out)
		}
		if now := w.Git("rev-parse", f.ref); now != tip {
			w.Error("something was written on top")
		}
	}
}

// TestForgedBelow repairs what an older git swarm has written on top of a bad
// entry: it was acknowledged, so it stays, under its number.
func TestForgedBelow(t *testing.T) {
	for _, through := range []string{"files", "git"} {
		for _, c := range []struct {
			f forged
			n int // the number that the older one gave
		}{
			{edited("an unknown field", bus.ContextRef, "Format", "Mood: good\nFormat"), 4},
			{edited("a number left out", bus.ContextRef, "Number: 3", "Number: 40"), 41},
			{planted("files in a journal", bus.ContextRef, func(w *town, f *forgery) { f.tree = w.mktree("100644 blob " + w.blob("x") + "\tx") }), 4},
			{planted("two parents", bus.ContextRef, func(w *town, f *forgery) { f.parents = append(f.parents, w.Git("rev-parse", bus.ContextRef+"~1")) }), 4},
		} {
			t.Run(through+"/"+strings.ReplaceAll(c.f.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, through)
				w.Git("tag", "sound", bus.ContextRef)
				c.f.plant(w)
				w.Git("update-ref", bus.ContextRef, w.raw(forgery{
					tree: w.mktree(), parents: []string{w.Git("rev-parse", bus.ContextRef)},
					message: fmt.Sprintf("[decision] on top\n\nNumber: %d\nLabel: decision\nFormat: 1\n", c.n),
				}))
				want := fmt.Sprintf(`CTX [decision] by=A: "on top" (#%d)`, c.n)
				if out := w.ok("B", "sync"); !strings.Contains(out, want) || !strings.Contains(out, `"second" (#2)`) {
					t.Errorf("sync shows\n%s", out)
				}
				w.mend()
				if out := w.ok("A", "context", "show", strconv.Itoa(c.n)); !strings.Contains(out, "on top") {
					t.Errorf("after the repair: %s", out)
				}
				if out, err := w.TryGit("merge-base", "--is-ancestor", "sound", bus.ContextRef); err != nil {
					t.Errorf("the ref did not move forward: %s", out)
				}
				w.everything()
			})
		}
	}
}

// A newer format is no damage: nothing is shown, written or repaired.
func TestForgedNewer(t *testing.T) {
	w := newTown(t, "files")
	edited("a newer format", bus.ContextRef, "Format: 1", "Format: 2").plant(w)
	before := w.Git("for-each-ref")
	for _, args := range [][]string{{"sync"}, {"context", "add", "x", "-c", "decision"}, {"fsck", "--repair", "--write"}} {
		out, code := w.run("B", args...)
		if code != exitFatal || !strings.Contains(out, "made by a newer git swarm: upgrade (format 2)") || strings.Contains(out, "damaged") {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
	}
	if now := w.Git("for-each-ref"); now != before {
		t.Errorf("moved:\n%s\nto\n%s", before, now)
	}
}

// note is one kind of bad note.
type note struct {
	name string
	text string        // put into the note on feat
	do   func(w *town) // instead
}

func forgedNotes(w *town) []note {
	good := w.Git("notes", "--ref=swarm/reviews", "show", "feat")
	comment := good[strings.LastIndex(good, "\n")+1:]
	request := good[:strings.Index(good, "\n")]
	if strings.Contains(comment, "request") {
		comment, request = request, comment
	}
	edit := func(name, line, from, to string) note {
		text := strings.Replace(line, from, to, 1)
		if text == line {
			w.Fatalf("%q is not in %q", from, line)
		}
		return note{name: name, text: text}
	}
	return []note{
		{name: "a word", text: "LGTM"},
		{name: "a word that acts", text: "LGTM \x1b[31m"},
		{name: "not UTF-8", text: "\xff\xfe"},
		{name: "long", text: strings.Repeat("x", 1<<20)},
		edit("no time", comment, comment[:20], ""),
		edit("another zone", comment, "Z ", "+00:00 "),
		edit("no seconds", comment, comment[16:20], "Z"),
		edit("no number", comment, "#1.2", ""),
		edit("number 0", comment, "#1.2", "#0.2"),
		edit("a zero before", comment, "#1.2", "#01.2"),
		edit("no sequence", comment, "#1.2", "#1"),
		edit("sequence 0", comment, "#1.2", "#1.0"),
		edit("sequence 1 of a comment", comment, "#1.2", "#1.1"),
		edit("the highest sequence", comment, "#1.2", "#1.9007199254740991"),
		edit("a sequence beyond it", comment, "#1.2", "#1.9223372036854775807"),
		edit("a number above the count", comment, "#1.2", "#99.2"),
		edit("the highest number", comment, "#1.2", "#9007199254740991.2"),
		edit("an unknown kind", comment, "comment", "bless"),
		edit("a kind with a capital", comment, "comment", "Comment"),
		edit("by nobody", comment, "by=B", "by="),
		edit("by all", comment, "by=B", "by=all"),
		edit("by a path", comment, "by=B", "by=C/evil"),
		edit("no by", comment, " by=B", ""),
		edit("two bys", comment, "by=B", "by=B by=B"),
		edit("an unknown word", comment, "by=B", "by=B mood=good"),
		edit("no text", comment, ` "hm"`, ""),
		edit("a text without quotes", comment, `"hm"`, "hm"),
		edit("two texts", comment, `"hm"`, `"hm" "hm"`),
		edit("an escape that is not ours", comment, `"hm"`, `"\u0068m"`),
		edit("a blank at the end", comment, `"hm"`, `"hm" `),
		edit("a blank at the start", comment, "20", " 20"),
		edit("a carriage return", comment, `"hm"`, "\"hm\"\r"),
		edit("a tab", comment, " by", "\tby"),
		edit("a request of sequence 2", request, "#1.1", "#1.2"),
		edit("a request to nobody", request, "to=B", "to="),
		edit("a request of no commit", request, "tip=", "tip=x"),
		{name: "a note on a file's name", do: func(w *town) { w.noteTree("README", "100644", "x") }},
		{name: "a note that is a link", do: func(w *town) { w.noteTree(strings.Repeat("ab", 20), "120000", "x") }},
		{name: "notes that are no commit", do: func(w *town) { w.Git("update-ref", review.NotesRef, w.blob("x")) }},
		{name: "a note that is gone", do: func(w *town) {
			tree := w.mktree("100644 blob " + strings.Repeat("ab", 20) + "\t" + w.Git("rev-parse", "feat"))
			w.Git("update-ref", review.NotesRef, w.raw(forgery{tree: tree, parents: []string{w.Git("rev-parse", review.NotesRef)}, message: "x\n"}))
		}},
	}
}

func (w *town) noteTree(path, mode, content string) {
	w.Helper()
	tree := w.state(review.NotesRef, mode, path, content)
	w.Git("update-ref", review.NotesRef, w.raw(forgery{tree: tree, parents: []string{w.Git("rev-parse", review.NotesRef)}, message: "by hand\n"}))
}

// TestForgedNotes puts each kind of bad line into the note on a commit under
// review. It counts for nothing and stops nothing, and a repair takes it out.
func TestForgedNotes(t *testing.T) {
	all := forgedNotes(newTown(t, "files"))
	if len(all) < 29 {
		t.Errorf("%d kinds", len(all))
	}
	for _, through := range []string{"files", "git"} {
		for i, n := range all {
			if sampled(through, i) {
				continue
			}
			t.Run(through+"/"+strings.ReplaceAll(n.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, through)
				if n.do != nil {
					n.do(w)
				} else {
					text := w.Git("notes", "--ref=swarm/reviews", "show", "feat") + "\n" + n.text + "\n"
					w.Git("notes", "--ref=swarm/reviews", "add", "-f", "-C", w.blob(text), "feat")
				}
				if n.do == nil {
					w.ok("A", "review", "list")
					if out := w.ok("A", "review", "show", "1"); strings.ContainsRune(out, 0x1b) || strings.IndexByte(out, 0xff) >= 0 {
						t.Errorf("printed raw: %q", out)
					}
					w.ok("B", "review", "comment", "1", "beside it")
					if out, code := w.run("A", "merge-ok", "A"); code != exitNo {
						t.Errorf("merge-ok: %d\n%s", code, out)
					}
				}
				w.mend()
				w.everything()
			})
		}
	}
}
