package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// lived is a swarm in which everything there is has happened.
func lived(t testing.TB) *swarm {
	t.Helper()
	s := newSwarm(t, "A", "B")
	for _, category := range Categories {
		if _, err := s.AddContext(bg, "A", category, "a\x00b\n\n"+category); err != nil {
			t.Fatal(err)
		}
	}
	s.send("A", "B", "one")
	s.send("A", "B", "two")
	s.send("B", "all", "three")
	s.sync("A")
	s.clock.Advance(time.Hour)
	s.sync("B")
	s.sync(Orchestrator)
	if _, err := s.Reply(bg, "B", 2, "answer"); err != nil {
		t.Fatal(err)
	}
	done, note := Done, "over\nand out"
	s.Must(s.SetStatus(bg, "A", "A", Change{Status: &done, Note: &note}, nil))
	s.Must(s.SetStatus(bg, Orchestrator, Orchestrator, Change{Note: &note}, nil))
	return s
}

func TestFsckHealthy(t *testing.T) {
	fresh := newSwarm(t)
	faults, read, err := fresh.Fsck(bg)
	if len(faults) > 0 || read != 0 || err != nil {
		t.Errorf("an empty repository has faults %v, %d commits, %v", faults, read, err)
	}
	s := lived(t)
	if _, err := s.Register(bg, []Registration{{ID: "Late", Workstream: "late"}}); err != nil {
		t.Fatal(err)
	}
	faults, read, err = s.Fsck(bg)
	commits := s.Git("rev-list", "--count", "--all")
	if len(faults) > 0 || fmt.Sprint(read) != commits || err != nil {
		t.Errorf("faults %v, %d of %s commits, %v", faults, read, commits, err)
	}
	s.Git("gc", "-q", "--prune=now")
	s.healthy()
}

// planted is a commit made with plain git on top of ref, or in place of all of it.
type planted struct {
	ref     string
	author  string
	tree    string // of mktree's lines; the ref's own if it is "same"
	parents []string
	message string
}

func (s *swarm) plant(p planted) {
	s.Helper()
	tree := p.tree
	if tree == "same" {
		tree = s.Git("rev-parse", p.ref+"^{tree}")
	} else {
		tree = s.Feed(p.tree, "mktree")
	}
	args := []string{"-c", "author.name=" + p.author, "commit-tree", tree, "-F", "-"}
	for _, parent := range p.parents {
		args = append(args, "-p", parent)
	}
	s.Git("update-ref", p.ref, s.Feed(p.message, args...))
}

func (s *swarm) blob(text string) string {
	s.Helper()
	return s.Feed(text, "hash-object", "-w", "--stdin")
}

// fault is one that is planted, and what Fsck says of it.
type fault struct {
	name  string
	plant func(s *swarm)
	ref   string
	path  string
	says  string
}

func message(number int, label, body string, fields ...string) string {
	text := body + "\n\n"
	if label != "" {
		text = "[" + label + "] " + text
	}
	text += fmt.Sprintf("Number: %d\n", number)
	if label != "" {
		text += "Label: " + label + "\n"
	}
	return text + strings.Join(append(fields, "Format: 1\n"), "\n")
}

// entry plants one on top of a journal or cursor.
func entry(ref, text string) func(*swarm) {
	return func(s *swarm) {
		s.plant(planted{ref: ref, author: "A", parents: []string{ref}, message: text})
	}
}

// cursorOf plants a cursor for A.
func cursorOf(fields ...string) func(*swarm) {
	return func(s *swarm) {
		s.plant(planted{ref: SeenRef("A"), author: "A", message: message(3, "", "seen", fields...)})
	}
}

// state plants sessions whose tree has one more or other entry; edit makes A's
// TOML into its own.
func state(name string, edit func(string) string) func(*swarm) {
	return func(s *swarm) {
		blob := s.blob(edit(s.Git("show", SessionsRef+":A") + "\n"))
		var tree strings.Builder
		for line := range strings.Lines(s.Git("ls-tree", SessionsRef) + "\n") {
			if !strings.HasSuffix(line, "\t"+name+"\n") {
				tree.WriteString(line)
			}
		}
		tree.WriteString("100644 blob " + blob + "\t" + name + "\n")
		s.plantSessions(tree.String())
	}
}

func (s *swarm) plantSessions(tree string) {
	s.Helper()
	n, err := strconv.Atoi(s.Git("rev-list", "--count", SessionsRef))
	s.Must(err)
	s.plant(planted{
		ref: SessionsRef, author: "A", tree: tree, parents: []string{SessionsRef},
		message: message(n+1, "", "by hand"),
	})
}

func replace(from, to string) func(string) string {
	return func(text string) string { return strings.Replace(text, from, to, 1) }
}

