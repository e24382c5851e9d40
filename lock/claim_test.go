package lock

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestGrant(t *testing.T) {
	s := newSwarm(t, "A", "B")
	granted, err := s.Grant(bg, "a", Request{Paths: []string{"src/x.py"}, Reason: "the parser"})
	s.Must(err)
	want := Claim{Path: "src/x.py", Session: "A", Since: s.clock.Now(), Reason: "the parser", Epoch: 1}
	if len(granted) != 1 || granted[0] != want {
		t.Errorf("granted %+v, want %+v", granted, want)
	}
	if all, err := s.List(bg, ""); err != nil || len(all) != 1 || all[0] != want {
		t.Errorf("the list is %+v, %v", all, err)
	}
	if got := s.Git("log", "--format=%an: %s|%b", ClaimsRef); !strings.HasPrefix(got, "A: claim src/x.py|the parser\n\nNumber: 1\nEpoch: 1") {
		t.Errorf("the log says %q", got)
	}
	if got := s.Git("ls-tree", "-r", "--name-only", ClaimsRef); got != "src/x.py" {
		t.Errorf("the tree holds %q", got)
	}
	s.clock.Advance(time.Minute)
	held := s.refused("B", "src/x.py", "A", "src/x.py")
	if held.Path != "src/x.py" || held.Claim != want || held.Stale || !held.Seen.Equal(want.Since) {
		t.Errorf("refused with %+v", held)
	}
	s.healthy()
}

// A file keeps others from the folders above it, a folder from all below it, and
// neither from what only looks alike.
func TestFoldersAndFiles(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "src/auth/x.py")
	for _, path := range []string{"src/auth/x.py", "src/auth", "src", "src/auth/x.py/deeper"} {
		s.refused("B", "src/auth/x.py", "A", path)
	}
	s.grant("B", "src/auth/y.py", "src/auth/x.py.orig", "src/auth/x", "src/authority", "src/auth-2", "auth/x.py", "x.py")
	s.grant("B", "lib/auth")
	for _, path := range []string{"lib/auth", "lib/auth/x.py", "lib/auth/deep/er/x.py", "lib"} {
		s.refused("A", "lib/auth", "B", path)
	}
	s.grant("A", "lib/auth.py", "lib/other")
	s.healthy()
}

func TestHeldErrorWording(t *testing.T) {
	for want, e := range map[string]HeldError{
		"'a' is claimed by B":                  {Path: "a", Claim: Claim{Path: "a", Session: "B"}},
		"'a' holds 'a/b', claimed by B":        {Path: "a", Claim: Claim{Path: "a/b", Session: "B"}},
		"'a/b' is covered by B's claim on 'a'": {Path: "a/b", Claim: Claim{Path: "a", Session: "B"}},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}

func TestSeveralPathsAllOrNone(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "c/d")
	s.refused("A", "c/d", "B", "a", "b", "c/d", "e")
	s.refused("A", "c/d", "B", "a", "c/d/e")
	s.refused("A", "c/d", "B", "c", "a")
	s.want("c/d B#1")
	if got := inShort(s.grant("A", "b", "a", "c/e")); !slices.Equal(got, []string{"b A#2", "a A#2", "c/e A#2"}) {
		t.Errorf("granted %q", got)
	}
	if got := s.Git("log", "-1", "--format=%B", ClaimsRef); !strings.HasPrefix(got, "claim b and 2 more\n\nb\na\nc/e\n\nNumber: 2\n") {
		t.Errorf("the log says %q", got)
	}
	s.want("a A#2", "b A#2", "c/d B#1", "c/e A#2")
	if got := s.grant("A"); got != nil {
		t.Errorf("asking for nothing was granted %v", got)
	}
	s.healthy()
}

