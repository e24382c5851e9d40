package land

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReplay: what is replayed in process is what git rebase makes, commit for commit to
// the byte but for the second of the committing, and what is not certain is left to git.
func TestReplay(t *testing.T) {
	t.Parallel()
	const raw = `
raw() { # the tip again, with other bytes
	git cat-file commit HEAD | sed "$1" > "$TOP/raw"
	git reset -q --soft "$(git hash-object -t commit -w --literally "$TOP/raw")"
}
`
	for name, row := range map[string]struct {
		start, theirs, ours string
		config              string
		git                 bool // it is left to git
	}{
		"a file each":       {theirs: "w their 1; c theirs", ours: "w our 1; c ours"},
		"changed, each one": {theirs: "ed B 1 theirs; c theirs", ours: "ed A 1 ours; c ours"},
		"several commits":   {theirs: "w x/1 1; c t1; w x/2 2; c t2", ours: "w y/1 1; c o1; ed y/1 1 2; c o2; w y/z/1 1; c o3"},
		"one folder":        {start: "w d/a 1; w d/b 1; c d", theirs: "w d/a 2; w d/n 1; c theirs", ours: "w d/b 2; w d/m 1; c ours"},
		"a new folder both": {theirs: "w n/a/1 1; c theirs", ours: "w n/a/2 1; w n/b 1; c ours"},
		"beside in order":   {start: "w d/a 1; w d-b 1; w d.b 1; c d", theirs: "w d/n 1; w d+ 1; c theirs", ours: "w d-b 2; w d.b 2; w d0 1; c ours"},
		"modes and links":   {theirs: "w t 1; c theirs", ours: "w x 1; chmod +x x; ln -s x l; chmod +x A; c ours"},
		"link for a file":   {theirs: "w t 1; c theirs", ours: "rm A; ln -s B A; c ours"},
		"removed by both":   {start: "w d/a 1; w d/b 1; c d", theirs: "git rm -q d/a; c theirs", ours: "git rm -q d/b; c ours"},
		"removed by us":     {start: "w d/a 1; c d", theirs: "ed B 1 2; c theirs", ours: "git rm -q d/a; c ours"},
		"renamed by us":     {start: "w d/a 1; c d", theirs: "ed B 1 2; c theirs", ours: "git mv d e; c ours"},
		"submodule":         {theirs: "w t 1; c theirs", ours: "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; git commit -qm ours"},
		"author and date":   {theirs: "w t 1; c theirs", ours: `w o 1; git add o; git commit -q --author="O Ther <o@x>" --date="2001-02-03T04:05:06 -0730" -m ours`},
		"long message":      {theirs: "w t 1; c theirs", ours: `w o 1; git add o; printf 'ours\n\n# no comment  \n\n\n\nbody \nSigned-off-by: x <y>\n\n' | git commit -q --cleanup=verbatim -F -`},
		"ünïcode":           {theirs: "w t 1; c theirs", ours: `w 'ä b' 1; git add .; git commit -q -m "süß ✓"`},
		"notes":             {theirs: "w t 1; c theirs", ours: "w o 1; c o1; git notes add -m note; w o 2; c o2", config: "git config notes.rewriteRef 'refs/notes/*'"},
		"twice removed":     {start: "w x 1; w y 1; c x", theirs: "git rm -q x; c t1; git rm -q y; c t2", ours: "ed A 1 2; c ours"},

		"same file":         {theirs: "ed base 1 one; c theirs", ours: "ed base 9 nine; c ours", git: true},
		"landed, then not":  {theirs: "w o 1; c t1; git rm -q o; c t2", ours: "w o 1; c ours", git: true},
		"renamed there":     {start: "w d/a 1; w d/b 1; c d", theirs: "git mv d e; c theirs", ours: "w d/n 1; c ours", git: true},
		"renamed here":      {start: "w d/a 1; w d/b 1; c d", theirs: "w d/n 1; c theirs", ours: "git mv d e; c ours", git: true},
		"folder for a file": {theirs: "w n 1; c theirs", ours: "w n/a 1; c ours", git: true},
		"empty commit":      {theirs: "w t 1; c theirs", ours: "w o 1; c o1; git commit -q --allow-empty -m o2", git: true},
		"a merge":           {theirs: "w t 1; c theirs", ours: "w o 1; c o1; git checkout -q -b side HEAD^; w s 1; c s; git checkout -q -; git merge -q --no-edit side", git: true},
		"blank lines first": {theirs: "w t 1; c theirs", ours: `w o 1; git add o; printf '\n\nours\n' | git commit -q --cleanup=verbatim -F -`, git: true},
		"no line feed":      {theirs: "w t 1; c theirs", ours: `w o 1; git add o; printf 'ours' | git commit -q --cleanup=verbatim -F -`, git: true},
		"other header":      {theirs: "w t 1; c theirs", ours: raw + `w o 1; c ours; raw 's/^committer .*/&\nstrange x/'`, git: true},
		"a replacement":     {theirs: "w t 1; c theirs", ours: `w o 1; c ours; git replace HEAD $(git commit-tree -p HEAD^ -m other HEAD^{tree})`, git: true},
		"latin-1":           {theirs: "w t 1; c theirs", ours: raw + `w o 1; c ours; raw 's/^ours/\xe4/'`, git: true},
		"clean-up is set":   {theirs: "w t 1; c theirs", ours: "w o 1; c ours", config: "git config commit.cleanup strip", git: true},
		"encoding is set":   {theirs: "w t 1; c theirs", ours: "w o 1; c ours", config: "git config i18n.commitEncoding latin1", git: true},
		"signed":            {theirs: "w t 1; c theirs", ours: "w o 1; c ours", config: `printf '#!/bin/sh\ncat >/dev/null; echo "[GNUPG:] SIG_CREATED x" >&2; echo sig' > "$TOP/gpg"; chmod +x "$TOP/gpg"; git config gpg.program "$TOP/gpg"; git config commit.gpgSign true`, git: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := conformanceRow{start: row.start, theirs: row.theirs, ours: row.ours}.lay(t)
			a.sh(row.config + "\ngit fetch -q origin")
			l, onto, tip := a.lander(), a.git("rev-parse", "origin/main"), a.head()
			notes := func() string { return a.git("for-each-ref", "refs/notes") }
			before := notes()
			b := rebase{tip: tip, after: onto, onto: onto, target: a.target(), commit: l.commit}
			next := l.replay(t.Context(), &b)
			if (next == "") != row.git {
				t.Fatalf("replayed as %q", next)
			}
			if row.git {
				if after := notes(); after != before {
					t.Errorf("what is git's to do changed the notes: %s", after)
				}
				return
			}
			noted := a.git("log", "--format=%T %N", onto+".."+next)
			byGit, _, err := b.run(t.Context(), l.Repo)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := a.bytesOf(onto, next), a.bytesOf(onto, byGit); got != want {
				t.Errorf("replayed as\n%s\nby git rebase\n%s", got, want)
			}
			if want := a.git("log", "--format=%T %N", onto+".."+byGit); noted != want {
				t.Errorf("notes %q, by git rebase %q", noted, want)
			}
			if fsck, err := tryLandGit(a.dir, "fsck", "--strict", next); err != nil {
				t.Errorf("%s: %v", fsck, err)
			}
		})
	}
}

