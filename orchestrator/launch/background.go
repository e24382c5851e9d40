package launch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// What keeps a client from being started in the background.
var (
	ErrNoBackground = errors.New("only Claude Code has background sessions")
	ErrOwnSettings  = errors.New("a background session of git swarm's has settings of its own")
)

// Background starts Claude Code as one of its own background sessions, and returns the
// id under which the client knows it, "" if it said none. It may edit files and run what
// Allow says; for everything else it waits until its user attaches and answers.
//
// The client's service starts all its background sessions, with the environment of
// whoever needed it first. So the session's identity is not in the environment but in
// settings that are given with it, which the client also keeps: it counts after a
// restart as well. Of two --settings the client takes the last, hence ErrOwnSettings.
func (c Client) Background(ctx context.Context) (job string, err error) {
	args, err := c.inBackground()
	if err != nil {
		return "", err
	}
	cmd := programOn(ctx, c.withoutIdentity(), claudeCode, c.Dir, append(args, c.Prompt)...)
	out, err := cmd.Output()
	if err == nil {
		return jobIn(string(out)), nil
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		line, _, _ := strings.Cut(strings.TrimSpace(string(failed.Stderr)), "\n")
		err = fmt.Errorf("claude --bg failed (%w): %s", err, line)
	}
	return "", err
}

// inBackground are the arguments of a background session, without the prompt.
func (c Client) inBackground() ([]string, error) {
	switch _, other := c.make(); {
	case other:
		return nil, ErrNoBackground
	case slices.ContainsFunc(c.Options, func(o string) bool { return o == "--settings" || strings.HasPrefix(o, "--settings=") }):
		return nil, ErrOwnSettings
	case c.Job != "" && len(c.Options) == 0: // it keeps its options; with any, a copy would be started
		return []string{"--bg", "--resume", c.Resume, "--"}, nil
	}
	variables := map[string]string{}
	for _, v := range c.identity() {
		name, value, _ := strings.Cut(v, "=")
		variables[name] = value
	}
	settings, err := json.Marshal(map[string]any{"env": variables})
	if err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"--bg"}, c.begin(), []string{"--settings", string(settings)}, c.unattended(), c.Options)
	return append(args, "--"), nil
}

// withoutIdentity is the environment without whom the caller works as.
func (c Client) withoutIdentity() repo.Env {
	return slices.DeleteFunc(c.Env.Without(portEnv), func(v string) bool {
		return slices.ContainsFunc(c.identity(), func(own string) bool {
			name, _, _ := strings.Cut(own, "=")
			return strings.HasPrefix(v, name+"=")
		})
	})
}

// jobIn finds the id in what the client says, "backgrounded · 6d80f57d · A" and more.
func jobIn(said string) string {
	line, _, _ := strings.Cut(said, "\n")
	for word := range strings.FieldsSeq(line) {
		if len(word) == 8 && strings.Trim(word, "0123456789abcdef") == "" {
			return word
		}
	}
	return ""
}

// StopError says that the client did not stop a background session.
type StopError struct {
	Job string
	Why string
}

func (e *StopError) Error() string { return "claude stop " + e.Job + " failed: " + e.Why }

// StopBackground ends a background session, or returns a *StopError. A signal to its
// process would not end it: the client's service starts it anew.
func StopBackground(ctx context.Context, env repo.Env, job string) error {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	if out, err := client(ctx, env, "/", "stop", job).CombinedOutput(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return &StopError{job, cmp.Or(line, err.Error())}
	}
	return nil
}