// What one holds already one keeps, with its epoch and reason, and nothing is written.
func TestGrantAgain(t *testing.T) {
	s := newSwarm(t, "A")
	_, err := s.Grant(bg, "A", Request{Paths: []string{"a", "src"}, Reason: "first"})
	s.Must(err)
	since := s.clock.Now()
	s.clock.Advance(29 * time.Second)
	before := s.Git("for-each-ref")
	for _, paths := range [][]string{{"a"}, {"src"}, {"src/x", "src/y/z"}, {"a", "a", "src"}} {
		granted, err := s.Grant(bg, "A", Request{Paths: paths, Reason: "second"})
		s.Must(err)
		if len(granted) != len(paths) || granted[0].Epoch != 1 || granted[0].Reason != "first" || !granted[0].Since.Equal(since) {
			t.Errorf("granted %+v", granted)
		}
	}
	if after := s.Git("for-each-ref"); after != before {
		t.Errorf("refs went from %s to %s", before, after)
	}
	if got := inShort(s.grant("A", "b", "a", "b")); !slices.Equal(got, []string{"b A#2", "a A#1", "b A#2"}) {
		t.Errorf("granted %q", got)
	}
	s.want("a A#1", "b A#2", "src A#1")
}

// A folder takes in what its session holds below it, from before or from the
// same request, and nothing that only looks alike.
func TestFolderAbsorbs(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "src/x", "src/deep/er/y", "src-2", "srca")
	if got := inShort(s.grant("A", "src/new", "src", "src/deep")); !slices.Equal(got, []string{"src A#2", "src A#2"}) {
		t.Errorf("granted %q", got)
	}
	s.want("src A#2", "src-2 A#1", "srca A#1")
	if got := s.Git("log", "-1", "--format=%s", ClaimsRef); got != "claim src" {
		t.Errorf("the log says %q", got)
	}
	s.refused("B", "src", "A", "src/x")
	s.Must(s.Release(bg, "A", []string{"src"}))
	s.grant("B", "src/x")
	s.healthy()
}

func TestFolderWithAnothersFile(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "src/a", "src/z")
	s.grant("B", "src/m")
	s.refused("A", "src/m", "B", "src")
	s.want("src/a A#1", "src/m B#2", "src/z A#1")
}

// An epoch is higher than all before it, whatever was released, absorbed or
// claimed above or below.
func TestEpochs(t *testing.T) {
	s := newSwarm(t, "A", "B")
	last := 0
	next := func(by string, paths ...string) {
		t.Helper()
		for _, c := range s.grant(by, paths...) {
			if c.Epoch != last+1 {
				t.Errorf("%s has epoch %d after %d", c.Path, c.Epoch, last)
			}
		}
		last++
	}
	for range 3 {
		next("A", "a/b")
		s.Must(s.Release(bg, "A", []string{"a/b"}))
		next("B", "a")
		s.Must(s.Release(bg, "B", []string{"a"}))
		next("A", "a/b/c", "x")
		next("A", "a/b/d")
		next("A", "a")
		if _, err := s.ReleaseAll(bg, "A"); err != nil {
			t.Fatal(err)
		}
	}
	s.Git("gc", "-q", "--prune=now")
	next("B", "a/b/c")
	s.healthy()
}

func TestRelease(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "a", "b", "src", "c/d")
	s.grant("B", "z")
	for what, c := range map[string]struct {
		by, path, holder string
		paths            []string
	}{
		"another's":      {"B", "a", "A", []string{"a"}},
		"one another's":  {"A", "z", "B", []string{"a", "z", "b"}},
		"nobody's":       {"A", "free", "", []string{"a", "free"}},
		"below a folder": {"A", "src/x", "", []string{"src/x"}},
		"a folder above": {"A", "c", "", []string{"c"}},
	} {
		var no *NotHolderError
		if err := s.Release(bg, c.by, c.paths); !errors.As(err, &no) || no.Path != c.path || no.Holder != c.holder {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.want("a A#1", "b A#1", "c/d A#1", "src A#1", "z B#2")
	s.Must(s.Release(bg, "A", []string{"c/d", "a", "c/d"}))
	s.want("b A#1", "src A#1", "z B#2")
	if got := s.Git("log", "-1", "--format=%an: %B", ClaimsRef); !strings.HasPrefix(got, "A: release c/d and 1 more\n\nc/d\na\n\nNumber: 3\nEpoch: 2\n") {
		t.Errorf("the log says %q", got)
	}
	s.grant("B", "a")
	s.healthy()
}

func TestReleaseAll(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "a", "src/x", "src/y/z")
	s.grant("B", "src/y/b")
	if released, err := s.ReleaseAll(bg, "a"); err != nil || !slices.Equal(released, []string{"a", "src/x", "src/y/z"}) {
		t.Errorf("released %v, %v", released, err)
	}
	s.want("src/y/b B#2")
	before := s.Git("rev-parse", ClaimsRef)
	if released, err := s.ReleaseAll(bg, "A"); err != nil || released != nil || s.Git("rev-parse", ClaimsRef) != before {
		t.Errorf("released %v once more, %v", released, err)
	}
	if released, err := s.ReleaseAll(bg, "B"); err != nil || len(released) != 1 {
		t.Errorf("released %v, %v", released, err)
	}
	s.want()
	if tree := s.Git("rev-parse", ClaimsRef+"^{tree}"); tree != "4b825dc642cb6eb9a060e54bf8d69288fbee4904" {
		t.Errorf("the empty table has tree %s", tree)
	}
	s.grant("A", "src")
	s.healthy()
}

