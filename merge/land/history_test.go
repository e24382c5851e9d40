package land

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDiffCommits: what is read in process differs in the files that git names, whatever
// takes the place of what.
func TestDiffCommits(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	l := a.lander()
	feed := func(content string, args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = a.dir, strings.NewReader(content)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	random := rand.New(rand.NewPCG(1, 2))
	blobs := []string{feed("x", "hash-object", "-w", "--stdin"), feed("y", "hash-object", "-w", "--stdin")}
	before := a.head()
	commits := []string{before, feed("other", "commit-tree", "HEAD^{tree}")}
	var tree func(depth int) string
	tree = func(depth int) string {
		var lines strings.Builder
		for _, name := range []string{"a", "a-b", "a.b", "a0", "ab"} {
			blob := blobs[random.IntN(2)]
			switch kind := random.IntN(7); {
			case kind < 2:
			case kind == 2 && depth < 2:
				fmt.Fprintf(&lines, "040000 tree %s\t%s\n", tree(depth+1), name)
			case kind == 3:
				fmt.Fprintf(&lines, "120000 blob %s\t%s\n", blob, name)
			case kind == 4:
				fmt.Fprintf(&lines, "160000 commit %s\t%s\n", commits[random.IntN(2)], name)
			case kind == 5:
				fmt.Fprintf(&lines, "100755 blob %s\t%s\n", blob, name)
			default:
				fmt.Fprintf(&lines, "100644 blob %s\t%s\n", blob, name)
			}
		}
		return feed(lines.String(), "mktree")
	}
	for range 25 {
		after := feed("changed", "commit-tree", tree(0))
		got, err := l.diffOf(t.Context(), before, after)
		if err != nil {
			t.Fatal(err)
		}
		var want []changedFile
		for line := range strings.Lines(a.git("diff", "--name-status", "--no-renames", "--ignore-submodules=none", before, after) + "\n") {
			if status, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
				want = append(want, changedFile{path, status == "A", status == "D"})
			}
		}
		if !slices.Equal(got.files, want) {
			t.Errorf("%+v, git says %+v", got.files, want)
		}
		before = after
	}
}

// TestAncestor: which commit is below which is what git says, over lines, forks, merges,
// and histories that have nothing in common; where two lines of one parent each part is
// found without git.
func TestAncestor(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	random := rand.New(rand.NewPCG(3, 4))
	var commits []string
	for i := range 25 {
		args := []string{"commit-tree", "HEAD^{tree}", "-m", fmt.Sprint(i)}
		for range min(len(commits), []int{0, 1, 1, 1, 1, 1, 1, 1, 1, 2}[random.IntN(10)]) {
			args = append(args, "-p", commits[random.IntN(len(commits))])
		}
		commits = append(commits, a.git(args...))
	}
	below := map[string][]string{} // each commit's ancestors, and itself
	for _, c := range commits {
		below[c] = strings.Fields(a.git("rev-list", c))
	}
	forks := 0
	for _, one := range commits {
		for _, other := range commits[:8] {
			l := a.lander()
			if got, err := l.ancestor(t.Context(), one, other); err != nil || got != slices.Contains(below[other], one) {
				t.Errorf("%s below %s: %v, %v, and git says otherwise", one, other, got, err)
			}
			at, ok := l.fork(t.Context(), one, other)
			if !ok {
				continue
			}
			forks++
			for _, c := range append(below[one], at) { // the newest that is below both
				if common := slices.Contains(below[one], c) && slices.Contains(below[other], c); common != slices.Contains(below[at], c) {
					t.Errorf("%s and %s part at %s, and %s is common: %v", one, other, at, c, common)
				}
			}
		}
	}
	if forks < 30 {
		t.Errorf("of %d pairs, %d were told in process", len(commits)*8, forks)
	}
}
