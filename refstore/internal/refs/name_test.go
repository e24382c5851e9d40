package refs

import (
	"os/exec"
	"testing"
)

// Names that CheckName takes are names that git takes.
func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "a/b", "A_9-z", "{", "a{b}", "ü", "a.b", "a@b", "'", "$(x)"} {
		ref := "refs/swarm/" + name
		if err := CheckName(ref); err != nil {
			t.Errorf("%s is refused: %v", ref, err)
		}
		if err := exec.Command("git", "check-ref-format", ref).Run(); err != nil {
			t.Errorf("git refuses %s", ref)
		}
	}
	for _, name := range []string{"", "/a", "a/", "a//b", ".a", "a/.b", "a..b", "a.lock", "a.lock/b", "a.", "a b", "a~", "a^", "a:", "a?", "a*", "a[", "a\\", "a@{b", "a\x7f", "a\x01", "a\nb"} {
		ref := "refs/swarm/" + name
		if CheckName(ref) == nil {
			t.Errorf("%q is taken", ref)
		}
		if err := exec.Command("git", "check-ref-format", ref).Run(); err == nil {
			t.Errorf("git takes %q", ref)
		}
	}
}