func TestList(t *testing.T) {
	s := newSwarm(t, "A")
	s.grant("A", "a/b/c", "a/b-d", "a/x", "b")
	for path, want := range map[string][]string{
		"": {"a/b-d A#1", "a/b/c A#1", "a/x A#1", "b A#1"}, "a": {"a/b-d A#1", "a/b/c A#1", "a/x A#1"},
		"a/b": {"a/b/c A#1"}, "a/b/c": {"a/b/c A#1"}, "a/b/c/d": nil, "b": {"b A#1"}, "c": nil,
	} {
		if got, err := s.List(bg, path); err != nil || !slices.Equal(inShort(got), want) {
			t.Errorf("below %q is %q, %v; want %q", path, inShort(got), err, want)
		}
	}
}

// Own follows each change, from whatever moment it was last asked for.
func TestOwn(t *testing.T) {
	s := newSwarm(t, "A", "B")
	var kept []Held
	step := func(want ...string) {
		t.Helper()
		for _, known := range append(kept, Held{}) {
			got, err := s.Held(bg, "A", known)
			if err != nil || !slices.Equal(got.Paths, want) {
				t.Errorf("from %v: %q, %v, not %q", known, got.Paths, err, want)
			}
		}
		now, err := s.Held(bg, "A", Held{})
		s.Must(err)
		kept = append(kept, now)
	}
	step()
	s.grant("A", "a", "src/x", "src/y/z")
	step("a", "src/x", "src/y/z")
	s.grant("B", "b", "src/y/b")
	step("a", "src/x", "src/y/z")
	s.Must(s.Release(bg, "A", []string{"a", "src/y/z"}))
	step("src/x")
	s.grant("B", "a", "src/y/z/deep")
	step("src/x")
	s.Must(s.Release(bg, "B", []string{"src/y/b", "src/y/z/deep"}))
	s.grant("A", "src")
	step("src")
	s.Must(refstoretest.Err(s.ReleaseAll(bg, "A")))
	step()
	if _, err := s.Held(bg, "A", Held{Tip: "1234567890123456789012345678901234567890"}); err == nil {
		t.Error("an unknown moment is taken")
	}
}

func TestHolders(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "src/auth", "x")
	s.grant("B", "src/y.py")
	got, err := s.Holders(bg, []string{"src/auth/deep/z", "src/auth", "x", "src/y.py", "src", "free", "src/auth2", "x/y"})
	s.Must(err)
	short := map[string]string{}
	for path, c := range got {
		short[path] = c.Session + " " + c.Path
	}
	want := map[string]string{"src/auth/deep/z": "A src/auth", "src/auth": "A src/auth", "x": "A x", "src/y.py": "B src/y.py", "x/y": "A x"}
	if !maps.Equal(short, want) {
		t.Errorf("the holders are %v, want %v", short, want)
	}
}

