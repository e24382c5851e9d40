package refstore

import (
	"errors"
	"os"
	"strings"
	"testing"
)

const numbersFile = "swarm/numbers/try/context"

// longChain is a repository with a context of n entries, made by git.
func longChain(t *testing.T, n int) (*gitRepo, *Store) {
	r := newRepo(t)
	r.fastImport("a story", 1, n, 0)
	return r, r.open(Options{})
}

func (r *gitRepo) read(path string) string {
	r.Helper()
	content, err := os.ReadFile(r.path(path))
	r.Must(err)
	return string(content)
}

// wantFound looks for each of the numbers, and for those beyond the ends.
func wantFound(t *testing.T, s *Store, last int, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		e, err := s.Find(bg, benchRef, n)
		if err != nil || e.Number != n {
			t.Fatalf("#%d gives %v, %v", n, e, err)
		}
	}
	for _, n := range []int{0, last + 1} {
		if e, err := s.Find(bg, benchRef, n); !errors.Is(err, ErrNotExist) {
			t.Errorf("#%d gives %v, %v", n, e, err)
		}
	}
}

// Line N of the list is the id of entry N, and the list grows with the chain.
func TestNumbersAreListed(t *testing.T) {
	r, s := longChain(t, 2*listEvery)
	wantFound(t, s, 2*listEvery, 2*listEvery, 2*listEvery-listEvery/2)
	if _, err := os.Stat(r.path(numbersFile)); err == nil {
		t.Error("a short walk made a list")
	}
	check := func(lines int) {
		t.Helper()
		if got, want := r.read(numbersFile), r.Git("rev-list", "--reverse", benchRef)+"\n"; got != want[:lines*(len(r.Git("rev-parse", benchRef))+1)] {
			t.Errorf("the list has %d lines, want the first %d of the chain", strings.Count(got, "\n"), lines)
		}
	}
	wantFound(t, s, 2*listEvery, 1, listEvery, 3)
	check(2 * listEvery)
	r.fastImport("a story", 2*listEvery+1, 3*listEvery-1, 0)
	wantFound(t, s, 3*listEvery-1, 5, 3*listEvery-1)
	check(2 * listEvery)
	r.fastImport("a story", 3*listEvery, 3*listEvery, 0)
	wantFound(t, s, 3*listEvery, 5, 3*listEvery)
	check(3 * listEvery)
}

// spoiled are lists that are cut, garbled, foreign, or of a chain that was moved back,
// and such as may not be written.
var spoiled = map[string]func(r *gitRepo){
	"gone":     func(r *gitRepo) { r.Must(os.Remove(r.path(numbersFile))) },
	"empty":    func(r *gitRepo) { r.write(numbersFile, "") },
	"cut":      func(r *gitRepo) { r.write(numbersFile, r.read(numbersFile)[:100*41+17]) },
	"zero":     func(r *gitRepo) { r.write(numbersFile, strings.Repeat("\x00", 4100)) },
	"shifted":  func(r *gitRepo) { l := r.read(numbersFile); r.write(numbersFile, l[41:]+l[:41]) },
	"doubled":  func(r *gitRepo) { l := r.read(numbersFile); r.write(numbersFile, l+l) },
	"exchange": func(r *gitRepo) { l := r.read(numbersFile); r.write(numbersFile, l[41:82]+l[:41]+l[82:]) },
	"a hole": func(r *gitRepo) {
		l := r.read(numbersFile)
		r.write(numbersFile, l[:41]+strings.Repeat("0", 40)+l[81:])
	},
	"no ids": func(r *gitRepo) { r.write(numbersFile, strings.Repeat(strings.Repeat("x", 40)+"\n", 2*listEvery)) },
	"other objects": func(r *gitRepo) {
		r.write(numbersFile, strings.Repeat(r.Git("rev-parse", benchRef+"^{tree}")+"\n", 2*listEvery))
	},
	"a folder":  func(r *gitRepo) { r.Must(os.Remove(r.path(numbersFile))); r.Must(os.Mkdir(r.path(numbersFile), 0o777)) },
	"read only": func(r *gitRepo) { r.write(numbersFile, ""); r.Must(os.Chmod(r.path(numbersFile), 0o400)) },
	"moved back": func(r *gitRepo) {
		r.Git("update-ref", benchRef, benchRef+"~50")
		r.fastImport("another story", 2*listEvery-50+1, 2*listEvery, 0)
	},
}

// A list that does not fit answers nothing.
func TestNumbersListDoesNotFit(t *testing.T) {
	for name, spoil := range spoiled {
		t.Run(name, func(t *testing.T) {
			r, s := longChain(t, 2*listEvery)
			wantFound(t, s, 2*listEvery, 1)
			spoil(r)
			for range 2 {
				wantFound(t, s, 2*listEvery, 1, 2, 3, 2*listEvery-49, 2*listEvery)
			}
			if e, err := s.Find(bg, benchRef, 2*listEvery-20); err != nil || name == "moved back" && !strings.HasSuffix(e.Body, "another story") {
				t.Errorf("%v, %v", e, err)
			}
			if left := s.SetAside(); len(left) > 0 {
				t.Errorf("set aside: %v", left)
			}
		})
	}
}
