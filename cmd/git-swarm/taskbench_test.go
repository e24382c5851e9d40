package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkTask is a task taken and given back in turn, and the lists of them, among ten
// tasks and among ten thousand.
func BenchmarkTask(b *testing.B) {
	for _, count := range []int{10, 10_000} {
		p := newPlace(b)
		p.tasks(b, count)
		b.Run(fmt.Sprintf("%d-tasks/take-or-give", count), func(b *testing.B) {
			taken := false
			p.compare(b, func(int) []string {
				taken = !taken
				return []string{"git-swarm", "task", map[bool]string{true: "take", false: "give"}[taken]}
			})
		})
		for name, argv := range map[string][]string{"list": nil, "list-all": {"--all"}, "list-json": {"--json"}} {
			b.Run(fmt.Sprintf("%d-tasks/%s", count, name), func(b *testing.B) {
				p.compare(b, func(int) []string { return append([]string{"git-swarm", "task", "list"}, argv...) })
			})
		}
	}
}

// tasks adds that many tasks, of which each tenth waits for another.
func (p *place) tasks(b *testing.B, count int) {
	var list strings.Builder
	for i := range count {
		fmt.Fprintf(&list, "- [ ] #%d Task %d of a long plan, with a title as people write it (priority %d; files src/part%d/**)\n", i+1, i+1, i%5, i)
		if i%10 == 9 {
			fmt.Fprintf(&list, "  - [ ] What has to be there before\n")
		}
	}
	file := filepath.Join(p.dir, "PLAN.md")
	if err := os.WriteFile(file, []byte(list.String()), 0o666); err != nil {
		b.Fatal(err)
	}
	p.must(b, "git-swarm", "task", "import", file)
	p.must(b, "git", "gc", "-q")
}