var sessionFaults = []fault{
	{"unknown status", state("A", replace("'done'", "'idle'")), SessionsRef, "A", "unknown status"},
	{"unknown key", state("A", replace("note", "notes")), SessionsRef, "A", "TOML"},
	{"key twice", state("A", func(s string) string { return s + "agent = ''\n" }), SessionsRef, "A", "TOML"},
	{"other order", state("A", func(s string) string {
		return replace("agent = ''\n", "")(s) + "agent = ''\n"
	}), SessionsRef, "A", "TOML"},
	{"comment", state("A", func(s string) string { return s + "# note\n" }), SessionsRef, "A", "TOML"},
	{"no TOML", state("A", func(string) string { return "hello" }), SessionsRef, "A", "TOML"},
	{"empty", state("A", func(string) string { return "" }), SessionsRef, "A", "TOML"},
	{"later version", state("A", replace("version = 1", "version = 2")), SessionsRef, "A", "newer git swarm"},
	{"version 0", state("A", replace("version = 1", "version = 0")), SessionsRef, "A", "TOML"},
	{"same id in other case", state("a", replace("", "")), SessionsRef, "a", "known twice"},
	{"all", state("all", replace("", "")), SessionsRef, "all", "every session"},
	{"bad id", state("a.b", replace("", "")), SessionsRef, "a.b", "bad session id"},
	{"a folder", func(s *swarm) {
		s.plantSessions(s.Git("ls-tree", SessionsRef) + "\n040000 tree " + s.Git("rev-parse", SessionsRef+"^{tree}") + "\tsub\n")
	}, SessionsRef, "sub/A", "bad session id"},
	{"a symbolic link", func(s *swarm) {
		s.plantSessions("120000 blob " + s.blob("x") + "\tA\n")
	}, SessionsRef, "", "mode 120000"},
	{"not a commit", func(s *swarm) { s.Git("update-ref", SessionsRef, s.blob("x")) }, SessionsRef, "", "a blob and no commit"},
}

var chainFaults = []fault{
	{"garbage in the ref", func(s *swarm) {
		s.Must(os.WriteFile(filepath.Join(s.Dir, ".git", ContextRef), []byte("garbage\n"), 0o666))
	}, ContextRef, "", ""},
	{"a missing object", func(s *swarm) {
		s.Must(os.WriteFile(filepath.Join(s.Dir, ".git", ContextRef), []byte(someID+"\n"), 0o666))
	}, ContextRef, "", ""},
	{"a merge", func(s *swarm) {
		s.plant(planted{ref: ContextRef, author: "A", parents: []string{ContextRef, ContextRef + "~2"}, message: message(6, "decision", "x")})
	}, ContextRef, "", "2 parents"},
	{"a gap", entry(ContextRef, message(7, "decision", "x")), ContextRef, "", "number 7 where 6 is due"},
	{"a number twice", entry(ContextRef, message(5, "decision", "x")), ContextRef, "", "number 5 where 6 is due"},
	{"a lost past", func(s *swarm) {
		s.plant(planted{ref: ContextRef, author: "A", message: message(6, "decision", "x")})
	}, ContextRef, "", "number 6 with 0 parents"},
	{"files in a journal", func(s *swarm) {
		s.plant(planted{ref: ContextRef, author: "A", tree: "100644 blob " + s.blob("x") + "\tx\n", parents: []string{ContextRef}, message: message(6, "decision", "x")})
	}, ContextRef, "", "empty tree"},
	{"an unknown category", entry(ContextRef, message(6, "rumour", "x")), ContextRef, "", "unknown label \"rumour\""},
	{"no category", entry(ContextRef, message(6, "", "x")), ContextRef, "", "no label"},
	{"a field too many", entry(ContextRef, message(6, "decision", "x", "Weight: 3")), ContextRef, "", "unknown field 'Weight'"},
	{"a commit by hand", entry(ContextRef, "fix typo\n"), ContextRef, "", "no metadata"},
	{"no format", entry(ContextRef, "[decision] x\n\nNumber: 6\nLabel: decision\n"), ContextRef, "", "no format version"},
	{"a later format", entry(ContextRef, strings.Replace(message(6, "decision", "x"), "Format: 1", "Format: 2", 1)), ContextRef, "", "newer git swarm"},
	{"label unlike the subject", entry(ContextRef, "[warning] x\n\nNumber: 6\nLabel: decision\nFormat: 1\n"), ContextRef, "", "not as git swarm writes it"},
	{"fields in other order", entry(ContextRef, "[decision] x\n\nLabel: decision\nNumber: 6\nFormat: 1\n"), ContextRef, "", "not as git swarm writes it"},
	{"a commit by hand amid", func(s *swarm) {
		entry(ContextRef, "fix typo\n")(s)
		entry(ContextRef, message(7, "decision", "x"))(s)
	}, ContextRef, "", "no metadata"},
}

