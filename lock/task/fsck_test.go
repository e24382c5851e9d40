package task

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// forge writes a commit on top of the table in which the blob at path is another one.
func (s *swarm) forge(path, content string) {
	s.Helper()
	blob := s.Feed(content, "hash-object", "-w", "--stdin")
	index := filepath.Join(s.TempDir(), "index")
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = s.Dir, append(os.Environ(), "GIT_INDEX_FILE="+index)
		out, err := cmd.CombinedOutput()
		if err != nil {
			s.Fatalf("git %q: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("read-tree", Ref)
	git("update-index", "--add", "--cacheinfo", "100644,"+blob+","+path)
	tree := git("write-tree")
	head := s.Git("cat-file", "commit", Ref)
	_, rest, _ := strings.Cut(head, "author ")
	var number, epoch, tasks int
	message := head[strings.LastIndex(head, "\nNumber: "):]
	if _, err := fmt.Sscanf(message, "\nNumber: %d\nEpoch: %d\nTasks: %d", &number, &epoch, &tasks); err != nil {
		s.Fatal(err, message)
	}
	who, _, _ := strings.Cut(rest, "\n\n")
	text := fmt.Sprintf("tree %s\nparent %s\nauthor %s\n\nforged\n\nNumber: %d\nEpoch: %d\nTasks: %d\nFormat: 1\n", tree, s.Git("rev-parse", Ref), who, number+1, epoch, tasks)
	s.Git("update-ref", Ref, s.Feed(text, "hash-object", "-w", "-t", "commit", "--stdin"))
}

// TestFsck: what breaks the format is found, is not built upon, and is mended: what was
// damaged becomes what it was before, and everything else stays.
func TestFsck(t *testing.T) {
	for name, c := range map[string]struct{ path, old, new string }{
		"a line that is none":      {"list/0", "1 taken 2", "1 stolen 2"},
		"another spelling":         {"list/0", "1 taken 2", "1 taken 02"},
		"ready too early":          {"list/0", "2 open 2", "2 ready 2"},
		"a circle":                 {"list/0", "1 taken 2 waits=1 epoch=1 rev=1", "1 taken 2 waits=1 epoch=1 rev=1 after=2"},
		"after nothing":            {"list/0", "after=1", "after=7"},
		"a number never given":     {"list/0", "2 open", "3 open"},
		"an epoch never given":     {"list/0", "epoch=1", "epoch=9"},
		"a count that is wrong":    {"list/0", "waits=1", "waits=2"},
		"heads that fit nothing":   {"heads", "held=1@A", "held=2@A"},
		"heads that are none":      {"heads", "held=1@A", "held=x"},
		"no id":                    {"swarm", "", "what\n"},
		"targets":                  {"targets", "refs/heads/main", "refs/heads/main  "},
		"the text of no task":      {"body/0/9", "", "text"},
		"a path that is not known": {"what", "", "text"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSwarm(t, "A", "B")
			s.addNew(New{Title: "one", Body: "text", Priority: 2})
			s.add("two", 1)
			s.takes("A", 1)
			content := c.new
			if c.old != "" {
				was := s.Git("show", Ref+":"+c.path) + "\n"
				if content = strings.Replace(was, c.old, c.new, 1); content == was {
					t.Fatalf("%q has no %q", was, c.old)
				}
			}
			s.forge(c.path, content)
			if faults, _, err := Fsck(bg, s.Bus); len(faults) == 0 || err != nil {
				t.Errorf("fsck finds %v, %v", faults, err)
			}
			r, err := Repair(bg, s.Bus, bus.Orchestrator, true)
			if err != nil || r == nil {
				t.Fatalf("%+v, %v", r, err)
			}
			s.Bus.Store().SetAside()
			s.healthy()
			if _, body, err := s.Get(bg, 1); err != nil || body != "text" {
				t.Errorf("%q, %v", body, err)
			}
			states := s.states()
			lost := 0
			if strings.Contains(c.new, "3 open") { // which number it had cannot be told
				lost = 1
			}
			if len(states) != 2-lost || states[0] == Open {
				t.Errorf("the tasks are %q", states)
			}
			s.add("three")
			s.healthy()
		})
	}
}

// TestTakeOnDamage: a page with a damaged line, whichever it is, is not built upon, for a
// repair takes it back to what it was before the damage.
func TestTakeOnDamage(t *testing.T) {
	for _, damage := range []string{"2 open 02", "1 open 2", "2 opened 2"} {
		s := newSwarm(t, "A")
		s.add("one")
		s.add("two", 1)
		s.forge("list/0", strings.Replace(s.Git("show", Ref+":list/0")+"\n", "2 open 2", damage, 1))
		if g, err := s.Take(bg, "A", 0, ""); !errors.As(err, new(*refstore.DamagedError)) {
			t.Errorf("%s: %+v, %v", damage, g, err)
		}
	}
}

// FuzzLine: a line that can be read is written as it was.
func FuzzLine(f *testing.F) {
	f.Add(`12 taken 2 waits=1 passed=3 tries=1 epoch=4 rev=17 part after=3,4 added=2026-01-02T03:04:05Z@A since=2026-01-02T03:04:05Z@B for=codex commits=` + strings.Repeat("a", 40) + `,` + strings.Repeat("b", 40) + `!` + strings.Repeat("c", 40) + ` file="src/**" file="x y" why="so \"it\" is" "Title"`)
	f.Fuzz(func(t *testing.T, text string) {
		var task Task
		err := task.parseLine(text)
		if err == nil && string(task.appendLine(nil)) != text+"\n" {
			t.Fatalf("%q is written as %q", text, task.appendLine(nil))
		}
	})
}

// TestLandingOnDamage: a landing is written down although the backlog is damaged, and
// what it closes is closed once that is repaired.
func TestLandingOnDamage(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one")
	from := s.main().Tip
	to := s.lands(1)
	id, err := s.ID(bg)
	s.Must(err)
	marks, _, err := Scan(bg, s.repo, IDs{id: 0}, from+".."+to)
	s.Must(err)
	s.forge("list/0", "what\n")
	s.Must(s.Bus.Update(bg, "A", func(tx *refstore.Tx, by string) error {
		return Close(tx, by, []Landing{{Target: "refs/heads/main", From: from, To: to, Marks: marks, By: "A"}})
	}))
	if _, err := Repair(bg, s.Bus, bus.Orchestrator, true); err != nil {
		t.Fatal(err)
	}
	s.Bus.Store().SetAside()
	s.catchUp()
	s.areStates(Landed)
	s.healthy()
}
