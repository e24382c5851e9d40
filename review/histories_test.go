package review

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// history is what happens to the branch feat and its target main after the
// request for feat was approved, and whether the approval holds for what feat
// would land then.
type history struct {
	name   string
	before func(s *swarm) // what feat has, besides what newSwarm gave it
	then   func(s *swarm)
	holds  bool
}

// onMain commits to main and goes back to feat.
func (s *swarm) onMain(message string, edit func()) {
	s.Helper()
	s.Git("checkout", "-q", "main")
	edit()
	s.Commit(message)
	s.Git("checkout", "-q", "feat")
}

// code is the file that feat changes, with more changes.
func code(others map[int]string) string {
	all := maps.Clone(changed)
	maps.Copy(all, others)
	return lines("code", 40, all)
}

// rewords: the same change in other commits.
var rewords = []history{
	{"nothing", nil, func(*swarm) {}, true},
	{"amend of the message only", nil, func(s *swarm) { s.Git("commit", "-q", "--amend", "-m", "better words") }, true},
	{"amend of author and date", nil, func(s *swarm) {
		s.Git("commit", "-q", "--amend", "--no-edit", "--author", "X <x@x>", "--date", "2001-01-01T00:00:00Z")
	}, true},
	{"an empty commit", nil, func(s *swarm) { s.Git("commit", "-q", "--allow-empty", "-m", "empty") }, true},
	{"squash", nil, func(s *swarm) {
		s.Git("reset", "-q", "--soft", "main")
		s.Git("commit", "-q", "-m", "all")
	}, true},
	{"reorder", nil, func(s *swarm) {
		s.Git("checkout", "-q", "-B", "feat", "main")
		s.Git("cherry-pick", "feat@{1}", "feat@{1}^")
	}, true},
	{"split", nil, func(s *swarm) {
		s.Git("reset", "-q", "--soft", "main")
		s.Git("reset", "-q", "--", "new")
		s.Git("commit", "-q", "-m", "half")
		s.Commit("other half")
	}, true},
	{"revert and re-apply", nil, func(s *swarm) {
		s.Git("revert", "--no-edit", "HEAD")
		s.Git("revert", "--no-edit", "HEAD")
	}, true},
	{"away and back", nil, func(s *swarm) {
		s.Git("reset", "-q", "--hard", "main")
		s.Git("reset", "-q", "--hard", "feat@{1}")
	}, true},
}

