package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
)

// The benchmarks run whole processes, ours and git rev-parse HEAD in turn, and
// report the median of each and how they compare, by the clock ("x-git") and by processor
// time ("x-git-cpu"). Machines are noisy: only the comparison means something, and on a
// busy one only that of processor time.
//
//	go test -run '^$' -bench . ./cmd/git-swarm

// place is a repository to measure in.
type place struct {
	dir string
	env []string
}

func newPlace(b *testing.B) *place {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "bin")
	build(b, bin)
	readAnew(b, filepath.Join(bin, "git-swarm"))
	p := &place{dir: b.TempDir(), env: append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=You", "GIT_AUTHOR_EMAIL=you@example.com", "GIT_COMMITTER_NAME=You", "GIT_COMMITTER_EMAIL=you@example.com", "GIT_SWARM_SESSION=A")}
	p.must(b, "git", "init", "-q", ".")
	p.must(b, "git", "config", "gc.auto", "0")
	p.must(b, "git", "commit", "-q", "--allow-empty", "-m", "start")
	p.must(b, "git-swarm", "init", "--sessions", "A:frontend B:backend")
	return p
}

// readAnew has the program in memory as it is read from the disk, in large parts: of one
// that was just written there are small ones, with which it starts up to a quarter slower.
func readAnew(b *testing.B, program string) {
	b.Helper()
	_ = exec.Command("sync", program).Run() // without GNU's tools it stays as it is
	_ = exec.Command("dd", "if="+program, "iflag=nocache", "count=0").Run()
	if _, err := os.ReadFile(program); err != nil {
		b.Fatal(err)
	}
}

