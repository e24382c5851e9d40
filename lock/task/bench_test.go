package task

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// A task taken and given back, among ten and among ten thousand, and the list of all.
// The yardstick is git rev-parse HEAD, a process that reads one ref.
func BenchmarkTake(b *testing.B) {
	for _, count := range []int{10, 1000, 10_000} {
		s := newSwarm(b, "A")
		s.plant(count)
		b.Run(fmt.Sprintf("%d-tasks/take-and-give", count), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Take(bg, "A", 0, ""); err != nil {
					b.Fatal(err)
				}
				if _, err := s.Give(bg, "A", 0, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d-tasks/list", count), func(b *testing.B) {
			for b.Loop() {
				if all, err := s.List(bg); err != nil || len(all) != count {
					b.Fatal(len(all), err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d-tasks/git-rev-parse", count), func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command("git", "-C", s.Dir, "rev-parse", "HEAD").Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
		if faults, _, err := Fsck(bg, s.Bus); len(faults) > 0 || err != nil {
			b.Fatalf("what was measured is not what git swarm writes: %v, %v", faults, err)
		}
	}
}

// plant adds that many tasks in one call, of which each tenth waits for one before it.
func (s *swarm) plant(count int) {
	s.Helper()
	tasks := make([]New, count)
	for i := range tasks {
		tasks[i] = New{Title: fmt.Sprintf("Task %d of a long plan, with a title as people write it", i+1), Priority: i % 5, Files: []string{fmt.Sprintf("src/part%d/**", i)}}
		if i%10 == 9 {
			tasks[i].AfterNew = []int{i - 5}
		}
	}
	_, err := s.Add(bg, bus.Orchestrator, tasks, s.main())
	s.Must(err)
	s.Git("gc", "-q")
}