var inboxFaults = []fault{
	{"context in an inbox", entry(InboxRef("B"), message(3, "decision", "x")), InboxRef("B"), "", "unknown label"},
	{"a reply to nothing", entry(InboxRef("B"), message(3, "reply", "x")), InboxRef("B"), "", "'In-Reply-To' is missing"},
	{"a reply to #0", entry(InboxRef("B"), message(3, "reply", "x", "In-Reply-To: 0")), InboxRef("B"), "", "In-Reply-To: there is no number 0"},
	{"a reply to #-1", entry(InboxRef("B"), message(3, "reply", "x", "In-Reply-To: -1")), InboxRef("B"), "", "no number"},
	{"a message that is a reply", entry(InboxRef("B"), message(3, "message", "x", "In-Reply-To: 1")), InboxRef("B"), "", "unknown field 'In-Reply-To'"},
	{"an inbox of nobody", func(s *swarm) { s.Git("update-ref", InboxRef("Nemo"), InboxRef("B")) }, InboxRef("Nemo"), "", "no session 'Nemo' is known"},
	{"a cursor of nobody", func(s *swarm) { s.Git("update-ref", SeenRef("Nemo"), SeenRef("B")) }, SeenRef("Nemo"), "", "no session 'Nemo' is known"},
	{"an inbox cut off", func(s *swarm) { s.Git("update-ref", InboxRef("B"), InboxRef("B")+"~1") }, SeenRef("B"), "", "beyond the end"},
	{"a context cut off", func(s *swarm) { s.Git("update-ref", ContextRef, ContextRef+"~1") }, SeenRef("A"), "", "beyond the end"},
}

var cursorFaults = []fault{
	{"a cursor with a parent", entry(SeenRef("A"), message(3, "", "seen", "Context: 0", "Inbox: 0", "Read: none")), SeenRef("A"), "", "a cursor with a parent"},
	{"no position", cursorOf("Context: 5", "Inbox: 0", "Read: none"), SeenRef("A"), "", "is no position"},
	{"fields swapped", cursorOf("Inbox: 0", "Context: 0", "Read: none"), SeenRef("A"), "", "'Inbox' is not in its place"},
	{"a field missing", cursorOf("Context: 0", "Inbox: 0"), SeenRef("A"), "", "'Read' is missing"},
	{"numbers that overlap", cursorOf("Context: 0", "Inbox: 0", "Read: 1-2 2"), SeenRef("A"), "", "no set of numbers"},
	{"context not there yet", cursorOf("Context: 6 "+someID, "Inbox: 0", "Read: none"), SeenRef("A"), "", "beyond the end"},
	{"messages not there yet", cursorOf("Context: 0", "Inbox: 9 "+someID, "Read: none"), SeenRef("A"), "", "beyond the end"},
	{"read what is not there", cursorOf("Context: 0", "Inbox: 0", "Read: 1 3-9"), SeenRef("A"), "", "beyond the end"},
	{"an entry by another's number", func(s *swarm) {
		cursorOf("Context: 3 "+s.Git("rev-parse", ContextRef), "Inbox: 0", "Read: none")(s)
	}, SeenRef("A"), "", "not in the journal by that number"},
	{"an entry that is none", cursorOf("Context: 3 "+someID, "Inbox: 0", "Read: none"), SeenRef("A"), "", "not in the journal by that number"},
	{"read but never synced", cursorOf("Context: none", "Inbox: 1 "+someID, "Read: none"), SeenRef("A"), "", "not as git swarm writes it"},
}

func TestFsckFindsFaults(t *testing.T) {
	s := lived(t)
	for _, list := range [][]fault{sessionFaults, chainFaults, inboxFaults, cursorFaults} {
		for _, f := range list {
			t.Run(f.name, func(t *testing.T) { s.plantAndFind(t, f) })
		}
	}
	s.healthy()
}

// plantAndFind plants a fault, lets Fsck find it, and takes it out again.
func (s *swarm) plantAndFind(t *testing.T, f fault) {
	was := s.Git("for-each-ref", "--format=update %(refname) %(objectname)")
	there := map[string]bool{}
	for line := range strings.Lines(was) {
		there[strings.Fields(line)[1]] = true
	}
	f.plant(s)
	defer func() {
		if !there[f.ref] {
			s.Git("update-ref", "-d", f.ref)
		}
		s.Must(os.RemoveAll(filepath.Join(s.Dir, ".git", ContextRef))) // which can be beyond update-ref
		s.Feed(was+"\n", "update-ref", "--stdin")
	}()
	faults, _, err := s.open().Fsck(bg)
	if err != nil {
		t.Fatalf("Fsck fails: %v", err)
	}
	for _, found := range faults {
		var damaged *refstore.DamagedError
		if !errors.As(found, &damaged) {
			t.Errorf("a fault is no DamagedError: %v", found)
		} else if damaged.Ref == f.ref && damaged.Path == f.path && strings.Contains(damaged.Error(), f.says) {
			return
		}
	}
	t.Errorf("not found in %s at %q: %s\nfound: %v", f.ref, f.path, f.says, faults)
}
