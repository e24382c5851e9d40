package quiet

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var (
	testArgs = []string{"sync"}
	testEnv  = []string{"GIT_SWARM_SESSION=A", "LANG=C"}
)

// leave makes a folder of that name the working directory, with a note that says that
// nothing is to do.
func leave(t *testing.T, name string) (dir string, note []byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return dir, leaveIn(t, dir)
}

func leaveIn(t *testing.T, dir string) (note []byte) {
	t.Helper()
	for name, text := range map[string]string{"ref": "ref", "packed": "packed", "record": `{"session":"A","told":1,"waited":["x"]}` + "\n"} {
		if err := os.WriteFile(".git/"+name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	in := dir + "/.git/"
	inputs := []string{
		Own + dir, Place + ".", Content + in + "ref", Times + in + "packed", Entry + in + "packed", Record + in + "record",
		Plain + in + "ref", Plain + in + "maybe", Absent + in + "none",
	}
	state, ok := Look(testArgs, testEnv, inputs, 0)
	if !ok {
		t.Fatal("it cannot be looked at")
	}
	now := time.Now().UnixNano()
	note = Note(inputs, state, now-6e10, now+6e10)
	rewrite(t, note)
	return note
}

func rewrite(t *testing.T, note []byte) {
	t.Helper()
	if err := os.WriteFile(".git/"+Name, note, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedNote: of a note in which a bit is another, that ends anywhere, or that has
// a byte more, Unchanged says no.
func TestDamagedNote(t *testing.T) {
	_, note := leave(t, "app")
	if !Unchanged(Name, testArgs, testEnv, time.Now().UnixNano()) {
		t.Fatal("nothing has changed")
	}
	for i := range note {
		damaged := [][]byte{note[:i], slices.Insert(slices.Clone(note), i, 0)}
		if i < len(magic) || i >= len(magic)+16 { // the times say for how long it holds, and not what
			other := bytes.Clone(note)
			other[i] ^= 1 << (i % 8)
			damaged = append(damaged, other)
		}
		for _, other := range damaged {
			rewrite(t, other)
			if Unchanged(Name, testArgs, testEnv, time.Now().UnixNano()) {
				t.Fatalf("it says yes of a note with damage at %d: %q", i, other)
			}
		}
	}
}

// TestOddFolder: line feeds in the path are as good as any other byte.
func TestOddFolder(t *testing.T) {
	dir, _ := leave(t, "x\n\ny")
	if err := os.Mkdir(filepath.Dir(dir)+"/x", 0o777); err != nil { // as far as the first line goes
		t.Fatal(err)
	}
	if !Unchanged(Name, testArgs, testEnv, time.Now().UnixNano()) {
		t.Error("nothing has changed")
	}
	if err := os.WriteFile(".git/ref", []byte("1"), 0o666); err != nil {
		t.Fatal(err)
	}
	if Unchanged(Name, testArgs, testEnv, time.Now().UnixNano()) {
		t.Error("it does not see the change")
	}
}

// TestKinds: what counts of a file is what its kind says.
func TestKinds(t *testing.T) {
	dir, _ := leave(t, "app")
	write := func(name, text string) func() error {
		return func() error { return os.WriteFile(".git/"+name, []byte(text), 0o666) }
	}
	for i, c := range []struct {
		change func() error
		want   bool
	}{
		{write("other", "x"), true},
		{write("maybe", "x"), true},
		{write("record", `{"told":22,"session":"A","waited":["x"],"session2":"B"}`), true},
		{write("record", `{"session":"B","told":1,"waited":["x"]}`), false},
		{write("record", `{"session":"A","told":1,"waited":["y"]}`), false},
		{write("record", `{"session":"A","told":1,"waited":["x"],}`), false},
		{write("record", `{"session":"A","told":1,"waited":["x"]`), false},
		{write("record", ""), false},
		{func() error { return os.Remove(".git/record") }, false},
		{write("ref", "rev"), false},
		{func() error { return os.Chtimes(".git/packed", time.Time{}, time.Unix(1e9, 0)) }, false},
		{write("none", ""), false},
		{func() error { return os.Symlink("ref", ".git/maybe") }, false},
		{func() error { return os.Mkdir(".git/maybe", 0o777) }, false},
	} {
		for _, name := range []string{"none", "maybe"} {
			if err := os.RemoveAll(".git/" + name); err != nil {
				t.Fatal(err)
			}
		}
		leaveIn(t, dir)
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if got := Unchanged(Name, testArgs, testEnv, time.Now().UnixNano()); got != c.want {
			t.Errorf("change %d: it is as it was: %v", i, got)
		}
	}
}

// TestGiven: an argument is no variable, though it reads the same.
func TestGiven(t *testing.T) {
	leave(t, "app")
	for _, c := range []struct {
		args, env []string
		want      bool
	}{
		{testArgs, testEnv, true},
		{testArgs, []string{"LANG=de", "GIT_SWARM_SESSION=A"}, true},
		{testArgs, nil, false},
		{testArgs, []string{"GIT_SWARM_SESSION=A", "HOME=/"}, false},
		{[]string{"sync", "GIT_SWARM_SESSION=A"}, nil, false},
		{nil, []string{"GIT_sync", "GIT_SWARM_SESSION=A"}, false},
	} {
		if got := Unchanged(Name, c.args, c.env, time.Now().UnixNano()); got != c.want {
			t.Errorf("%q with %q: %v", c.args, c.env, got)
		}
	}
}