// TestReplayUpon: a stack, of which one entry lies upon the other, is made as git makes it.
func TestReplayUpon(t *testing.T) {
	t.Parallel()
	a := conformanceRow{theirs: "w t 1; c theirs", ours: "w o 1; c ours"}.lay(t)
	a.sh("git fetch -q origin")
	l, before, tip := a.lander(), a.git("rev-parse", "origin/main"), a.head()
	a.sh("git checkout -q -b more origin/main; w m 1; c m1; w m 2; c m2")
	base := a.head()
	b := rebase{tip: tip, after: before, onto: base, target: a.target(), commit: l.commit}
	next := l.replay(t.Context(), &b)
	byGit, _, err := b.run(t.Context(), l.Repo)
	if err != nil || next == "" || a.bytesOf(base, next) != a.bytesOf(base, byGit) {
		t.Errorf("%q, by git rebase %q (%v)", next, byGit, err)
	}
	b.onto, b.after = before, base // which is above
	if next := l.replay(t.Context(), &b); next != "" {
		t.Errorf("replayed as %s, which leaves out more than there is below", next)
	}
}

// TestReplayStartsNoRebase: a push of what git need not rebase starts no rebase, and does
// not have git read all files again whether they have changed.
func TestReplayStartsNoRebase(t *testing.T) {
	t.Parallel()
	a := conformanceRow{theirs: "w t 1; c theirs", ours: "w o 1; c ours"}.lay(t)
	trace := a.dir + ".trace"
	a.env = append(a.env, "GIT_TRACE="+trace)
	a.push()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "built-in: git push") {
		t.Fatalf("git was not traced:\n%s", text)
	}
	for _, needless := range []string{"git rebase", "git update-index"} {
		if strings.Contains(string(text), "built-in: "+needless) {
			t.Errorf("%s was started:\n%s", needless, text)
		}
	}
}

// bytesOf are the commits of a range, without names and without the seconds at which
// they were made: parents stand for what they are.
func (f *field) bytesOf(from, to string) string {
	f.Helper()
	var all strings.Builder
	for id := range strings.FieldsSeq(f.git("rev-list", "--reverse", from+".."+to)) {
		all.WriteString(f.git("cat-file", "commit", id) + "|\n")
	}
	text := regexp.MustCompile(`(?m)^(committer .*>) [0-9]+ `).ReplaceAllString(all.String(), "$1 ")
	return regexp.MustCompile(`(?m)^parent .*`).ReplaceAllString(text, "parent")
}
