package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Remote is a git remote as the hub.
type Remote struct {
	Repo    *repo.Repo
	Name    string        // the remote's name, or a URL
	Prefix  string        // of its refs there, such as "refs/swarm/"
	Timeout time.Duration // of one call
	Mux     string        // the folder of ssh's shared connections, "" for one connection a call
}

// ConfigError says why the configuration of the remote does not do for a hub.
type ConfigError struct {
	Remote, Why string
	Unknown     bool // there is no such remote
}

func (e *ConfigError) Error() string { return fmt.Sprintf("remote '%s' %s", e.Remote, e.Why) }

// Check refuses a remote to which one push would go to several places, or of which a
// push would replace all refs, and a name that stands for nothing.
func (r *Remote) Check() error {
	config, err := r.Repo.Config()
	if err != nil {
		return err
	}
	remote := "remote." + r.Name + "."
	mirror, err := config.Bool(remote+"mirror", false)
	switch {
	case err != nil:
		return err
	case mirror:
		return &ConfigError{Remote: r.Name, Why: "is a mirror: a push there replaces all its refs"}
	case r.unknown(config):
		return &ConfigError{r.Name, "is not set up here", true}
	case r.elsewhere(config):
		return &ConfigError{Remote: r.Name, Why: "is pushed to another place than it is fetched from (url.*.pushInsteadOf)"}
	case len(config.All(remote+"pushurl")) > 1, len(config.All(remote+"pushurl")) == 0 && len(config.All(remote+"url")) > 1:
		return &ConfigError{Remote: r.Name, Why: "has several URLs to push to"}
	}
	return nil
}

// unknown reports whether the name is that of no remote, and no URL or path either.
func (r *Remote) unknown(config *repo.Config) bool {
	remote := "remote." + r.Name + "."
	if strings.ContainsAny(r.Name, ":/") || len(config.All(remote+"url")) > 0 || len(config.All(remote+"pushurl")) > 0 {
		return false
	}
	for _, base := range config.Subsections("url", "insteadof") {
		for _, prefix := range config.All("url." + base + ".insteadof") {
			if strings.HasPrefix(r.Name, prefix) {
				return false
			}
		}
	}
	for _, path := range []string{filepath.Join(r.Repo.WorkTree, r.Name), filepath.Join(r.Repo.CommonDir, "remotes", r.Name), filepath.Join(r.Repo.CommonDir, "branches", r.Name)} {
		if _, err := os.Stat(path); err == nil { // a folder, or a remote as git once kept it
			return false
		}
	}
	return true
}

// elsewhere reports whether git rewrites the URL for pushes alone.
func (r *Remote) elsewhere(config *repo.Config) bool {
	url, ok := config.Get("remote." + r.Name + ".url")
	if !ok {
		url = r.Name
	}
	if push, set := config.Get("remote." + r.Name + ".pushurl"); set {
		url = push // git is given that as a URL, for both directions
	}
	for _, base := range config.Subsections("url", "pushinsteadof") {
		for _, prefix := range config.All("url." + base + ".pushinsteadof") {
			if strings.HasPrefix(url, prefix) {
				return true
			}
		}
	}
	return false
}

// address is what git is given: where the remote is pushed to, for both directions.
func (r *Remote) address() (string, error) {
	config, err := r.Repo.Config()
	if err != nil {
		return "", err
	}
	if url, ok := config.Get("remote." + r.Name + ".pushurl"); ok {
		return url, nil
	}
	return r.Name, nil
}

// Fetch is [refstore.Hub]'s.
func (r *Remote) Fetch(ctx context.Context, turn *os.File) error {
	return r.fetch(ctx, turn, "+"+r.Prefix+"*:"+refstore.TrackingPrefix+"*")
}

func (r *Remote) fetch(ctx context.Context, turn *os.File, refspec string) error {
	address, err := r.address()
	if err != nil {
		return &refstore.HubError{Err: err}
	}
	for try := 1; ; try++ {
		_, err = r.run(ctx, turn, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules",
			"--refmap=", "--atomic", "--prune", address, refspec)
		var said *repo.GitError
		if err == nil {
			return nil
		}
		if errors.As(err, &said) && denial(said.Stderr) != "" {
			return &refstore.RefusedError{Why: denial(said.Stderr), Kind: refstore.RefusedReader}
		}
		if try > 1 || said == nil || !strings.Contains(said.Stderr, ".lock") {
			return &refstore.HubError{Err: brief(err)}
		}
		r.unlock() // a fetch of ours was killed: whoever has the turn is the only one
	}
}

