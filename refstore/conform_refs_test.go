package refstore

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// refsNow is every ref with its value, as git lists them.
func (r *gitRepo) refsNow() string {
	r.Helper()
	return r.Git("for-each-ref", "--format=%(objectname) %(refname)")
}

// Refs that a store does not write are read as its own are: branches, and what was
// fetched from a hub.
func testOthersRefs(t *testing.T, r *gitRepo, opts Options) {
	s := r.open(opts)
	head := object.Hash(r.Git("rev-parse", "HEAD"))
	names := []string{"refs/heads/others/one", "refs/heads/others/one-more", "refs/tags/others", "refs/remotes/others/main", TrackingPrefix + "others/meta", TrackingPrefix + "others/told/lap"}
	for _, packIt := range []bool{false, true} {
		for _, name := range names {
			if packIt {
				r.Git("pack-refs", "--all")
			} else {
				r.Git("update-ref", name, string(head))
			}
			if tip, err := s.Tip(bg, name); err != nil || tip != head {
				t.Errorf("packed %v, %s: %q, %v", packIt, name, tip, err)
			}
			for _, none := range []string{name + "-not", strings.TrimSuffix(name, name[len(name)-1:])} {
				if tip, err := s.Tip(bg, none); err != nil || tip != "" {
					t.Errorf("packed %v, %s: %q, %v", packIt, none, tip, err)
				}
			}
		}
		for prefix, want := range map[string][]string{"refs/heads/others/": names[:2], TrackingPrefix + "others/": names[4:]} {
			var got []string
			list, err := s.Refs(bg, prefix)
			for _, ref := range list {
				got = append(got, ref.Name)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("packed %v, below %s: %q, %v", packIt, prefix, got, err)
			}
		}
	}
}

