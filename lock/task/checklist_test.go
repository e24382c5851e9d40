package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzChecklist: what is written is read as the same tasks, apart from blank lines around
// a text, white space at the ends of its lines where a line has nothing else, and up to 3
// blanks before it.
func FuzzChecklist(f *testing.F) {
	f.Add("Build it (after #2)", "- [ ] a\n\n\tcode\n", "src/**", "a, b", 0)
	f.Add("#3 x (priority 0)", "1. \\[x] a\n\n  b\n", `"q"`, "x (y", 4)
	f.Add("x", " a\n  b\n c\n", "", " ", 2)
	f.Add("~ (for B; files c)", "    code\n- [ ]\r\n\f\n", "\u00a0", "\\,", 1)
	f.Fuzz(func(t *testing.T, title, body, file, other string, priority int) {
		was := &Task{Number: 2, Title: strings.TrimSpace(title), State: Ready, Priority: priority, Files: cleanFiles([]string{file, other})}
		was.Files = slices.DeleteFunc(was.Files, func(spec string) bool { return spec == "" })
		if was.checkText() != nil || checkBody(body) != nil {
			return
		}
		tasks := []*Task{{Number: 1, Title: "Before", State: Landed, Priority: DefaultPriority}, was, {Number: 3, Title: "Then", State: Ready, Priority: DefaultPriority, For: "B", After: []int{1, 2}}}
		text, err := FormatChecklist(tasks, func(int) (string, error) { return body, nil })
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseChecklist(text)
		if err != nil || len(read) != len(tasks) {
			t.Fatalf("%d tasks, %v in\n%s", len(read), err, text)
		}
		for _, got := range read {
			if want := kept(body); got.Body != want {
				t.Errorf("%q: text %q instead of %q in\n%s", got.Title, got.Body, want, text)
			}
		}
		if then := read[0]; then.Title != "Then" || then.For != "B" || !slices.Equal(slices.Sorted(slices.Values(then.AfterNew)), []int{1, 2}) {
			t.Errorf("%+v in\n%s", then, text)
		}
		if got := read[2]; got.Title != was.Title || got.Priority != was.Priority || got.For != "" || got.Landed || len(got.AfterNew) > 0 || !slices.Equal(got.Files, was.Files) {
			t.Errorf("%+v has become %+v in\n%s", was, got, text)
		}
	})
}

// kept is what a checklist keeps of a text.
func kept(body string) string {
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		if line = strings.TrimRight(line, "\r"); strings.TrimSpace(line) == "" {
			line = ""
		}
		lines[i] = line
	}
	body = strings.Trim(strings.Join(lines, "\n"), "\n")
	if body == "" {
		return ""
	}
	lines = strings.Split(body, "\n")
	if deep := indentation(lines[0]); deep < codeIndent {
		for i, line := range lines {
			lines[i] = unindent(line, deep)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestChecklistOfChain: a long chain is written with few blanks, and read as it was.
func TestChecklistOfChain(t *testing.T) {
	const long = 1000
	var tasks []*Task
	for n := 1; n <= long; n++ {
		one := &Task{Number: n, Title: fmt.Sprintf("Task %d", n), State: Open, Priority: DefaultPriority}
		if n > 1 {
			one.After = []int{n - 1}
		}
		tasks = append(tasks, one)
	}
	text, err := FormatChecklist(tasks, func(int) (string, error) { return "Text\n", nil })
	if err != nil {
		t.Fatal(err)
	}
	if most := 64 * long; len(text) > most {
		t.Errorf("%d bytes, more than %d", len(text), most)
	}
	read, err := ParseChecklist(text)
	if err != nil || len(read) != long {
		t.Fatalf("%d tasks, %v", len(read), err)
	}
	for _, got := range read {
		var n int
		if _, err := fmt.Sscanf(got.Title, "Task %d", &n); err != nil {
			t.Fatal(err)
		}
		if got.Body != "Text\n" || len(got.AfterNew) != min(n-1, 1) || n > 1 && read[got.AfterNew[0]].Title != fmt.Sprintf("Task %d", n-1) {
			t.Fatalf("%+v", got)
		}
	}
}
