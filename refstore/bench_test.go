package refstore

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// shared are repositories that are costly to make: one each a run of go test.
var shared struct {
	sync.Mutex
	root  string
	repos map[string]string
}

func dropShared() {
	if shared.root != "" {
		os.RemoveAll(shared.root)
	}
}

const benchRef = "refs/swarm/context"

// benchRepo is a repository with that many entries in benchRef, packed, and that
// many other refs.
func benchRepo(b *testing.B, entries, others int, loose bool) *gitRepo {
	b.Helper()
	shared.Lock()
	defer shared.Unlock()
	key := fmt.Sprint(entries, "-", others, "-", loose)
	if dir, ok := shared.repos[key]; ok {
		return &gitRepo{TB: b, dir: dir}
	}
	if shared.root == "" {
		root, err := os.MkdirTemp("", "refstore-bench")
		if err != nil {
			b.Fatal(err)
		}
		shared.root, shared.repos = root, map[string]string{}
	}
	r := &gitRepo{TB: b, dir: filepath.Join(shared.root, key)}
	run(b, "", "init", "-q", "--template=", r.dir)
	r.fastImport(entries, others)
	if loose {
		tip := r.git("rev-parse", benchRef)
		if err := os.Remove(r.path("packed-refs")); err != nil {
			b.Fatal(err)
		}
		r.write(benchRef, tip+"\n")
		for i := range others {
			r.write(otherRef(i), tip+"\n")
		}
	}
	shared.repos[key] = r.dir
	return r
}

// otherRef: a hundred folders.
func otherRef(i int) string { return fmt.Sprintf("refs/remotes/r%02d/%05d", i%100, i) }

func (r *gitRepo) fastImport(entries, others int) {
	r.Helper()
	var in bytes.Buffer
	for i := 1; i <= entries; i++ {
		message := (&Entry{Body: fmt.Sprintf("entry %d of a long story", i), Label: "decision", Number: i}).message()
		fmt.Fprintf(&in, "commit %s\nauthor A <a@example.com> %d +0000\ncommitter A <a@example.com> %d +0000\ndata %d\n%s\n", benchRef, 1e9+i, 1e9+i, len(message), message)
	}
	for i := range others {
		fmt.Fprintf(&in, "reset %s\nfrom %s\n\n", otherRef(i), benchRef)
	}
	cmd := exec.Command("git", "-C", r.dir, "fast-import", "--quiet")
	cmd.Stdin = &in
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("git fast-import: %v: %s", err, out)
	}
	r.git("pack-refs", "--all")
}

// gitAppend is what a script would do with git: read, commit, swap.
func gitAppend(dir, body string) error {
	tip, err := tryGit(dir, "rev-parse", benchRef)
	if err != nil {
		return err
	}
	tip = tip[:len(tip)-1]
	commit, err := tryGit(dir, "commit-tree", "-p", tip, "-m", body, string(object.SHA1.EmptyTree()))
	if err != nil {
		return err
	}
	_, err = tryGit(dir, "update-ref", benchRef, commit[:len(commit)-1], tip)
	return err
}

// benchAppends measures one append as a process does it, the process's own start
// aside, and the same through git: rev-parse, commit-tree, update-ref.
func benchAppends(b *testing.B, r *gitRepo) {
	tip := r.git("rev-parse", benchRef)
	for name, appendOne := range map[string]func(i int) error{
		"refstore": func(i int) error { return appendFresh(r.dir, Options{}, i) },
		"through":  func(i int) error { return appendFresh(r.dir, Options{ThroughGit: true}, i) },
		"git":      func(i int) error { return gitAppend(r.dir, fmt.Sprint(i)) },
	} {
		b.Run(name, func(b *testing.B) {
			r.git("update-ref", benchRef, tip)
			r.git("pack-refs", "--all")
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
			if err := appendFresh(r.dir, Options{}, i); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("git", func(b *testing.B) {
		tip := r.git("rev-parse", benchRef)
		for i := 0; b.Loop(); i++ {
			if err := gitAppend(r.dir, fmt.Sprint(i)); err != nil {
				b.Fatal(err)
			}
		}
		r.git("update-ref", benchRef, tip)
	})
}

// BenchmarkRead is the tip of a packed ref and its entry, by a fresh store.
func BenchmarkRead(b *testing.B) {
	for _, others := range []int{0, 50_000} {
		r := benchRepo(b, 10, others, false)
		b.Run(fmt.Sprint(others, " others"), func(b *testing.B) {
			for b.Loop() {
				s, err := openDir(r.dir, Options{})
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
	tip := r.git("rev-parse", benchRef)
	b.Run("refstore", func(b *testing.B) {
		for b.Loop() {
			var workers []*worker
			for range 32 {
				workers = append(workers, startWorker(b, "append", r.dir, "files", "A", "1", benchRef))
			}
			for _, w := range workers {
				w.done(b)
			}
		}
		b.ReportMetric(32*float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	})
	b.Run("git in a row", func(b *testing.B) {
		r.git("update-ref", benchRef, tip)
		for b.Loop() {
			for i := range 32 {
				if err := gitAppend(r.dir, fmt.Sprint(i)); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(32*float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		r.git("update-ref", benchRef, tip)
	})
}

// BenchmarkThroughput lets 1, 4 and 32 processes append 100 entries each to the
// same journal.
func BenchmarkThroughput(b *testing.B) {
	for _, processes := range []int{1, 4, 32} {
		b.Run(fmt.Sprint(processes, " processes"), func(b *testing.B) {
			r := benchRepo(b, 10, 2, false)
			for b.Loop() {
				var workers []*worker
				for range processes {
					workers = append(workers, startWorker(b, "append", r.dir, "files", "A", "100", benchRef))
				}
				for _, w := range workers {
					w.done(b)
				}
			}
			b.ReportMetric(float64(100*processes*b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}
