package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Of a long body the head is shown, whole characters of it, and how to see the rest.
func TestNewsLineHead(t *testing.T) {
	short := strings.Repeat("x", HeadBytes)
	if line := NewsLine(bus.Message{Number: 3, From: "A", Body: short}, 0); line != fmt.Sprintf("MSG from=A: %q (#3)", short) {
		t.Errorf("%.100s", line)
	}
	long := strings.Repeat("x", HeadBytes-1) + "é and more"
	want := fmt.Sprintf("MSG from=A: \"%s…\" (%d bytes: git swarm inbox 3) (#3)", strings.Repeat("x", HeadBytes-1), len(long))
	if line := NewsLine(bus.Message{Number: 3, From: "A", Body: long}, 0); line != want {
		t.Errorf("%.40s … %s", line, line[len(line)-60:])
	}
	if line := ContextLine(bus.Context{Number: 7, Category: "decision", By: "B", Body: long}, 0); !strings.HasSuffix(line, "bytes: git swarm context show 7) (#7)") {
		t.Errorf("… %s", line[len(line)-60:])
	}
	if line := HeadLine(long); !strings.HasSuffix(line, fmt.Sprintf("x… (%d bytes)", len(long))) {
		t.Errorf("… %s", line[len(line)-60:])
	}
}