// A ref cannot stand where another has its folder, loose or packed; and the other
// refs of such a transaction stay where they are. Empty folders are no hindrance.
func testFoldersAndFiles(t *testing.T, r *gitRepo, opts Options) {
	s := r.open(opts)
	for _, packIt := range []bool{false, true} {
		base := fmt.Sprintf("refs/swarm/df-%v", packIt)
		mustAppend(t, s, base+"/folder/ref", "x")
		mustAppend(t, s, base+"/ref", "x")
		if packIt {
			r.Git("pack-refs", "--all")
		}
		before := r.refsNow()
		for _, bad := range []string{base, base + "/folder", base + "/ref/below", base + "/ref/below/deep", base + "/folder/ref/x"} {
			start := time.Now()
			if err := appendAll(s, "A", "x", "refs/swarm/df-first", bad); err == nil || errors.Is(err, ErrBusy) || errors.Is(err, ErrUnfinished) {
				t.Errorf("packed %v, %s: %v", packIt, bad, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s was tried for %v", bad, took)
			}
		}
		if after := r.refsNow(); after != before {
			t.Errorf("refs were\n%s\nand are\n%s", before, after)
		}
	}
	if s.repo.RefFormat != "files" {
		return
	}
	if err := os.MkdirAll(r.path("refs/swarm/df-empty/x/y"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := appendAll(s, "A", "x", "refs/swarm/df-other", "refs/swarm/df-empty"); err != nil {
		t.Error(err)
	}
	r.Git("pack-refs", "--all")
	if err := os.MkdirAll(r.path("refs/swarm/df-empty/x"), 0o777); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, "refs/swarm/df-empty", "y")
	if n := len(bodies(t, s, "refs/swarm/df-empty")); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// Whatever is not a chain of ours is a DamagedError that names the ref, to
// readers and to writers, and stays as it is. Other refs work on.
func testDamage(t *testing.T, r *gitRepo, opts Options) {
	s := r.open(opts)
	good := mustAppend(t, s, "refs/swarm/good", "x")
	if s.repo.RefFormat == "files" {
		for name, content := range map[string]string{
			"symbolic": "ref: refs/swarm/good\n", "dangling": "ref: refs/swarm/nowhere\n", "empty": "", "garbage": "garbage\n",
			"short": string(good.ID[:20]) + "\n", "zero": strings.Repeat("0", len(good.ID)+2) + "\n",
		} {
			if name == "dangling" && (opts.ThroughGit || !inProcess(s)) {
				continue // git lists it nowhere, and takes it for absent
			}
			testBrokenRef(t, r, opts, "refs/swarm/broken-"+name, content)
		}
	}
	absent := strings.Repeat("a", len(good.ID))
	when := "A <a@b> 1 +0000"
	tree := string(r.object("tree", nil))
	commit := func(message string) string {
		return string(r.object("commit", fmt.Appendf(nil, "tree %s\nauthor %s\ncommitter %s\n\n%s", tree, when, when, message)))
	}
	for name, id := range map[string]string{
		"missing": absent, "blob": string(r.object("blob", []byte("x"))), "user commit": r.Git("rev-parse", "main"),
		"no number": commit("x\n\nFormat: 1\n"), "newer": commit("x\n\nNumber: 1\nFormat: 2\n"), "latin1": commit("\xe9\n\nNumber: 1\nFormat: 1\n"),
	} {
		ref := "refs/swarm/damaged-" + strings.ReplaceAll(name, " ", "-")
		if s.repo.RefFormat == "files" {
			r.write(ref, id+"\n")
		} else if _, err := r.TryGit("update-ref", ref, id); err != nil {
			continue // this git does not let it happen
		}
		err := appendAll(r.open(opts), "A", "x", "refs/swarm/damage-first", ref)
		damagedAs(t, name, err, ref)
		if (name == "newer") != errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = s.Table(bg, ref)
		damagedAs(t, name, err, ref)
		if name == "missing" {
			os.Remove(r.path(ref))
		} else {
			r.Git("update-ref", "-d", ref)
		}
	}
	if tip := r.tip("refs/swarm/damage-first"); tip != "" {
		t.Error("half a transaction was applied")
	}
	mustAppend(t, s, "refs/swarm/good", "y")
}

func inProcess(s *Store) bool { in, _ := s.repo.InProcess(); return in }

func damagedAs(t *testing.T, what string, err error, ref string) {
	t.Helper()
	var damaged *DamagedError
	if !errors.As(err, &damaged) || damaged.Ref != ref {
		t.Errorf("%s: no DamagedError about %s, but %v", what, ref, err)
	}
}

// testBrokenRef is about a ref's own file.
func testBrokenRef(t *testing.T, r *gitRepo, opts Options, ref, content string) {
	r.write(ref, content)
	defer os.Remove(r.path(ref))
	s := r.open(opts)
	_, err := s.Tip(bg, ref)
	damagedAs(t, "Tip", err, ref)
	_, err = s.Refs(bg, "refs/swarm/")
	damagedAs(t, "Refs", err, ref)
	_, err = appendTo(s, "A", ref, "x")
	damagedAs(t, "Append", err, ref)
	err = s.Update(bg, "A", func(tx *Tx) error { _, err := tx.Replace(ref, Entry{Body: "x"}); return err })
	damagedAs(t, "Replace", err, ref)
	if now, err := os.ReadFile(r.path(ref)); err != nil || string(now) != content {
		t.Errorf("%s is now %q, %v", ref, now, err)
	}
}

// git gc and git pack-refs in mid-story change nothing, also for a store that
// was open before.
func testTidying(t *testing.T, r *gitRepo, opts Options) {
	refs := []string{"refs/swarm/tidy", "refs/swarm/try/inbox/tidy"}
	s := r.open(opts)
	want := []string{}
	for i := range 3 {
		body := fmt.Sprint("entry ", i)
		if err := appendAll(s, "A", body, refs...); err != nil {
			t.Fatal(err)
		}
		mustPut(t, s, "refs/swarm/tidy-table", fmt.Sprint("a/b/", i), body)
		want = append(want, body)
		r.Git([][]string{{"pack-refs", "--all"}, {"gc", "-q", "--prune=now"}, {"repack", "-q", "-a", "-d", "-F"}}[i%3]...)
		for _, ref := range refs {
			if got := bodies(t, s, ref); !slices.Equal(got, want) {
				t.Errorf("%s holds %q", ref, got)
			}
		}
	}
	table, err := s.Table(bg, "refs/swarm/tidy-table")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := table.Names("a/b"); len(names) != 3 || err != nil {
		t.Errorf("%q, %v", names, err)
	}
}

// Refs lists what git lists, loose and packed, and nothing else that lies about.
func testListing(t *testing.T, r *gitRepo, opts Options) {
	s := r.open(opts)
	prefix := "refs/swarm/list/"
	want := map[string]string{}
	for i, name := range []string{"b", "a/x", "a-b", "a.b", "z", "a/y"} {
		e := mustAppend(t, s, prefix+name, "x")
		if i == 2 {
			r.Git("pack-refs", "--all")
			e = mustAppend(t, s, prefix+name, "y")
		}
		want[prefix+name] = string(e.ID)
	}
	if s.repo.RefFormat == "files" {
		r.write(prefix+".nfs0001", "x")
		defer os.Remove(r.path(prefix + ".nfs0001"))
		r.write(prefix+"z.lock", "x")
		defer os.Remove(r.path(prefix + "z.lock"))
	}
	refs, err := s.Refs(bg, prefix)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, ref := range refs {
		got[ref.Name] = string(ref.Tip)
	}
	if !maps.Equal(got, want) || !slices.IsSortedFunc(refs, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("got %v, want %v", refs, want)
	}
	if refs, err := s.Refs(bg, "refs/swarm/list/no/"); len(refs) > 0 || err != nil {
		t.Errorf("%v, %v", refs, err)
	}
}

// Plain git shows the log, the state and who did what.
func testGitReads(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/plain"
	s := r.open(opts)
	mustPut(t, s, ref, "src/a.go", "session = 'A'\n")
	if got := r.Git("show", ref+":src/a.go"); got != "session = 'A'" {
		t.Errorf("git show: %q", got)
	}
	if got := r.Git("log", "--format=%s by %an", ref, "--", "src/a.go"); got != "put src/a.go by A" {
		t.Errorf("git log: %q", got)
	}
	mustAppend(t, s, "refs/swarm/plain-log", "a decision\n\nwhy")
	if got := r.Git("log", "--format=%s|%(trailers:only,unfold,separator=%x2C)", "refs/swarm/plain-log"); got != "a decision|Number: 1,Format: 1" {
		t.Errorf("git log: %q", got)
	}
	if err := appendAll(s, "A", "note", "refs/notes/swarm/plain"); err != nil {
		t.Fatal(err)
	}
	wantLog := s.repo.RefFormat == "files" && !r.isBare() && r.Git("config", "--default=true", "core.logAllRefUpdates") != "no"
	lines := r.Git("reflog", "show", "--format=%gs", "refs/notes/swarm/plain")
	if wantLog && lines != "git swarm" {
		t.Errorf("reflog of the notes: %q", lines)
	}
	if status, err := r.TryGit("status", "--porcelain"); err == nil && status != "" {
		t.Errorf("git status: %q", status)
	}
}

func (r *gitRepo) isBare() bool { return r.Git("rev-parse", "--is-bare-repository") == "true" }

// A lock that is not ours is waited for, for as long as Timeout says, and
// stays. One that goes in time is no hindrance.
func testForeignLock(t *testing.T, r *gitRepo, opts Options) {
	if r.open(opts).repo.RefFormat != "files" {
		t.Skip("no lock files")
	}
	const ref = "refs/swarm/locked"
	s := r.open(opts)
	mustAppend(t, s, ref, "one")
	tip := r.tip(ref)
	lock := r.path(ref + ".lock")
	for _, content := range []string{"", string(tip) + "\n", "garbage"} {
		r.write(ref+".lock", content)
		err := lockedOut(t, r, opts, "refs/swarm/locked-other", ref)
		if locked := new(LockedError); !errors.As(err, &locked) || !errors.Is(err, ErrBusy) || !sameFile(locked.Path, lock) {
			t.Errorf("%v does not name %s", err, lock)
		}
		if now, err := os.ReadFile(lock); err != nil || string(now) != content || r.tip(ref) != tip || r.tip("refs/swarm/locked-other") != "" {
			t.Errorf("lock %q, %v; tip moved: %v", now, err, r.tip(ref) != tip)
		}
	}
	// The lock goes when the first attempt has met it: the next begins with "queued".
	attempts := 0
	opts.Failpoint = func(point string) {
		if point == "queued" {
			if attempts++; attempts == 2 {
				os.Remove(lock)
			}
		}
	}
	opts.Timeout = time.Minute
	mustAppend(t, r.open(opts), ref, "two")
	if attempts < 2 {
		t.Errorf("appended at the first attempt, in spite of the lock")
	}
}

// lockedOut is how an Update ends that a lock file keeps out. A busy machine may
// not come as far as the lock in a short time; then it gets more.
func lockedOut(t *testing.T, r *gitRepo, opts Options, refs ...string) error {
	t.Helper()
	for opts.Timeout = 200 * time.Millisecond; ; opts.Timeout *= 2 {
		start := time.Now()
		err := appendAll(r.open(opts), "A", "two", refs...)
		if took := time.Since(start); took < opts.Timeout-10*time.Millisecond {
			t.Errorf("gave up after %v of %v", took, opts.Timeout)
		}
		if errors.As(err, new(*LockedError)) || opts.Timeout > 30*time.Second {
			return err
		}
	}
}

func sameFile(a, b string) bool {
	dirA, errA := filepath.EvalSymlinks(filepath.Dir(a))
	dirB, errB := filepath.EvalSymlinks(filepath.Dir(b))
	return errA == nil && errB == nil && dirA == dirB && filepath.Base(a) == filepath.Base(b)
}
