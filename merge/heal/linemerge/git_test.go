package linemerge

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// gitMerge is git's own answer.
func gitMerge(t testing.TB, base, ours, theirs string, f Format) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"merge-file", "-p", "-L", f.Labels.Ours, "-L", f.Labels.Base, "-L", f.Labels.Theirs}
	if f.MarkerSize > 0 {
		args = append(args, "--marker-size="+strconv.Itoa(f.MarkerSize))
	}
	switch f.Style {
	case StyleDiff3:
		args = append(args, "--diff3")
	case StyleZDiff3:
		args = append(args, "--zdiff3")
	}
	for _, file := range []struct{ name, text string }{{"ours", ours}, {"base", base}, {"theirs", theirs}} {
		p := filepath.Join(dir, file.name)
		if err := os.WriteFile(p, []byte(file.text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, p)
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = dir // outside any repository, so that no configuration speaks
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.Output()
	if e, ok := err.(*exec.ExitError); err != nil && (!ok || e.ExitCode() > 127) {
		t.Fatalf("git merge-file: %v", err)
	}
	return string(out)
}

// labels are never empty here: versions of git disagree on a space after the marker then.
var labels = Labels{"HEAD", "base", "topic"}

func sameAsGit(t testing.TB, base, ours, theirs string, f Format) {
	t.Helper()
	m := New(base, ours, theirs)
	got := m.Render(m.Hunks(), f)
	if want := gitMerge(t, base, ours, theirs, f); string(got) != want {
		t.Errorf("style %d, differs from git merge-file\nbase %.300q\nours %.300q\ntheirs %.300q\ngot  %.300q\nwant %.300q",
			f.Style, base, ours, theirs, got, want)
	}
}

// Every byte is git's: clean merges, conflicts, markers, labels, line ends.
func TestIsGitMergeFile(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	cases := [][3]string{
		{"", "a\n", "b\n"},
		{"a\n", "", "b\n"},
		{"a", "b", "c"},
		{"a\n", "a", "b\n"},
		{"a\r\nb\r\n", "a\r\nc\r\n", "a\r\nd\r\n"},
		{"a\r\nb\r\n", "a\r\nc\r\n", "a\nd\n"},
		{"a\r\nb", "a\r\nc", "a\r\nd"},
		{"\xff\xfe\n1\n", "\xff\xfe\n2\n", "\xff\n1\n"},
		{long + "\na\n", long + "\nb\n", long + "\nc\n"},
		{"a\n1\nb\n", "x\n1\ny\n", "p\n1\nq\n"},
		{"a\n{\n}\n\n-\nb\n", "x\n{\n}\n\n-\ny\n", "p\n{\n}\n\n-\nq\n"},
		{"a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\nd\n"},
	}
	for _, c := range cases {
		for _, o := range []Format{
			{Labels: labels},
			{Style: StyleDiff3, Labels: labels, MarkerSize: 9},
			{Style: StyleZDiff3, Labels: labels},
		} {
			sameAsGit(t, c[0], c[1], c[2], o)
		}
	}
}

// scribe makes files whose lines repeat, which is what diffs find hard.
type scribe struct {
	*rand.Rand
	words int
}

func (s scribe) line() string { return fmt.Sprintf("%d\n", s.IntN(s.words)) }

func (s scribe) file(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = s.line()
	}
	return lines
}

// edit changes some lines, and now and then moves a block or drops the last end of line.
func (s scribe) edit(base []string, rate float64) []string {
	var out []string
	for i := 0; i < len(base); i++ {
		switch r := s.Float64() / rate; {
		case r < 0.3:
			out = append(out, s.line())
		case r < 0.6:
		case r < 0.9:
			out = append(out, base[i])
			out = append(out, s.file(1+s.IntN(4))...)
		case r < 1 && i+5 < len(base):
			out = append(out, base[i+3:i+5]...)
			out = append(out, base[i:i+3]...)
			i += 4
		default:
			out = append(out, base[i])
		}
	}
	if n := len(out); n > 0 && s.IntN(6) == 0 {
		out[n-1] = strings.TrimSuffix(out[n-1], "\n")
	}
	return out
}

func TestIsGitMergeFileOnGeneratedFiles(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 30
	}
	if s := os.Getenv("MERGE_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
	}
	for i := range rounds {
		s := scribe{rand.New(rand.NewPCG(1, uint64(i))), 2 + i%60}
		size, rate := s.IntN(60), 0.3*s.Float64()+0.02
		if i%25 == 0 {
			size, rate, s.words = 3000, 0.5, 400 // long enough for git's short cuts
		}
		base := s.file(size)
		ours, theirs := s.edit(base, rate), s.edit(base, rate)
		sameAsGit(t, strings.Join(base, ""), strings.Join(ours, ""), strings.Join(theirs, ""), Format{Style: Style(i % 3), Labels: labels})
		if t.Failed() {
			t.Fatalf("round %d", i)
		}
	}
}

func FuzzIsGitMergeFile(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n", "a\nb\ny\n", byte(0))
	f.Add("a\r\n\r\n{\r\n", "b\r\n\r\n{\r\n}", "{\r\n\r\n{\n", byte(1))
	f.Add("1\n2\n1\n2\n1\n", "2\n1\n2\n1\n", "1\n1\n2\n2\n", byte(2))
	f.Fuzz(func(t *testing.T, base, ours, theirs string, style byte) {
		if strings.Contains(base+ours+theirs, "\x00") {
			return // git refuses binary files here
		}
		sameAsGit(t, base, ours, theirs, Format{Style: Style(style % 3), Labels: labels})
	})
}
