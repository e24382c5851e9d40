package land

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// HookError says that a hook of the user's refused the push.
type HookError struct {
	Hook   string
	Status int
}

func (e *HookError) Error() string {
	return fmt.Sprintf("the %s hook refused, with exit status %d", e.Hook, e.Status)
}

// runHooks asks the user's pre-rebase hook, if c has to be rebased, and then the
// pre-push hook, in the session's own work tree, as git rebase and git push would:
// pre-push reads the line that says which tip goes where. A refusal is a *HookError.
// No other hook runs for a push. Without such hooks this costs nothing.
func (l *Lander) runHooks(ctx context.Context, c checkout, target repo.Target) error {
	hooks, err := l.hooks(ctx, "pre-rebase", "pre-push")
	if err != nil || len(hooks) == 0 {
		return err
	}
	before, err := l.fetch(ctx, target)
	if err != nil {
		return err
	}
	if before != "" && hooks["pre-rebase"] != "" {
		ahead, err := l.ancestor(ctx, before, c.tip)
		if err != nil {
			return err
		}
		if !ahead {
			if err := l.runHook(ctx, hooks["pre-rebase"], "pre-rebase", "", target.String()); err != nil {
				return err
			}
		}
	}
	if hooks["pre-push"] == "" || target.Remote == "" {
		return nil
	}
	return l.prePush(ctx, hooks["pre-push"], c, target, before)
}

// runPushHook asks the pre-push hook alone.
func (l *Lander) runPushHook(ctx context.Context, c checkout, target repo.Target, before string) error {
	hooks, err := l.hooks(ctx, "pre-push")
	if err != nil || len(hooks) == 0 {
		return err
	}
	return l.prePush(ctx, hooks["pre-push"], c, target, before)
}

func (l *Lander) prePush(ctx context.Context, hook string, c checkout, target repo.Target, before string) error {
	if before == "" {
		before = strings.Repeat("0", len(c.tip))
	}
	line := fmt.Sprintf("%s %s refs/heads/%s %s\n", c.ref(), c.tip, target.Branch, before)
	urls, err := repo.Line(l.Repo.GitParsed(ctx, "remote", "get-url", "--push", "--all", target.Remote))
	if err != nil {
		return err
	}
	for url := range strings.SplitSeq(urls, "\n") {
		if err := l.runHook(ctx, hook, "pre-push", line, target.Remote, url); err != nil {
			return err
		}
	}
	return nil
}

// hooks returns those of the user's hooks that there are, with their paths; byConfig for one
// that the configuration names.
func (l *Lander) hooks(ctx context.Context, names ...string) (map[string]string, error) {
	config, err := l.Repo.Config()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(l.Repo.CommonDir, "hooks")
	if _, set := config.Get("core.hooksPath"); set {
		if dir, err = repo.Line(l.inWorkTree(l.Repo.GitParsed(ctx, "rev-parse", "--path-format=absolute", "--git-path", "hooks"))); err != nil {
			return nil, err
		}
	}
	found := map[string]string{}
	for _, name := range names {
		if path := l.usersHookOf(filepath.Join(dir, name)); path != "" {
			found[name] = path
		}
	}
	for _, hook := range config.Subsections("hook", "command") {
		for _, event := range config.All("hook." + hook + ".event") {
			if slices.Contains(names, event) {
				found[event] = byConfig
			}
		}
	}
	return found, nil
}

// byConfig is the path of a hook that git has to find: since git 2.54 the
// configuration can name several for an event.
const byConfig = "configuration"

// inWorkTree makes a command run at the top of the session's work tree, as git runs
// hooks.
func (l *Lander) inWorkTree(cmd *exec.Cmd) *exec.Cmd {
	env := repo.Env(cmd.Env).With("PWD=" + l.Repo.WorkTree)
	if env.Get("GIT_DIR") != "" { // it may have been relative
		env = env.With("GIT_DIR="+l.Repo.GitDir, "GIT_WORK_TREE="+l.Repo.WorkTree)
	}
	cmd.Dir, cmd.Env = l.Repo.WorkTree, env
	return cmd
}

func (l *Lander) runHook(ctx context.Context, path, name, input string, args ...string) error {
	err := l.hookCommand(ctx, path, name, input, args).Run()
	if errors.Is(err, syscall.ENOEXEC) { // a script that does not say by what it is read
		err = l.hookCommand(ctx, "/bin/sh", name, input, append([]string{path}, args...)).Run()
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit):
		return &HookError{name, exit.ExitCode()}
	case err != nil:
		return fmt.Errorf("run the %s hook: %w", name, err)
	}
	return nil
}

func (l *Lander) hookCommand(ctx context.Context, path, name, input string, args []string) *exec.Cmd {
	cmd := l.Repo.Git(ctx)
	if path == byConfig {
		cmd = l.Repo.Git(ctx, slices.Concat([]string{"hook", "run", "--to-stdin=/dev/stdin", name, "--"}, args)...)
	} else {
		cmd.Path, cmd.Args, cmd.Err = path, append([]string{path}, args...), nil
	}
	cmd = l.inWorkTree(cmd)
	cmd.Env = append(cmd.Env, LandingEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), l.Progress, l.Progress
	return cmd
}
