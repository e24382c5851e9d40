package task

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

const list = `# The plan

Some words.

- [ ] #7 Release (priority 0; files docs, src/**)
  Say it in the changelog.

      code
  - [ ] #2 Build it (after #3; for codex)
    - [x] #5 Choose a library
  - [ ] #3 Test it (really)
* [~] #9 Buy a hat

The end.
`

// TestChecklist: a checklist is read, with nested items as what comes before, and
// written as it was read.
func TestChecklist(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one that is there already")
	tasks, err := ParseChecklist(list)
	s.Must(err)
	added, err := s.Add(bg, "A", tasks, Branch{})
	s.Must(err)
	var got []string
	for _, task := range added {
		got = append(got, strings.TrimSuffix(Numbers([]int{task.Number}), "\n")+" "+string(task.State)+" "+task.Title+" after "+Numbers(task.After))
	}
	want := []string{"#2 open Release after #3 and #5", "#3 open Build it after #4 and #5", "#4 landed Choose a library after ", "#5 ready Test it (really) after ", "#6 dropped Buy a hat after "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("read is\n%s", strings.Join(got, "\n"))
	}
	if _, body, err := s.Get(bg, 2); err != nil || body != "Say it in the changelog.\n\n    code\n" {
		t.Errorf("%q, %v", body, err)
	}
	all, err := s.List(bg)
	s.Must(err)
	text, err := FormatChecklist(all[1:], s.Texts(bg))
	s.Must(err)
	again, err := ParseChecklist(text)
	s.Must(err)
	twice, err := s.Add(bg, "A", again, Branch{})
	s.Must(err)
	for i, task := range twice {
		was := all[i+1]
		if task.Title != was.Title && !hasTask(twice, was) {
			t.Errorf("%q is missing in\n%s", was.Title, text)
		}
	}
	s.healthy()
	for _, bad := range []string{"", "no list", "- [ ] #1 a\n- [ ] #1 b\n", "- [ ] a (after #4)\n"} {
		if _, err := ParseChecklist(bad); !errors.Is(err, bus.ErrInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseChecklist("- [ ] Check out (after 1)\n"); err == nil || !strings.Contains(err.Error(), `"- [ ] #1 Title"`) {
		t.Errorf("it does not say how an item has its number: %v", err)
	}
}

// TestChecklistKeepsTexts: what is written is read as the same tasks, also where titles
// and texts look like parts of a checklist.
func TestChecklistKeepsTexts(t *testing.T) {
	s := newSwarm(t, "A")
	for _, about := range [...]struct {
		title, body string
		files       []string
	}{
		{"Plan (after #2)", "Steps:\n\n- [ ] one\n* [x] #3 two (after #9)\n1. [ ] three\n", nil},
		{"Read (priority 0)", "- [ ] begins\n- \\[ ] is escaped\n  - \\\\[~] twice\n", nil},
		{"Build (really)", "In the Makefile:\n\n\tgo build\t./...\n", nil},
		{"#7 is a number (files a; for B)", "- [ ]\n- []\n-[ ] no item\n", nil},
		{"Ends (files)", "", nil},
		{"Tidy (for A) up (now)", "", []string{"old (2019)/**", "app/(shop)/page.tsx"}},
		{"Close :)", "", []string{"a)", "b"}},
		{"Odd names", "", []string{"a, b", "c; d", "(e", `"f"`, `g\h"`, " i ", "j,k", "l"}},
		{"Code first", "\tgo build\n    go test\n\nand so on\n", nil},
		{"More code", "      deep\n    less\n  least\n", nil},
	} {
		_, err := s.Add(bg, "A", []New{{Title: about.title, Body: about.body, Files: about.files, Priority: DefaultPriority}}, Branch{})
		s.Must(err)
	}
	all, err := s.List(bg)
	s.Must(err)
	text, err := FormatChecklist(all, s.Texts(bg))
	s.Must(err)
	read, err := ParseChecklist(text)
	s.Must(err)
	if len(read) != len(all) {
		t.Fatalf("%d tasks instead of %d in\n%s", len(read), len(all), text)
	}
	for i, was := range all {
		body, err := s.Texts(bg)(was.Number)
		s.Must(err)
		got := read[i]
		if got.Title != was.Title || got.Body != body || got.Priority != was.Priority || got.For != "" || !slices.Equal(got.Files, was.Files) || len(got.AfterNew) > 0 {
			t.Errorf("%q, %q has become %+v in\n%s", was.Title, body, got, text)
		}
	}
	for line, want := range map[string]string{
		"\tdeep": "deep\n", "  \ta\tb": "a\tb\n", "\n  \ta\tb": "\ta\tb\n", "x\n": "",
		"     one\n       two\n   three\n": "one\n  two\nthree\n", "\n\n  a\n \t \n  b\n\n": "a\n\nb\n", "\n      code\n    less\n": "    code\n  less\n",
		"      below the title\n        deeper\n": "below the title\n  deeper\n",
	} {
		read, err := ParseChecklist("- [ ] a\n" + line)
		s.Must(err)
		if read[0].Body != want {
			t.Errorf("%q: %q instead of %q", line, read[0].Body, want)
		}
	}
}

// hasTask reports whether there is the same task with another number.
func hasTask(all []*Task, was *Task) bool {
	for _, task := range all {
		if task.Title == was.Title && task.State == was.State && task.Priority == was.Priority && task.For == was.For && len(task.After) == len(was.After) && strings.Join(task.Files, " ") == strings.Join(was.Files, " ") {
			return true
		}
	}
	return false
}

// TestBeads: issues as beads exports them are read, with what blocks them, and epics
// after their parts.
func TestBeads(t *testing.T) {
	s := newSwarm(t, "A")
	tasks, left, err := ParseJSON([]byte(`{"id":"bd-1","title":"Epic","description":"All of it","acceptance_criteria":"It runs","status":"open","priority":1,"issue_type":"epic","created_at":"2025-10-01T00:00:00Z"}

{"id":"bd-2","title":"Part","description":"","status":"open","priority":0,"issue_type":"task","dependencies":[{"issue_id":"bd-2","depends_on_id":"bd-1","type":"parent-child"},{"issue_id":"bd-2","depends_on_id":"bd-3","type":"blocks"},{"issue_id":"bd-2","depends_on_id":"bd-9","type":"related"}]}
{"id":"bd-3","title":"First","status":"closed","priority":2}
`))
	s.Must(err)
	if left != 0 {
		t.Errorf("%d lines are left out", left)
	}
	added, err := s.Add(bg, "A", tasks, Branch{})
	s.Must(err)
	if got := Numbers(added[0].After) + Numbers(added[1].After); got != "#2#3" {
		t.Errorf("after: %s", got)
	}
	s.areStates(Open, Ready, Landed)
	if _, body, err := s.Get(bg, 1); err != nil || body != "All of it\n\n## Acceptance criteria\n\nIt runs\n" {
		t.Errorf("%q, %v", body, err)
	}
	// What is deleted, pinned or a memory is no work, nor is what beads' agents keep; and what was
	// put off is not begun.
	tasks, left, err = ParseJSON([]byte(`{"_type":"issue","id":"x-1","title":"work","status":"open","issue_type":"bug","dependencies":[{"issue_id":"x-1","depends_on_id":"x-2","type":"blocks"},{"issue_id":"x-1","depends_on_id":"x-4","type":"waits-for"}]}
{"id":"x-2","title":"deleted","status":"tombstone","issue_type":"task"}
{"id":"x-3","title":"pinned","status":"pinned"}
{"_type":"issue","id":"x-4","title":"later","status":"deferred","defer_until":"2030-01-01T00:00:00Z"}
{"id":"x-5","title":"pinned, too","status":"open","pinned":true}
{"id":"x-6","title":"template","status":"open","is_template":true}
{"id":"x-7","title":"an agent","status":"open","issue_type":"agent"}
{"_type":"memory","key":"a","value":"b"}
{"_type":"memory","key":"c","value":"d"}
`))
	if err != nil || left != 7 || len(tasks) != 2 || !slices.Equal(tasks[0].AfterNew, []int{1}) || !tasks[1].Dropped || tasks[1].Why == "" {
		t.Errorf("%+v, %d, %v", tasks, left, err)
	}
	if tasks, _, err := ParseJSON([]byte(`{"number":1,"title":"x","state":"dropped","why":"no need"}`)); err != nil || !tasks[0].Dropped || tasks[0].Why != "no need" {
		t.Errorf("%+v, %v", tasks, err)
	}
	if tasks, _, err := ParseJSON([]byte(`{"number":4,"title":"x","after":[9],"priority":0,"state":"landed"}` + "\n" + `{"number":9,"title":"y"}`)); err != nil || len(tasks) != 2 || tasks[0].AfterNew[0] != 1 || !tasks[0].Landed || tasks[0].Priority != 0 || tasks[1].Priority != DefaultPriority {
		t.Errorf("%+v, %v", tasks, err)
	}
	for _, bad := range []string{"", "{", `{"number":1,"title":"x","after":[2]}`, `{"number":1,"title":"x"}` + "\n" + `{"number":1,"title":"x"}`} {
		if _, _, err := ParseJSON([]byte(bad)); !errors.Is(err, bus.ErrInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s.healthy()
}