// unlock removes the lock files of the refs that only a fetch of ours writes.
func (r *Remote) unlock() {
	top := filepath.Join(r.Repo.CommonDir, filepath.FromSlash(refstore.TrackingPrefix))
	_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lock") && d.Type().IsRegular() {
			_ = os.Remove(path)
		}
		return nil
	})
}

// Push is [refstore.Hub]'s.
func (r *Remote) Push(ctx context.Context, turn *os.File, updates []refstore.HubUpdate) error {
	address, err := r.address()
	if err != nil {
		return &refstore.HubError{Err: err}
	}
	args := []string{
		"-c", "push.followTags=false", "-c", "push.gpgSign=false", "-c", "push.recurseSubmodules=no",
		"push", "--porcelain", "--no-verify", "--atomic", "--no-thin",
	}
	limit, locks := r.Timeout, []string{}
	for _, u := range updates {
		args = append(args, "--force-with-lease="+r.full(u.Ref)+":"+string(u.Old))
		if branch, ok := strings.CutPrefix(u.Ref, "refs/heads/"); ok {
			limit = landingTimeouts * r.Timeout
			locks = gitlock.Ref(r.Repo, "refs/remotes/"+r.Name+"/"+branch) // git has it follow
		}
	}
	args = append(args, address)
	for _, u := range updates {
		args = append(args, string(u.New)+":"+r.full(u.Ref))
	}
	out, err := r.runWith(ctx, turn, limit, locks, args...)
	var said *repo.GitError
	if errors.As(err, &said) && strings.Contains(said.Stderr, "does not support --atomic push") {
		return &ConfigError{Remote: r.Name, Why: "cannot move several refs all at once (git push --atomic)"}
	}
	err = verdict(out, err, r.Prefix)
	var stale *refstore.StaleError
	if errors.As(err, &stale) {
		for i, ref := range stale.Refs {
			stale.Refs[i] = strings.TrimPrefix(ref, r.Prefix)
		}
	}
	return err
}

// landingTimeouts is how many times Timeout a push may take that brings the commits of
// a branch.
const landingTimeouts = 12

// full is the ref's full name on the hub.
func (r *Remote) full(ref string) string {
	if strings.HasPrefix(ref, "refs/") {
		return ref
	}
	return r.Prefix + ref
}

// killAfter is how long git has to remove its lock files when its time is up.
const killAfter = 2 * time.Second

// run runs git with the lock of the turn, in a session of its own.
func (r *Remote) run(ctx context.Context, turn *os.File, args ...string) (string, error) {
	return r.runWith(ctx, turn, r.Timeout, nil, args...)
}

// runWith is run with that time limit, of a command that takes those of git's locks.
func (r *Remote) runWith(ctx context.Context, turn *os.File, limit time.Duration, locks []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	cmd := r.Repo.GitParsed(ctx, args...)
	cmd.Env = append(cmd.Env, "GIT_ASKPASS=true", "SSH_ASKPASS=true")
	if r.plainSSH(cmd) {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=%d%s", max(1, int(r.Timeout.Seconds())), r.muxOptions()))
	}
	if turn != nil {
		cmd.ExtraFiles = []*os.File{turn}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var kill *time.Timer
	cmd.Cancel = func() error {
		pid := cmd.Process.Pid
		kill = time.AfterFunc(killAfter, func() { _ = syscall.Kill(-pid, syscall.SIGKILL) })
		return syscall.Kill(-pid, syscall.SIGTERM)
	}
	start := cmd.Run
	if len(locks) > 0 {
		start = func() error { return gitlock.Attached(r.Repo, cmd, locks) }
	}
	out, err := repo.OutputBy(cmd, start)
	if kill != nil {
		kill.Stop()
	}
	if err != nil && ctx.Err() != nil {
		if cmd.Process != nil { // what git has started, and what did not listen
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return out, context.Cause(ctx)
	}
	return out, err
}

// plainSSH reports whether nobody has said how ssh is to be run.
func (r *Remote) plainSSH(cmd *exec.Cmd) bool {
	env := repo.Env(cmd.Env)
	config, err := r.Repo.Config()
	if err != nil {
		return false
	}
	_, set := config.Get("core.sshcommand")
	return !set && env.Get("GIT_SSH_COMMAND") == "" && env.Get("GIT_SSH") == ""
}
