package repo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestIdentityAsGit: committer and author's address are those of git var, from
// whatever source, and where git refuses we do, with its reason.
func TestIdentityAsGit(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		env    []string
	}{
		"user":             {"[user]\nname = Ann B\nemail = a@x\n", nil},
		"committer":        {"[user]\nname = Ann\nemail = a@x\n[committer]\nname = Com\n[author]\nemail = au@x\n", nil},
		"committer empty":  {"[user]\nname = Ann\nemail = a@x\n[committer]\nname =\nemail =\n", nil},
		"environment":      {"[user]\nname = Ann\nemail = a@x\n", []string{"GIT_COMMITTER_NAME=Env", "GIT_COMMITTER_EMAIL=env@x", "GIT_AUTHOR_EMAIL=aenv@x"}},
		"EMAIL":            {"[user]\nname = Ann\n", []string{"EMAIL=e@x"}},
		"EMAIL overruled":  {"[user]\nname = Ann\nemail = a@x\n", []string{"EMAIL=e@x"}},
		"EMAIL and empty":  {"[user]\nname = Ann\nemail =\n", []string{"EMAIL=e@x"}},
		"empty variable":   {"[user]\nname = Ann\nemail = a@x\n", []string{"GIT_COMMITTER_EMAIL=", "GIT_AUTHOR_EMAIL="}},
		"empty name":       {"[user]\nname = Ann\nemail = a@x\n", []string{"GIT_COMMITTER_NAME="}},
		"crud":             {"[user]\nname = \" .Ann <x>, Jr. \"\nemail = <a@x>\n", nil},
		"only crud":        {"[user]\nname = \"<>\"\nemail = a@x\n", nil},
		"nothing":          {"[user]\nuseConfigOnly = true\n", nil},
		"only a name":      {"[user]\nname = Ann\nuseConfigOnly = true\n", nil},
		"guessed":          {"", nil},
		"valueless":        {"[user]\nname\nemail = a@x\n", nil},
		"other characters": {"[user]\nname = \"Zoë 'Q' O.K\"\nemail = z+q@x.y\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.repo("r")
			p.write("home/.gitconfig", c.config)
			env(p, c.env...)
			r := p.discover("r")
			user, email, err := r.Committer(ctx)
			out, refusal := p.try("r", "var", "GIT_COMMITTER_IDENT")
			want, _, _ := strings.Cut(out, "> ")
			if got := user + " <" + email; (err != nil) != (refusal != nil) || err == nil && got != want {
				t.Errorf("committer: git says %q (%v), we %q (%v)", want, refusal, got, err)
			}
			if err != nil && (!errors.Is(err, repo.ErrNoIdentity) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("committer: %q", err)
			}
			if err != nil {
				t.Logf("%v", err)
			}
			p.env = p.env.With("GIT_AUTHOR_NAME=x")
			email, err = r.AuthorEmail(ctx)
			out, refusal = p.try("r", "var", "GIT_AUTHOR_IDENT")
			_, want, _ = strings.Cut(out, "<")
			want, _, _ = strings.Cut(want, "> ")
			if (err != nil) != (refusal != nil) || err == nil && email != want {
				t.Errorf("author: git says %q (%v), we %q (%v)", want, refusal, email, err)
			}
		})
	}
}
