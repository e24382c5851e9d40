package refstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// shared are repositories that are costly to make: one each a run of go test.
var shared = struct {
	sync.Mutex
	dirs map[string]string
}{dirs: map[string]string{}}

const benchRef = "refs/swarm/try/context"

// benchRepo is a repository with that many entries in benchRef, packed, and that
// many other refs.
func benchRepo(b *testing.B, entries, others int, loose bool) *gitRepo {
	b.Helper()
	shared.Lock()
	defer shared.Unlock()
	key := fmt.Sprint(entries, "-", others, "-", loose)
	if dir, ok := shared.dirs[key]; ok {
		return &gitRepo{Repo: &refstoretest.Repo{TB: b, Dir: dir}}
	}
	r := &gitRepo{Repo: refstoretest.Init(b, filepath.Join(os.Getenv("HOME"), key))}
	r.fastImport("a long story", 1, entries, others)
	if loose {
		tip := r.Git("rev-parse", benchRef)
		if err := os.Remove(r.path("packed-refs")); err != nil {
			b.Fatal(err)
		}
		r.write(benchRef, tip+"\n")
		for i := range others {
			r.write(otherRef(i), tip+"\n")
		}
	}
	shared.dirs[key] = r.Dir
	return r
}

// otherRef: a hundred folders.
func otherRef(i int) string { return fmt.Sprintf("refs/remotes/r%02d/%05d", i%100, i) }

// fastImport has git append entries first to last to benchRef, and make other refs.
func (r *gitRepo) fastImport(story string, first, last, others int) {
	r.Helper()
	var in strings.Builder
	onto := ""
	if first > 1 {
		onto = "from " + r.Git("rev-parse", benchRef) + "\n"
	}
	for i := first; i <= last; i++ {
		message := (&Entry{Body: fmt.Sprintf("entry %d of %s", i, story), Label: "decision", Number: i}).message()
		fmt.Fprintf(&in, "commit %s\nauthor A <a@example.com> %d +0000\ncommitter A <a@example.com> %d +0000\ndata %d\n%s\n%s", benchRef, 1e9+i, 1e9+i, len(message), message, onto)
		onto = ""
	}
	for i := range others {
		fmt.Fprintf(&in, "reset %s\nfrom %s\n\n", otherRef(i), benchRef)
	}
	r.Feed(in.String(), "fast-import", "--quiet")
	r.Git("pack-refs", "--all")
}

// gitAppend is what a script would do with git: read, commit, swap.
func (r *gitRepo) gitAppend(body string) error {
	tip, err := r.TryGit("rev-parse", benchRef)
	if err != nil {
		return err
	}
	commit, err := r.TryGit("commit-tree", "-p", tip, "-m", body, string(object.SHA1.EmptyTree()))
	if err != nil {
		return err
	}
	_, err = r.TryGit("update-ref", benchRef, commit, tip)
	return err
}

// benchAppends measures one append as a process does it, the process's own start
// aside, and the same through git: rev-parse, commit-tree, update-ref.
func benchAppends(b *testing.B, r *gitRepo) {
	tip := r.Git("rev-parse", benchRef)
	for name, appendOne := range map[string]func(i int) error{
		"refstore": func(i int) error { return appendFresh(r.Dir, Options{}, i) },
		"through":  func(i int) error { return appendFresh(r.Dir, Options{ThroughGit: true}, i) },
		"git":      func(i int) error { return r.gitAppend(fmt.Sprint(i)) },
	} {
		b.Run(name, func(b *testing.B) {
			r.Git("update-ref", benchRef, tip)
			r.Git("pack-refs", "--all")
			i := 0
			for b.Loop() {
				if err := appendOne(i); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func appendFresh(dir string, opts Options, i int) error {
	s, err := openDir(dir, opts)
	if err != nil {
		return err
	}
	_, err = appendTo(s, "A", benchRef, fmt.Sprint("body ", i))
	if err2 := s.Close(); err == nil {
		err = err2
	}
	return err
}

func BenchmarkAppend10(b *testing.B)        { benchAppends(b, benchRepo(b, 10, 0, false)) }
func BenchmarkAppend100000(b *testing.B)    { benchAppends(b, benchRepo(b, 100_000, 0, false)) }
func BenchmarkAppend50kPacked(b *testing.B) { benchAppends(b, benchRepo(b, 10, 50_000, false)) }

// BenchmarkAppend50kLoose does not pack the refs between its parts.
func BenchmarkAppend50kLoose(b *testing.B) {
	r := benchRepo(b, 10, 50_000, true)
	b.Run("refstore", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := appendFresh(r.Dir, Options{}, i); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("git", func(b *testing.B) {
		tip := r.Git("rev-parse", benchRef)
		for i := 0; b.Loop(); i++ {
			if err := r.gitAppend(fmt.Sprint(i)); err != nil {
				b.Fatal(err)
			}
		}
		r.Git("update-ref", benchRef, tip)
	})
}

// BenchmarkRead is the tip of a packed ref and its entry, by a fresh store.
func BenchmarkRead(b *testing.B) {
	for _, others := range []int{0, 50_000} {
		r := benchRepo(b, 10, others, false)
		b.Run(fmt.Sprint(others, " others"), func(b *testing.B) {
			for b.Loop() {
				s, err := openDir(r.Dir, Options{})
				if err != nil {
					b.Fatal(err)
				}
				tip, err := s.Tip(bg, benchRef)
				if err != nil || tip == "" {
					b.Fatal(tip, err)
				}
				s.Close()
			}
		})
	}
}

// BenchmarkContention32 lets 32 processes append at once, and for comparison git
// 32 times in a row. An operation is all 32.
func BenchmarkContention32(b *testing.B) {
	r := benchRepo(b, 10, 1, false)
	tip := r.Git("rev-parse", benchRef)
	b.Run("refstore", func(b *testing.B) {
		for b.Loop() {
			var workers []*refstoretest.Worker
			for range 32 {
				workers = append(workers, r.start("append", "files", "A", "1", benchRef))
			}
			for _, w := range workers {
				w.Done(b)
			}
		}
		b.ReportMetric(32*float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	})
	b.Run("git in a row", func(b *testing.B) {
		r.Git("update-ref", benchRef, tip)
		for b.Loop() {
			for i := range 32 {
				if err := r.gitAppend(fmt.Sprint(i)); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(32*float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		r.Git("update-ref", benchRef, tip)
	})
}

// BenchmarkThroughput lets 1, 4 and 32 processes append 100 entries each to the
// same journal.
func BenchmarkThroughput(b *testing.B) {
	for _, processes := range []int{1, 4, 32} {
		b.Run(fmt.Sprint(processes, " processes"), func(b *testing.B) {
			r := benchRepo(b, 10, 2, false)
			for b.Loop() {
				var workers []*refstoretest.Worker
				for range processes {
					workers = append(workers, r.start("append", "files", "A", "100", benchRef))
				}
				for _, w := range workers {
					w.Done(b)
				}
			}
			b.ReportMetric(float64(100*processes*b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// BenchmarkForward reads a packed chain of 100,000 entries, oldest first.
func BenchmarkForward(b *testing.B) {
	r := benchRepo(b, 100_000, 0, false)
	for b.Loop() {
		s, err := openDir(r.Dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		tip, err := s.Tip(bg, benchRef)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := s.Forward(bg, benchRef, tip, func(*Entry) bool { n++; return true }); err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
		s.Close()
	}
}
