package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Committer is who git would name as the committer. Where git would guess, it is
// asked; if it refuses, the error wraps [ErrNoIdentity] with git's reason.
func (r *Repo) Committer(ctx context.Context) (name, email string, err error) {
	c, err := r.Config()
	if err != nil {
		return "", "", err
	}
	name = r.identity(c, "GIT_COMMITTER_NAME", "committer.name", "user.name")
	email = r.email(c, "GIT_COMMITTER_EMAIL", "committer.email")
	if plain(name) && plain(email) && !valueless(c) {
		return name, email, nil
	}
	return askIdentity(ctx, r, r.env, "GIT_COMMITTER_IDENT")
}

// AuthorEmail is the address that git would give the author of a commit. Errors
// are as those of [Repo.Committer].
func (r *Repo) AuthorEmail(ctx context.Context) (string, error) {
	c, err := r.Config()
	if err != nil {
		return "", err
	}
	if email := r.email(c, "GIT_AUTHOR_EMAIL", "author.email"); plain(email) && !valueless(c) {
		return email, nil
	}
	// A name, lest git refuse for want of one that is not needed.
	_, email, err := askIdentity(ctx, r, r.env.With("GIT_AUTHOR_NAME=name"), "GIT_AUTHOR_IDENT")
	return email, err
}

// identity is the value of the variable, else that of the first key that is set.
func (r *Repo) identity(c *Config, variable string, keys ...string) string {
	if value, set := r.env.Lookup(variable); set {
		return value
	}
	for i, key := range keys {
		value, set := c.Get(key)
		if last := i == len(keys)-1; set && (value != "" || last) {
			return value
		}
	}
	return ""
}

// email is as identity; without user.email, $EMAIL counts.
func (r *Repo) email(c *Config, variable, key string) string {
	if value := r.identity(c, variable, key, "user.email"); value != "" {
		return value
	}
	if _, set := c.Get("user.email"); set {
		return "" // empty on purpose
	}
	if _, set := r.env.Lookup(variable); set {
		return ""
	}
	return r.env.Get("EMAIL")
}

// valueless reports whether a part of an identity is set without "=", which git
// refuses even where it would not use it.
func valueless(c *Config) bool {
	return slices.ContainsFunc(c.entries, func(e entry) bool {
		if !e.bare {
			return false
		}
		section, name, _ := strings.Cut(e.key, ".")
		return (section == "user" || section == "author" || section == "committer") && (name == "name" || name == "email")
	})
}

// plain reports whether every git stores s as it is: it is not empty and has
// nothing that git strips from identities.
func plain(s string) bool {
	return s != "" && !strings.ContainsAny(s, "<>\n\x00") && !isCrud(s[0]) && !isCrud(s[len(s)-1])
}

func isCrud(c byte) bool { return c <= ' ' || strings.IndexByte(`.,:;"\'`, c) >= 0 }

// askIdentity is git var GIT_COMMITTER_IDENT or GIT_AUTHOR_IDENT.
func askIdentity(ctx context.Context, r *Repo, env Env, variable string) (name, email string, err error) {
	out, err := Output(gitIn(ctx, parsedEnv(env), r.dir, []string{"var", variable}))
	var said *GitError
	if errors.As(err, &said) && said.ExitCode > 0 {
		return "", "", fmt.Errorf("%w: %s", ErrNoIdentity, said.Line())
	}
	if err != nil {
		return "", "", err
	}
	name, rest, found := strings.Cut(out, "<")
	email, _, closed := strings.Cut(rest, ">")
	if !found || !closed {
		return "", "", fmt.Errorf("git var %s answered %.80q", variable, out)
	}
	return strings.TrimSuffix(name, " "), email, nil
}
