package heal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// benchmark files: source-like lines with a share of them changed on each side.
func benchFiles(lines int, rate float64) (base, ours, theirs []byte) {
	s := scribe{rand.New(rand.NewPCG(3, 3)), 20}
	b := make([]string, lines)
	for i := range b {
		b[i] = fmt.Sprintf("\tline%d := call(%s)\n", i%(lines/2+1), strings.TrimSpace(s.prose(1)[0]))
	}
	return []byte(strings.Join(b, "")), s.retouch(b, rate), s.retouch(b, rate)
}

var benchSizes = []struct {
	name  string
	lines int
	rate  float64
}{
	{"300", 300, 0.05},
	{"3000", 3000, 0.05},
	{"100000", 100000, 0.001},
}

func BenchmarkMerge(b *testing.B) {
	for _, c := range benchSizes {
		base, ours, theirs := benchFiles(c.lines, c.rate)
		for _, l := range []struct {
			name  string
			level Level
		}{{"off", Off}, {"wide", Wide}} {
			b.Run(c.name+"/"+l.name, func(b *testing.B) {
				b.SetBytes(int64(len(base) + len(ours) + len(theirs)))
				b.ReportAllocs()
				for b.Loop() {
					Merge(base, ours, theirs, Options{Path: "a.c", Level: l.level})
				}
			})
		}
	}
}

// BenchmarkGitMergeFile is the yardstick: git on the same files, its start included.
func BenchmarkGitMergeFile(b *testing.B) {
	for _, c := range benchSizes {
		dir := b.TempDir()
		args := []string{"merge-file", "-p"}
		base, ours, theirs := benchFiles(c.lines, c.rate)
		for i, text := range [][]byte{ours, base, theirs} {
			p := filepath.Join(dir, fmt.Sprint(i))
			if err := os.WriteFile(p, text, 0o600); err != nil {
				b.Fatal(err)
			}
			args = append(args, p)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(base) + len(ours) + len(theirs)))
			for b.Loop() {
				cmd := exec.Command("git", args...)
				cmd.Dir = dir
				_ = cmd.Run() // its exit code is the number of conflicts
			}
		})
	}
}

// One conflict that holds the whole of a large file, and a file of one line.
func BenchmarkMergeWorst(b *testing.B) {
	s := scribe{rand.New(rand.NewPCG(4, 4)), 26}
	lines := s.prose(2500)
	base := strings.Join(lines, "")
	all := func(w string) []byte { return []byte(strings.ReplaceAll(base, "a", w)) }
	b.Run("conflict", func(b *testing.B) {
		for b.Loop() {
			Merge([]byte(base), all("x"), all("y"), Options{Level: Wide})
		}
	})
	flat := strings.ReplaceAll(base, "\n", " ")
	b.Run("line", func(b *testing.B) {
		for b.Loop() {
			Merge([]byte(flat), []byte(strings.ReplaceAll(flat, "a", "x")), []byte(strings.ReplaceAll(flat, "b", "y")), Options{Level: Wide})
		}
	})
}

// A thousand conflicts at each of which both sides bring in a definition, in one file.
func BenchmarkMergeDefinitions(b *testing.B) {
	var base, ours, theirs strings.Builder
	for i := range 1000 {
		keep := fmt.Sprintf("def test_kept_%d():\n    assert kept(%d)\n\n", i, i)
		for _, side := range []*strings.Builder{&base, &ours, &theirs} {
			side.WriteString(keep)
		}
		fmt.Fprintf(&ours, "def test_mine_%d():\n    app = start_all_of_it()\n    assert app.run(%d)\n\n", i, i)
		fmt.Fprintf(&theirs, "def test_their_%d():\n    app = start_all_of_it()\n    with beta(app) as b:\n        b.check(none, %d)\n\n", i, i)
	}
	for b.Loop() {
		r := Merge([]byte(base.String()), []byte(ours.String()), []byte(theirs.String()), Options{Path: "test_a.py", Level: Both})
		if len(r.Regions) != 1000 || r.Conflicts > 0 || r.Regions[0].Rule != "defined" {
			b.Fatalf("%d conflicts in %d regions, the first by %q", r.Conflicts, len(r.Regions), r.Regions[0].Rule)
		}
	}
}
