package heal

import (
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

var format = linemerge.Format{Labels: linemerge.Labels{Ours: "HEAD", Base: "base", Theirs: "topic"}}

// lineMerge is git's own merge, which linemerge is tested to be.
func lineMerge(base, ours, theirs string, f linemerge.Format) string {
	m := linemerge.New(base, ours, theirs)
	return string(m.Render(m.Hunks(), f))
}

// A healed region does not disturb the one that stays: that one is as git writes it.
func TestHealsWhatItCan(t *testing.T) {
	base := "a\nb\n-\n-\n-\n-\n1 2 3\n"
	ours := "a1x\nb\n-\n-\n-\n-\n1 2 4\n"
	theirs := "a\nb2y\n-\n-\n-\n-\n1 2 5\n"
	r := Merge([]byte(base), []byte(ours), []byte(theirs), Options{Format: linemerge.Format{Labels: format.Labels, Style: linemerge.StyleDiff3}})
	want := "a1x\nb2y\n-\n-\n-\n-\n<<<<<<< HEAD\n1 2 4\n||||||| base\n1 2 3\n=======\n1 2 5\n>>>>>>> topic\n"
	if string(r.Text) != want || r.Conflicts != 1 {
		t.Errorf("%q, %d conflicts; want %q, 1", r.Text, r.Conflicts, want)
	}
	if r.Regions[0].Text != "a1x\nb2y\n" || r.Regions[1].Ours != (linemerge.Span{From: 6, To: 7}) {
		t.Errorf("regions %+v", r.Regions)
	}
}

// Every byte that no edit touches comes through.
func TestBytesAreKept(t *testing.T) {
	long := strings.Repeat("\xff\xfex", 1<<18)
	nul := strings.Repeat("-\n", 5000) + "\x00\xc3\x28\r\n"
	for _, keep := range []string{"\r\n", "\xff\xfe\n", long + "\n", nul, "\u2028\n", "\ufeff\n"} {
		b, o, th := keep+"a\r\nb\r\n"+keep, keep+"a1x\r\nb\r\n"+keep, keep+"a\r\nb2y\r\n"+keep
		r := Merge([]byte(b), []byte(o), []byte(th), Options{})
		if want := keep + "a1x\r\nb2y\r\n" + keep; string(r.Text) != want {
			t.Errorf("%.40q came out as %.80q (%+v)", keep, r.Text, r.Regions)
		}
	}
	if r := Merge([]byte("a\nb"), []byte("a1x\nb"), []byte("a\nb2y"), Options{}); string(r.Text) != "a1x\nb2y" {
		t.Errorf("a file without a last line feed came out as %q", r.Text)
	}
}

func TestLockFilesAreMadeAnew(t *testing.T) {
	r := Merge([]byte("a\n"), []byte("b\n"), []byte("c\n"), Options{Path: "sub/Cargo.lock", Level: Wide})
	if r.Regenerate != "cargo update --workspace" {
		t.Errorf("regenerate with %q", r.Regenerate)
	}
}
