package land

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// messages are what commits say, and what they say once they were healed.
var messages = []struct{ message, want string }{
	{"subject\n", "subject\n\nHealed: "},
	{"subject\n\none\ntwo\n\nthree: four\nfive\n", "subject\n\none\ntwo\n\nthree: four\nfive\n\nHealed: "},
	{"subject\n\nbody\n\nReviewed-by: X <x@y>\nA: b\n", "subject\n\nbody\n\nReviewed-by: X <x@y>\nA: b\nHealed: "},
	{"subject\n\nHealed: other words\n", "subject\n\nHealed: other words\nHealed: "},
	{"subject\n\n#123 is a line\n\n# so is this\n", "subject\n\n#123 is a line\n\n# so is this\n\nHealed: "},
	{"subject\n\n;123 is a line\n", "subject\n\n;123 is a line\n\nHealed: "},
	{"subject\n\nabove\n---\nbelow\n", "subject\n\nabove\n---\nbelow\n\nHealed: "},
	{"subject\n\n# ------------------------ >8 ------------------------\nbelow\n", "subject\n\n# ------------------------ >8 ------------------------\nbelow\n\nHealed: "},
	{"äöü\n\n\u2713\n", "äöü\n\n\u2713\n\nHealed: "},
	{"", "Healed: "},
}

// TestHealPushMessages: whatever a message holds and is configured for messages,
// it stays as it is, with the trailer where trailers go. No editor is opened.
func TestHealPushMessages(t *testing.T) {
	for _, settings := range [][]string{
		{"core.editor=false"},
		{"commit.cleanup=scissors", "commit.verbose=true", "commit.template=/dev/null"},
		{
			"core.commentChar=;", "commit.cleanup=strip", "i18n.commitEncoding=ISO-8859-15", "i18n.logOutputEncoding=ISO-8859-15",
			"trailer.ifmissing=doNothing", "trailer.where=start", "trailer.separators==", "trailer.healed.ifexists=doNothing",
		},
	} {
		t.Run(settings[0], func(t *testing.T) {
			t.Parallel()
			a, b := oneField(t)
			for i := range messages {
				a.write(fmt.Sprint("f", i), nine(nil))
			}
			a.commit("files", "x", "x\n")
			a.push()
			b.pull()
			for i := range messages {
				a.write(fmt.Sprint("f", i), nine(map[int]string{1: "A"}))
			}
			a.commit("[Session A] all", "x", "y\n")
			a.push()
			said := filepath.Join(t.TempDir(), "message")
			for i, m := range messages {
				if err := os.WriteFile(said, []byte(m.message), 0o666); err != nil {
					t.Fatal(err)
				}
				b.write(fmt.Sprint("f", i), nine(map[int]string{2: "B"}))
				b.git("commit", "-q", "-a", "--cleanup=verbatim", "--allow-empty-message", "--file="+said)
			}
			for _, s := range settings {
				key, value, _ := strings.Cut(s, "=")
				b.git("config", key, value)
			}
			if landed := b.push(); len(landed.Healed) != len(messages) {
				t.Errorf("healed: %+v", landed.Healed)
			}
			for i, m := range messages {
				want := fmt.Sprintf("%sf%d neighbours", m.want, i)
				if got := b.message(fmt.Sprint("HEAD~", len(messages)-1-i)); strings.Trim(got, "\n") != want {
					t.Errorf("the message is %q, want %q", got, want)
				}
			}
		})
	}
}

// TestHealPushSigned: a healed commit is signed once where commits are, and
// signatures that git shows do not confuse what is read of it.
func TestHealPushSigned(t *testing.T) {
	a, b := besides(t)
	gpg := filepath.Join(t.TempDir(), "gpg")
	script := "#!/bin/sh\ncase \"$*\" in\n*--verify*) echo gpg: good >&2; exit 0;;\nesac\ncat >/dev/null; echo x >>\"$0.count\"\n" +
		"echo '[GNUPG:] SIG_CREATED D' >&2\necho '-----BEGIN PGP SIGNATURE-----'; echo; echo x; echo '-----END PGP SIGNATURE-----'\n"
	if err := os.WriteFile(gpg, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	b.commit("[Session B] line 2", "base", nine(map[int]string{2: "B"}))
	b.git("config", "gpg.program", gpg)
	b.git("config", "commit.gpgSign", "true")
	b.git("config", "log.showSignature", "true")
	b.push()
	if raw := b.git("cat-file", "commit", "HEAD"); strings.Count(raw, "gpgsig ") != 1 || !strings.HasSuffix(raw, "\n\nHealed: base neighbours") {
		t.Errorf("the commit is %q", raw)
	}
	if count, err := os.ReadFile(gpg + ".count"); err != nil || string(count) != "x\n" {
		t.Errorf("it was signed %q (%v)", count, err)
	}

	a.pull()
	a.commit("[Session A] line 5", "base", strings.Replace(bothLines, "5", "A", 1))
	a.push()
	b.commit("[Session B] line 5", "base", strings.Replace(bothLines, "5", "B", 1))
	var conflict *ConflictError
	if err := b.unchanged(b.tryPush); !errors.As(err, &conflict) || !strings.HasSuffix(conflict.Commit, " [Session B] line 5") || strings.Contains(conflict.Commit, "gpg") {
		t.Errorf("%#v", err)
	}
}