// edits: another change.
var edits = []history{
	{"amend of content", nil, func(s *swarm) { s.Write("new", "other\n"); s.Commit("two", "--amend") }, false},
	{"a blank more", nil, func(s *swarm) { s.Write("new", "new \n"); s.Commit("two", "--amend") }, false},
	{"another indent", nil, func(s *swarm) { s.Write("code", code(map[int]string{20: "\tchanged"})); s.Commit("two", "--amend") }, false},
	{"a blank line", nil, func(s *swarm) { s.Write("new", "new\n\n"); s.Commit("two", "--amend") }, false},
	{"no line feed at the end", nil, func(s *swarm) { s.Write("new", "new"); s.Commit("two", "--amend") }, false},
	{"CRLF", nil, func(s *swarm) { s.Write("new", "new\r\n"); s.Commit("two", "--amend") }, false},
	{"a line moved", nil, func(s *swarm) {
		s.Write("code", lines("code", 40, map[int]string{25: "changed"}))
		s.Commit("two", "--amend")
	}, false},
	{"the same change elsewhere among equal lines", func(s *swarm) {
		s.Git("checkout", "-q", "main")
		s.Write("equal", strings.Repeat("equal\n", 100))
		s.Commit("equal lines")
		s.Git("checkout", "-q", "-B", "feat", "main")
		s.Write("equal", strings.Repeat("equal\n", 20)+"more\n"+strings.Repeat("equal\n", 80))
		s.Commit("in between")
	}, func(s *swarm) {
		s.Write("equal", strings.Repeat("equal\n", 60)+"more\n"+strings.Repeat("equal\n", 40))
		s.Commit("in between", "--amend")
	}, false},
	{"a commit more", nil, func(s *swarm) { s.Write("more", ""); s.Commit("more") }, false},
	{"a commit fewer", nil, func(s *swarm) { s.Git("reset", "-q", "--hard", "HEAD^") }, false},
	{"no commit left", nil, func(s *swarm) { s.Git("reset", "-q", "--hard", "main") }, false},
	{"a first commit more", nil, func(s *swarm) {
		tip := s.rev("feat")
		s.Git("checkout", "-q", "-B", "feat", "main")
		s.Write("more", "more\n")
		s.Commit("more")
		s.Git("cherry-pick", "main.."+string(tip))
	}, false},
	{"revert of one's own commit", nil, func(s *swarm) { s.Git("revert", "--no-edit", "HEAD^") }, false},
	{"cherry-pick of another's commit", nil, func(s *swarm) {
		s.Git("checkout", "-q", "-b", "else", "main")
		s.Write("else", "else\n")
		s.Commit("else")
		s.Git("checkout", "-q", "feat")
		s.Git("cherry-pick", "else")
	}, false},
	{"rename", nil, func(s *swarm) { s.Git("mv", "new", "newer"); s.Commit("two", "--amend") }, false},
	{"another case", nil, func(s *swarm) { s.Git("mv", "new", "New"); s.Commit("two", "--amend") }, false},
	{"removal", nil, func(s *swarm) { s.Git("rm", "-q", "other"); s.Commit("two", "--amend") }, false},
	{"file mode", nil, func(s *swarm) { s.Must(os.Chmod(filepath.Join(s.Dir, "new"), 0o777)); s.Commit("two", "--amend") }, false},
	{"file mode of a file not in the change", nil, func(s *swarm) { s.Must(os.Chmod(filepath.Join(s.Dir, "other"), 0o777)); s.Commit("mode") }, false},
	{"file into symlink", nil, func(s *swarm) { s.link("new", "new\n"); s.Commit("two", "--amend") }, false},
	{"symlink", func(s *swarm) { s.link("link", "code"); s.Commit("link") }, func(s *swarm) { s.link("link", "other"); s.Commit("link", "--amend") }, false},
	{"symlink kept", func(s *swarm) { s.link("link", "code"); s.Commit("link") }, func(s *swarm) { s.Git("commit", "-q", "--amend", "-m", "a link") }, true},
	{"binary file", func(s *swarm) { s.Write("bin", "\x00\x01\x02"); s.Commit("bin") }, func(s *swarm) { s.Write("bin", "\x00\x01\x03"); s.Commit("bin", "--amend") }, false},
	{"submodule", func(s *swarm) { s.pointer(idA); s.Git("commit", "-q", "-m", "sub") }, func(s *swarm) { s.pointer(idB); s.Git("commit", "-q", "-m", "sub") }, false},
	{"submodule that diffs are told to ignore", func(s *swarm) {
		s.Write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n")
		s.Git("add", ".gitmodules")
		s.pointer(idA)
		s.Git("commit", "-q", "-m", "sub")
	}, func(s *swarm) { s.pointer(idB); s.Git("commit", "-q", "-m", "sub") }, false},
}

// link puts a symbolic link at path.
func (s *swarm) link(path, to string) {
	s.Helper()
	path = filepath.Join(s.Dir, path)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.Fatal(err)
	}
	s.Must(os.Symlink(to, path))
}

// pointer stages a submodule's commit, which this repository need not have.
func (s *swarm) pointer(to string) {
	s.Helper()
	s.Git("update-index", "--add", "--cacheinfo", "160000,"+to+",sub")
}

func TestHistories(t *testing.T) {
	for name, table := range map[string][]history{"rewords": rewords, "edits": edits, "rebases": rebases, "merges": merges, "targets": targets} {
		for _, h := range table {
			t.Run(name+"/"+h.name, func(t *testing.T) {
				t.Parallel()
				h.test(t)
			})
		}
	}
}

func (h history) test(t *testing.T) {
	s := newSwarm(t)
	if h.before != nil {
		h.before(s)
	}
	if r := s.request("A", "B"); r.State != Pending {
		t.Fatalf("%s after the request", r.State)
	}
	if r := s.say("B", 1, Approve, ""); r.State != Approved {
		t.Fatalf("%s after the approval", r.State)
	}
	h.then(s)
	if h.holds {
		s.wants("")
	} else {
		s.wants(HasChanged)
	}
}

// wants fails the test unless A's newest review gives that reason against what
// its branch would land now, or none.
func (s *swarm) wants(reason Reason) *NotClearError {
	s.Helper()
	r, err := Now(bg, s.bus.Store().Repo(), s.get(1), s.get(1).Target)
	s.Must(err)
	err = s.newestClear("A", r)
	var no *NotClearError
	if err != nil && !errors.As(err, &no) {
		s.Fatal(err)
	}
	switch {
	case no == nil && reason != "":
		s.Errorf("clear, and not %s", reason)
	case no != nil && no.Reason != reason:
		s.Errorf("%q (%s), and not %q", no, no.Reason, reason)
	}
	return no
}
