package repo

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// notedFile holds who the user is, in the common git dir: name and address, each on a
// line. Some agents hide the user's configuration from the commands that they run, but
// not from their hooks.
const notedFile = "swarm/identity"

// NoteIdentity keeps who git would name as the committer, for commands from which the
// user's configuration is hidden. It writes only if that is news.
func (r *Repo) NoteIdentity(ctx context.Context) error {
	name, email, err := r.Committer(ctx)
	if err != nil {
		return err
	}
	path, text := filepath.Join(r.CommonDir, filepath.FromSlash(notedFile)), name+"\n"+email+"\n"
	if !plain(name) || !plain(email) {
		return nil
	}
	if before, err := file.Read(path, maxNoted); err == nil && string(before) == text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return file.Replace(path, []byte(text), 0o600)
}

// maxNoted is the size, in bytes, up to which the file is read.
const maxNoted = 4096

// withNoted adds the identity that was noted to the environment, where the user's
// configuration is hidden and neither the repository's own nor the environment names
// one: git is then as little in doubt as we are.
func (r *Repo) withNoted() {
	if r.env.Get("GIT_CONFIG_GLOBAL") != os.DevNull {
		return
	}
	text, err := file.Read(filepath.Join(r.CommonDir, filepath.FromSlash(notedFile)), maxNoted)
	name, rest, _ := strings.Cut(string(text), "\n")
	email, _, _ := strings.Cut(rest, "\n")
	if err != nil || !plain(name) || !plain(email) {
		return
	}
	c, err := r.Config()
	if err != nil {
		return
	}
	for _, key := range []string{"user.name", "user.email", "author.name", "author.email", "committer.name", "committer.email"} {
		if _, set := c.Get(key); set {
			return
		}
	}
	for variable, value := range map[string]string{"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email} {
		if _, set := r.env.Lookup(variable); !set {
			r.env = r.env.With(variable + "=" + value)
		}
	}
}
