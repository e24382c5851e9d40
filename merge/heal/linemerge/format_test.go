package linemerge

import "testing"

// TestSameButLabels: labels and the ends of lines do not count, everything else does.
func TestSameButLabels(t *testing.T) {
	conflict := "a\n<<<<<<< HEAD\nb\n||||||| base\nc\n=======\nd\n>>>>>>> topic\n"
	for _, c := range []struct {
		name, other string
		size        int
		want        bool
	}{
		{"the same", conflict, 0, true},
		{"other labels", "a\n<<<<<<< ours\nb\n||||||| 1234567\nc\n=======\nd\n>>>>>>>\n", 0, true},
		{"CR LF", "a\r\n<<<<<<< HEAD\r\nb\r\n||||||| base\r\nc\r\n=======\r\nd\r\n>>>>>>> topic\r\n", 7, true},
		{"another line", "a\n<<<<<<< HEAD\nB\n||||||| base\nc\n=======\nd\n>>>>>>> topic\n", 0, false},
		{"a line more", conflict + "e\n", 0, false},
		{"text behind the middle", "a\n<<<<<<< HEAD\nb\n||||||| base\nc\n======= x\nd\n>>>>>>> topic\n", 0, false},
		{"markers of another size are text", "a\n<<<<<<< ours\nb\n||||||| base\nc\n=======\nd\n>>>>>>> topic\n", 9, false},
	} {
		if got := SameButLabels([]byte(conflict), []byte(c.other), c.size); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestReplaced: the text of a replaced hunk stands in its place, and the conflict
// beside it is as it was.
func TestReplaced(t *testing.T) {
	m := New("a\nk\nk\nk\nk\nb\n", "x\nk\nk\nk\nk\ny\n", "p\nk\nk\nk\nk\nq\n")
	hunks := m.Hunks()
	if len(hunks) != 2 || hunks[0].Kind != Conflict {
		t.Fatalf("%+v", hunks)
	}
	hunks[0].Kind, hunks[0].Text = Replaced, "both\n"
	for range 2 { // Render leaves the hunks alone
		if got, want := string(m.Render(hunks, Format{Style: StyleZDiff3})), "both\nk\nk\nk\nk\n<<<<<<<\ny\n|||||||\nb\n=======\nq\n>>>>>>>\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestShortest: what goes and comes is told by place, and no way is shorter.
func TestShortest(t *testing.T) {
	gone, come := Shortest([]int32{1, 2, 3, 4}, []int32{2, 4, 5})
	if len(gone) != 2 || gone[0] != 0 || gone[1] != 2 || len(come) != 1 || come[0] != 2 {
		t.Errorf("gone %v, come %v", gone, come)
	}
}
