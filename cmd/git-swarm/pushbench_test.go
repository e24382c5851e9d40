package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// newLanding is a clone of a bare remote in which session A works, and another clone.
func newLanding(b *testing.B) (p, other *place) {
	b.Helper()
	p = newPlace(b)
	top := b.TempDir()
	hub := filepath.Join(top, "hub.git")
	clone := func(name string) *place {
		dir := filepath.Join(top, name)
		p.must(b, "git", "clone", "-q", hub, dir)
		made := &place{dir, p.env}
		made.must(b, "git", "config", "gc.auto", "0")
		return made
	}
	p.must(b, "git", "init", "-q", "--bare", "-b", "main", hub)
	p.must(b, "git", "push", "-q", hub, "HEAD:refs/heads/main")
	other, made := clone("other"), clone("work")
	made.must(b, "git-swarm", "init", "--sessions", "A:frontend B:backend")
	return made, other
}

// commit commits a file.
func (p *place) commit(b *testing.B, name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o666); err != nil {
		b.Fatal(err)
	}
	p.must(b, "git", "add", ".")
	p.must(b, "git", "commit", "-q", "-m", "commit "+text)
}

// BenchmarkPush lands one commit with nothing else waiting, and compares with git pull
// --rebase && git push of one such commit, in turn. "x-git" compares the processor time of
// all processes, "x-git-wall" the time that passed.
func BenchmarkPush(b *testing.B) {
	for _, rebase := range []bool{false, true} {
		name := "nothing to rebase"
		if rebase {
			name = "rebase"
		}
		b.Run(name, func(b *testing.B) {
			p, other := newLanding(b)
			var cpu, wall [2][]time.Duration
			n := 0
			for b.Loop() {
				for i, argv := range [][]string{{"git-swarm", "push"}, {"sh", "-c", "git pull -q --rebase && git push -q"}} {
					n++
					p.commit(b, fmt.Sprint("ours", n%50), fmt.Sprint(n))
					if rebase {
						other.must(b, "git", "pull", "-q", "--rebase")
						other.commit(b, fmt.Sprint("theirs", n%50), fmt.Sprint(n))
						other.must(b, "git", "push", "-q")
					}
					c, w := usage(b, p.command(argv...))
					cpu[i], wall[i] = append(cpu[i], c), append(wall[i], w)
				}
			}
			reportBeside(b, cpu, wall)
		})
	}
}

// BenchmarkCommit commits one changed file of a hundred, and compares with git commit, as
// BenchmarkPush does.
func BenchmarkCommit(b *testing.B) {
	p := newPlace(b)
	for i := range 100 {
		p.commit(b, fmt.Sprint("file", i), "first")
	}
	for _, how := range [][]string{{"-m"}, {"-a", "-m"}} {
		b.Run(how[0], func(b *testing.B) {
			var cpu, wall [2][]time.Duration
			n := 0
			for b.Loop() {
				for i, program := range []string{"git-swarm", "git"} {
					n++
					if err := os.WriteFile(filepath.Join(p.dir, fmt.Sprint("file", n%100)), fmt.Append(nil, n, how), 0o666); err != nil {
						b.Fatal(err)
					}
					if how[0] == "-m" {
						p.must(b, "git", "add", "-u")
					}
					c, w := usage(b, p.command(slices.Concat([]string{program, "commit"}, how, []string{"text"})...))
					cpu[i], wall[i] = append(cpu[i], c), append(wall[i], w)
				}
			}
			reportBeside(b, cpu, wall)
		})
	}
}

// reportBeside reports the medians of ours, the first, and how they compare with git's.
func reportBeside(b *testing.B, cpu, wall [2][]time.Duration) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(median(cpu[0])), "cpu-ms")
	b.ReportMetric(ms(median(cpu[1])), "git-cpu-ms")
	b.ReportMetric(float64(median(cpu[0]))/float64(median(cpu[1])), "x-git")
	b.ReportMetric(float64(median(wall[0]))/float64(median(wall[1])), "x-git-wall")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// usage runs the command, and returns the processor time of it and its children, and the
// time that passed.
func usage(b *testing.B, cmd *exec.Cmd) (cpu, wall time.Duration) {
	b.Helper()
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(began)
}