// Where case makes no difference, a path is claimed under the name that it was
// first claimed under.
func TestFoldCase(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "Src/Auth/X.py")
	s.grant("B", "src/auth/x.py") // from where it makes one
	folding := *s.Claims
	folding.FoldCase = true
	grant := func(by, path string) error {
		return refstoretest.Err(folding.Grant(bg, by, Request{Paths: []string{path}}))
	}
	for path, holder := range map[string]string{
		"SRC/auth": "A", "Src/Auth/x.PY": "A", "Src/Auth/X.py": "A", "src/auth/x.py": "B", "src": "B", "src/auth/X.PY/z": "B",
	} {
		by := map[string]string{"A": "B", "B": "A"}[holder]
		if held, ok := errors.AsType[*HeldError](grant(by, path)); !ok || held.Claim.Session != holder {
			t.Errorf("%s asking for %s is not refused because of %s", by, path, holder)
		}
	}
	s.Must(refstoretest.Err(folding.Release(bg, "B", []string{"src/AUTH/x.py"})))
	s.Must(grant("A", "sRC/auth/New.py"))
	s.want("Src/Auth/New.py A#3", "Src/Auth/X.py A#1")
	holders, err := folding.Holders(bg, []string{"SRC/AUTH/NEW.PY", "src/other"})
	s.Must(err)
	if !reflect.DeepEqual(slices.Collect(maps.Keys(holders)), []string{"SRC/AUTH/NEW.PY"}) {
		t.Errorf("the holders are %v", holders)
	}
	s.Must(refstoretest.Err(folding.Release(bg, "A", []string{"src/auth/x.py", "SRC/AUTH/X.PY"})))
	s.want("Src/Auth/New.py A#3")
	s.healthy()
}

// A reason is kept to the byte, and is never so long that git fsck would refuse
// the claim where it stands at .gitattributes.
func TestReasons(t *testing.T) {
	s := newSwarm(t, "A")
	for i, reason := range []string{"x\n\nEpoch: 99\nFormat: 1\n", "\x00 \x1b '\"\\\r\n", "'''", `"""`, "日本語", strings.Repeat("x", 1900)} {
		path := fmt.Sprintf("d%d/.gitattributes", i)
		granted, err := s.Grant(bg, "A", Request{Paths: []string{path}, Reason: reason})
		s.Must(err)
		all, err := s.List(bg, path)
		s.Must(err)
		if len(all) != 1 || all[0] != granted[0] || all[0].Reason != reason {
			t.Errorf("%.40q came back as %.40q", reason, all[0].Reason)
		}
	}
	for _, reason := range []string{"\xff", strings.Repeat("x", 2048), strings.Repeat("\x00", 500)} {
		_, err := s.Grant(bg, "A", Request{Paths: []string{"bad"}, Reason: reason})
		isInput(t, fmt.Sprintf("the reason %.20q", reason), err)
	}
	s.healthy()
}

// A session that is done holds nothing, and gets nothing until it is running
// again; others may still ask what it would be refused.
func TestDoneClaimsNothing(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("A", "x")
	set := func(status bus.Status) {
		s.Must(s.bus.SetStatus(bg, "A", "A", bus.Change{Status: &status}, func(tx *refstore.Tx) error {
			if status != bus.Done {
				return nil
			}
			_, err := ReleaseAllIn(tx, "A")
			return err
		}))
	}
	set(bus.Done)
	before := s.Git("for-each-ref", ClaimsRef)
	for what, r := range map[string]Request{
		"a free path": {Paths: []string{"x"}},
		"a takeover":  {Paths: []string{"x", "y"}, Takeover: true},
	} {
		var done *DoneError
		if _, err := s.Grant(bg, "a", r); !errors.As(err, &done) || done.Session != "A" || err.Error() != "session A is done" {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := s.GrantWait(bg, "A", r, Wait{Timeout: time.Minute}); !errors.As(err, &done) {
			t.Errorf("%s with a wait: %v", what, err)
		}
	}
	if after := s.Git("for-each-ref", ClaimsRef); after != before {
		t.Errorf("a refusal changed %s to %s", before, after)
	}
	s.grant("A")
	s.grant("B", "x")
	set(bus.Running)
	s.grant("A", "y")
	set(bus.Blocked)
	s.grant("A", "z")
	s.grant(bus.Orchestrator, "o") // which is in no table
	s.want("o orchestrator#5", "x B#2", "y A#3", "z A#4")
	s.healthy()
}
