package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/review"
)

// note is one kind of bad note.
type note struct {
	name string
	text string        // put into the note on feat
	do   func(w *town) // instead
	line string        // what fsck says of it, behind "damaged: "; empty if the text is no line of ours
}

func (n note) says(line string) note { n.line = line; return n }

func forgedNotes(w *town) []note {
	good := w.Git("notes", "--ref=swarm/reviews", "show", "feat")
	comment := good[strings.LastIndex(good, "\n")+1:]
	request := good[:strings.Index(good, "\n")]
	if strings.Contains(comment, "request") {
		comment, request = request, comment
	}
	said := comment[strings.Index(comment, ` "`)+1:]
	edit := func(name, line, from, to string) note {
		text := strings.Replace(line, from, to, 1)
		if text == line {
			w.Fatalf("%q is not in %q", from, line)
		}
		return note{name: name, text: text}
	}
	return []note{
		{name: "a word", text: "LGTM"},
		{name: "a word that acts", text: "LGTM \x1b[31m"},
		{name: "not UTF-8", text: "\xff\xfe"},
		{name: "long", text: strings.Repeat("x", 1<<20)},
		edit("no time", comment, comment[:20], ""),
		edit("another zone", comment, "Z ", "+00:00 "),
		edit("no seconds", comment, comment[16:20], "Z"),
		edit("no number", comment, "#1.2", ""),
		edit("number 0", comment, "#1.2", "#0.2"),
		edit("a zero before", comment, "#1.2", "#01.2"),
		edit("no sequence", comment, "#1.2", "#1"),
		edit("sequence 0", comment, "#1.2", "#1.0"),
		edit("sequence 1 of a comment", comment, "#1.2", "#1.1"),
		edit("the highest sequence", comment, "#1.2", "#1.9007199254740991"),
		edit("a sequence beyond it", comment, "#1.2", "#1.9223372036854775807"),
		edit("a number above the count", comment, "#1.2", "#99.2").says("#99.2, where there are 1 reviews"),
		edit("the highest number", comment, "#1.2", "#9007199254740991.2").says("#9007199254740991.2, where there are 1 reviews"),
		edit("an unknown kind", comment, "comment", "bless"),
		edit("a kind with a capital", comment, "comment", "Comment"),
		edit("by nobody", comment, "by=B", "by="),
		edit("by all", comment, "by=B", "by=all"),
		edit("by a path", comment, "by=B", "by=C/evil"),
		edit("no by", comment, " by=B", ""),
		edit("two bys", comment, "by=B", "by=B by=B"),
		edit("an unknown word", comment, "by=B", "by=B mood=good"),
		edit("no text", comment, " "+said, ""),
		edit("a text without quotes", comment, said, "hm"),
		edit("two texts", comment, said, said+` "hm"`),
		edit("an escape that is not ours", comment, said, `"\u0068m"`),
		edit("a blank at the end", comment, said, said+" "),
		edit("a blank at the start", comment, "20", " 20"),
		edit("a carriage return", comment, said, said+"\r"),
		edit("a tab", comment, " by", "\tby"),
		edit("a request of sequence 2", request, "#1.1", "#1.2"),
		edit("a request to nobody", request, "to=B", "to="),
		edit("a request of no commit", request, "tip=", "tip=x"),
		{name: "a note on a file's name", line: "'README' is no object to have a note", do: func(w *town) { w.noteTree("README", "100644", "x") }},
		{name: "a note that is a link", line: `not a line that git swarm writes: "x"`, do: func(w *town) { w.noteTree(strings.Repeat("ab", 20), "120000", "x") }},
		{name: "notes that are no commit", line: "malformed commit: no blank line after the headers", do: func(w *town) { w.Git("update-ref", review.NotesRef, w.blob("x")) }},
		{name: "a note that is gone", line: "object " + strings.Repeat("ab", 20) + ": ababababab: object not found", do: func(w *town) {
			tree := w.mktree("100644 blob " + strings.Repeat("ab", 20) + "\t" + w.Git("rev-parse", "feat"))
			w.Git("update-ref", review.NotesRef, w.raw(forgery{tree: tree, parents: []string{w.Git("rev-parse", review.NotesRef)}, message: "x\n"}))
		}},
	}
}

func (w *town) noteTree(path, mode, content string) {
	w.Helper()
	tree := w.state(review.NotesRef, mode, path, content)
	w.Git("update-ref", review.NotesRef, w.raw(forgery{tree: tree, parents: []string{w.Git("rev-parse", review.NotesRef)}, message: "by hand\n"}))
}

// TestForgedNotes puts each kind of bad line into the note on a commit under
// review. It counts for nothing and stops nothing, and a repair takes it out.
func TestForgedNotes(t *testing.T) {
	all := forgedNotes(newTown(t, "files"))
	if len(all) < 29 {
		t.Errorf("%d kinds", len(all))
	}
	for _, through := range []string{"files", "git"} {
		for i, n := range all {
			if sampled(through, i) {
				continue
			}
			t.Run(through+"/"+strings.ReplaceAll(n.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, through)
				if n.do != nil {
					n.do(w)
				} else {
					text := w.Git("notes", "--ref=swarm/reviews", "show", "feat") + "\n" + n.text + "\n"
					w.Git("notes", "--ref=swarm/reviews", "add", "-f", "-C", w.blob(text), "feat")
				}
				line := "damaged: " + n.line
				if n.line == "" {
					line = fmt.Sprintf("damaged: not a line that git swarm writes: %.60q", n.text)
					line = line[:len(line)-1]
					if out := w.ok("A", "review", "list"); !strings.Contains(out, "git swarm: set aside: "+review.NotesRef+": note on ") || !strings.Contains(out, line) {
						t.Errorf("review list does not say %s:\n%s", line, out)
					}
				}
				if out, code := w.run("A", "fsck"); code != exitFatal || !strings.Contains(out, line) {
					t.Errorf("fsck: exit code %d, without %s\n%s", code, line, out)
				}
				if n.do == nil {
					if out := w.ok("A", "review", "show", "1"); strings.ContainsRune(out, 0x1b) || strings.IndexByte(out, 0xff) >= 0 {
						t.Errorf("printed raw: %q", out)
					}
					w.ok("B", "review", "comment", "1", "beside it")
					if out, code := w.run("A", "merge-ok", "A"); code != exitNo {
						t.Errorf("merge-ok: %d\n%s", code, out)
					}
				}
				w.mend()
				if i%8 == 0 || refstoretest.Long() {
					w.everything()
				}
			})
		}
	}
}
