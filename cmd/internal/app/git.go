package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func gitStatusVerb() *verb {
	return &verb{
		name: "git-status", group: groupGit, max: -1, raw: true, short: "git status",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "status", c.args...) },
	}
}

func gitDiffVerb() *verb {
	return &verb{
		name: "git-diff", group: groupGit, max: -1, raw: true, args: "[--staged]", short: "git diff",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "diff", c.args...) },
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "staged", Usage: "what the next commit would hold"}}
		},
	}
}

func gitLogVerb() *verb {
	return &verb{
		name: "git-log", group: groupGit, max: -1, raw: true, short: "git log",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "log", c.args...) },
	}
}

// git runs git in our place: same streams, same exit code. An interrupt at the
// terminal reaches git by itself, and is git's to answer.
func (c *call) git(ctx context.Context, command string, args ...string) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	for _, word := range args {
		if why := passesNot(r, word); why != "" {
			return refusePassing(command, word, why)
		}
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	defer signal.Stop(interrupt)
	cmd := r.Git(context.WithoutCancel(ctx), slices.Concat([]string{command}, args)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	return passStatus(cmd.Run())
}

// passesNot says why a word is not handed on to git, "" if it is: these commands only
// show what is in the repository. Every word counts, also behind "--": that may be
// an option's value.
func passesNot(r *repo.Repo, word string) string {
	name, _, _ := strings.Cut(word, "=")
	for option, why := range map[string]string{
		"--output":   "it writes to a file",
		"--no-index": "it reads files outside the repository",
		"--ext-diff": "it runs a program",
	} {
		// git takes an option cut short; of --ou and the like it asks which is meant
		if len(name) > len("--o") && strings.HasPrefix(option, name) && name != "--no" {
			return why
		}
	}
	switch {
	case strings.HasPrefix(word, "--"):
	case strings.HasPrefix(word, "-"):
		if hasOrderFile(word[1:]) {
			return "it reads a file"
		}
	case leadsOut(r, word): // of two such paths git shows the difference
		return "it is outside the repository"
	}
	return ""
}

// hasOrderFile reports whether one of the letters is git's option -O, which reads a
// file. What stands behind an option that takes a value is that value.
func hasOrderFile(letters string) bool {
	at := strings.IndexAny(letters, "OSGIULXBMCln")
	return at >= 0 && letters[at] == 'O'
}

// leadsOut reports whether the word, as a path, leads out of the work tree.
func leadsOut(r *repo.Repo, word string) bool {
	if filepath.IsAbs(word) {
		_, err := inWorkTree(r, word)
		return err != nil
	}
	return strings.HasPrefix(path.Join(r.Prefix, word)+"/", "../")
}

// passStatus turns a failure that git has told already into its exit code.
func passStatus(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &statusError{max(exit.ExitCode(), exitNo)}
	}
	return err
}