// quiet calls until that leaves the note that there is nothing to do, which takes a
// second: see package quiet.
func (p *place) quiet(b *testing.B, note string, call func()) {
	b.Helper()
	for {
		call()
		if _, err := os.Stat(filepath.Join(p.dir, ".git", note)); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *place) command(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	if argv[0] == "git-swarm" {
		for _, e := range p.env {
			if dirs, ok := strings.CutPrefix(e, "PATH="); ok {
				cmd = exec.Command(filepath.Join(filepath.SplitList(dirs)[0], "git-swarm"), argv[1:]...)
			}
		}
	}
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

func (p *place) must(b *testing.B, argv ...string) {
	b.Helper()
	if out, err := p.command(argv...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}

// feed runs git fast-import.
func (p *place) feed(b *testing.B, write func(w *bufio.Writer)) {
	b.Helper()
	cmd := p.command("git", "fast-import", "--quiet", "--force")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(in)
	write(w)
	_ = w.Flush()
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// entries makes journals of n entries each: the context and B's inbox.
func (p *place) entries(n int) func(b *testing.B) {
	return func(b *testing.B) {
		p.feed(b, func(w *bufio.Writer) {
			for ref, label := range map[string]string{"refs/swarm/context": "decision", "refs/swarm/inbox/B": "message"} {
				for i := 1; i <= n; i++ {
					message := fmt.Sprintf("[%s] entry %d of many, about as long as they are\n\nNumber: %d\nLabel: %s\nFormat: 1\n", label, i, i, label)
					fmt.Fprintf(w, "commit %s\nauthor B <you@example.com> %d +0000\ncommitter You <you@example.com> %d +0000\ndata %d\n%s\n", ref, 1700000000+i, 1700000000+i, len(message), message)
				}
			}
		})
	}
}

func (p *place) manyRefs(b *testing.B, n int, packed bool) {
	head, err := p.command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		b.Fatal(err)
	}
	var script strings.Builder
	for i := range n {
		fmt.Fprintf(&script, "create refs/heads/topic/%02d/%d %s", i%100, i, head)
	}
	cmd := p.command("git", "update-ref", "--stdin")
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	if packed {
		p.must(b, "git", "pack-refs", "--all")
	}
}

func (p *place) bigPack(b *testing.B) {
	p.feed(b, func(w *bufio.Writer) {
		for i := range 400_000 {
			fmt.Fprintf(w, "blob\ndata %d\n%d\n", len(fmt.Sprint(i)), i)
		}
	})
}

// settings are the repositories that a cost must not depend on.
var settings = []struct {
	name string
	make func(*place, *testing.B)
}{
	{"10-entries", func(p *place, b *testing.B) { p.entries(10)(b) }},
	{"100000-entries", func(p *place, b *testing.B) { p.entries(100_000)(b) }},
	{"50000-refs-loose", func(p *place, b *testing.B) { p.manyRefs(b, 50_000, false) }},
	{"50000-refs-packed", func(p *place, b *testing.B) { p.manyRefs(b, 50_000, true) }},
	{"400000-objects", func(p *place, b *testing.B) { p.bigPack(b) }},
}

func BenchmarkCost(b *testing.B) {
	commands := []struct {
		name string
		argv func(i int) []string
	}{
		{"sync-quiet", func(int) []string { return []string{"git-swarm", "sync"} }},
		{"context-add", func(int) []string {
			return []string{"git-swarm", "context", "add", "a decision", "--category", "decision"}
		}},
		{"context-show", func(int) []string { return []string{"git-swarm", "context", "show", "5"} }},
		{"message", func(int) []string { return []string{"git-swarm", "message", "B", "a message"} }},
		{"claim", func(i int) []string { return []string{"git-swarm", "claim", fmt.Sprintf("src/%02d/%d.go", i%50, i)} }},
	}
	for _, s := range settings {
		b.Run(s.name, func(b *testing.B) {
			p := newPlace(b)
			s.make(p, b)
			p.quiet(b, quiet.Name, func() { p.must(b, "git-swarm", "sync") })
			for _, c := range commands {
				b.Run(c.name, func(b *testing.B) { p.compare(b, c.argv) })
			}
		})
	}
}

// BenchmarkClaims lists 50,000 claims, in turn with what git needs to show as much: of
// claims that were made by 100 at once their names, else their content, too.
func BenchmarkClaims(b *testing.B) {
	for _, s := range []struct {
		name      string
		together  int
		yardstick string
	}{
		{"by-100", 100, "git ls-tree -r refs/swarm/claims"},
		{"by-1", 1, "git ls-tree -r refs/swarm/claims | cut -c13-52 | git cat-file --batch"},
	} {
		b.Run(s.name, func(b *testing.B) {
			p := newPlace(b)
			p.claims(b, 50_000, s.together)
			for _, argv := range [][]string{{"git-swarm", "claims"}, {"git-swarm", "claims", "--all"}, {"git-swarm", "claims", "--json"}} {
				b.Run(argv[len(argv)-1], func(b *testing.B) {
					p.compareWith(b, []string{"sh", "-c", s.yardstick}, func(int) []string { return slices.Clone(argv) })
				})
			}
		})
	}
}

// claims makes n claims of A's, each so many with the same content.
func (p *place) claims(b *testing.B, n, together int) {
	b.Helper()
	p.feed(b, func(w *bufio.Writer) {
		message := fmt.Sprintf("claim src\n\nNumber: 1\nEpoch: %d\nFormat: 1\n", n/together)
		for e := 1; e <= n/together; e++ {
			since := time.Unix(1700000000+int64(e), 0).UTC().Format(time.RFC3339)
			claim := fmt.Sprintf("version = 1\nsession = 'A'\nsince = %s\nreason = 'part %d of the work'\nepoch = %d\n", since, e, e)
			fmt.Fprintf(w, "blob\nmark :%d\ndata %d\n%s\n", e, len(claim), claim)
		}
		fmt.Fprintf(w, "commit refs/swarm/claims\nauthor A <you@example.com> 1700000000 +0000\ncommitter You <you@example.com> 1700000000 +0000\ndata %d\n%s\n", len(message), message)
		for i := range n {
			fmt.Fprintf(w, "M 100644 :%d src/dir%03d/file%03d.go\n", i/together+1, i/200, i%200)
		}
	})
}

// compare is compareWith git rev-parse HEAD.
func (p *place) compare(b *testing.B, argv func(i int) []string) {
	p.compareWith(b, []string{"git", "rev-parse", "HEAD"}, argv)
}

// compareWith runs ours and git's in turn and reports the medians and their ratio.
func (p *place) compareWith(b *testing.B, yardstick []string, argv func(i int) []string) {
	var ours, gits, oursCPU, gitsCPU []time.Duration
	i := 0
	for b.Loop() {
		i++
		git := p.command(yardstick...)
		gits = append(gits, timed(b, git))
		cmd := p.command(argv(i + os.Getpid()<<20)...)
		ours = append(ours, timed(b, cmd))
		gitsCPU, oursCPU = append(gitsCPU, cpuOf(git)), append(oursCPU, cpuOf(cmd))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(ours).Microseconds())/1000, "ms")
	b.ReportMetric(float64(median(gits).Microseconds())/1000, "git-ms")
	b.ReportMetric(float64(median(ours))/float64(median(gits)), "x-git")
	b.ReportMetric(float64(median(oursCPU))/float64(median(gitsCPU)), "x-git-cpu")
	if peak := p.peak(argv(i + os.Getpid()<<20)); peak > 0 {
		b.ReportMetric(peak, "peak-MB")
	}
}

// peak is the command's peak memory in MB, by GNU time: what a child that we
// start ourselves reports contains our own. 0 where there is no GNU time.
func (p *place) peak(argv []string) float64 {
	argv[0] = p.command(argv...).Path
	out, _ := p.command(append([]string{"/usr/bin/time", "-f", "%M"}, argv...)...).CombinedOutput()
	lines := strings.Fields(string(out))
	kb := 0
	if len(lines) > 0 {
		kb, _ = strconv.Atoi(lines[len(lines)-1])
	}
	return float64(kb) / 1024
}

func timed(b *testing.B, cmd *exec.Cmd) time.Duration {
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// cpuOf is the processor time of a command that has ended.
func cpuOf(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkThroughput lets 32 processes append to one journal at once, and
// compares with 32 runs of git commit-tree and update-ref in a row.
func BenchmarkThroughput(b *testing.B) {
	p := newPlace(b)
	const writers = 32
	var ours, gits []time.Duration
	for b.Loop() {
		began := time.Now()
		var all sync.WaitGroup
		for range writers {
			cmd := p.command("git-swarm", "context", "add", "at once", "--category", "decision")
			all.Go(func() {
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Errorf("refused: %s", out)
				}
			})
		}
		all.Wait()
		ours = append(ours, time.Since(began))
		gits = append(gits, p.inARow(b, writers))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(ours).Microseconds())/1000, "ms")
	b.ReportMetric(float64(median(gits).Microseconds())/1000, "git-ms")
	b.ReportMetric(float64(median(ours))/float64(median(gits)), "x-git")
}

func (p *place) inARow(b *testing.B, n int) time.Duration {
	began := time.Now()
	for range n {
		parent, _ := p.command("git", "rev-parse", "--verify", "-q", "refs/x/journal").Output()
		args := []string{"git", "commit-tree", "HEAD^{tree}", "-m", "in a row"}
		if id := strings.TrimSpace(string(parent)); id != "" {
			args = append(args, "-p", id)
		}
		next, err := p.command(args...).Output()
		if err != nil {
			b.Fatal(err)
		}
		p.must(b, "git", "update-ref", "refs/x/journal", strings.TrimSpace(string(next)))
	}
	return time.Since(began)
}
