package bus

import (
	"slices"
	"strings"
	"testing"
)

// An inbox of more bytes than one sync shows is shown in parts, oldest first, and
// each message once.
func TestSyncInParts(t *testing.T) {
	s := newSwarm(t, "A", "B")
	body := strings.Repeat("x", MaxBody-2)
	for i := range syncBytes/MaxBody + 3 {
		s.send("A", "B", string(rune('a'+i))+body)
	}
	var parts [][]int
	for more := true; more; {
		more = false
		s.Must(s.Sync(bg, "B", func(n *News) error {
			var numbers []int
			for _, m := range n.Messages {
				numbers = append(numbers, m.Number)
			}
			parts, more = append(parts, numbers), n.More
			return nil
		}))
	}
	all := slices.Concat(parts...)
	if len(parts) != 2 || len(all) != syncBytes/MaxBody+3 || !slices.IsSorted(all) || all[0] != 1 || len(slices.Compact(all)) != len(all) {
		t.Errorf("%v", parts)
	}
	if news := s.sync("B"); news != nil {
		t.Errorf("shown again: %v", news.lines())
	}
	s.healthy()
}
