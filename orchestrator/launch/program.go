package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// minClient is the oldest Claude Code for which the hooks in the main checkout's
// untracked settings count in linked worktrees, too.
var minClient = repo.Version{Major: 2, Minor: 1, Patch: 211}

// What keeps a client from being used.
var (
	ErrNoClient     = errors.New("the Claude Code client is not on PATH")
	ErrClientTooOld = errors.New("the Claude Code client is too old")
)

// clientTime is how long the client may take to answer about itself.
const clientTime = 20 * time.Second

// client is the Claude Code client on env's PATH with these arguments: see programOn.
func client(ctx context.Context, env repo.Env, dir string, args ...string) *exec.Cmd {
	return programOn(ctx, env, claudeCode, dir, args...)
}

// programOn is a client's program on env's PATH with these arguments, [ErrNoClient] in
// it if there is none. It does not get the variables that a client sets for its
// children: it is a session of its own. When ctx ends it gets SIGTERM, and is killed
// ten seconds later.
func programOn(ctx context.Context, env repo.Env, program, dir string, args ...string) *exec.Cmd {
	path := ""
	for _, folder := range filepath.SplitList(env.Get("PATH")) {
		name := filepath.Join(folder, program)
		if info, err := os.Stat(name); path == "" && err == nil && filepath.IsAbs(name) && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			path = name
		}
	}
	if path == "" {
		return &exec.Cmd{Path: program, Args: append([]string{program}, args...), Err: ErrNoClient}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = clientEnv(env)
	return cmd
}

// clientEnv is env without the variables that a client, or git, sets for its
// children.
func clientEnv(env repo.Env) repo.Env {
	return slices.DeleteFunc(slices.Clone(env), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasPrefix(name, "CLAUDE_CODE_") && !slices.Contains(clientSettings, name) ||
			slices.Contains([]string{"CODEX_THREAD_ID", "COPILOT_CLI", "COPILOT_AGENT_SESSION_ID", "COPILOT_PROJECT_DIR", "GEMINI_CLI", "CLAUDE_PID", "CLAUDECODE", "CLAUDE_JOB_DIR", "CLAUDE_PROJECT_DIR", "CLAUDE_ENV_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}, name)
	})
}

// clientSettings are named like such variables, but set by users, for all clients.
var clientSettings = []string{
	"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_SKIP_BEDROCK_AUTH", "CLAUDE_CODE_SKIP_VERTEX_AUTH",
	"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_MAX_OUTPUT_TOKENS", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "CLAUDE_CODE_OAUTH_TOKEN",
}

// HasClient is ErrNoClient if there is none on env's PATH.
func HasClient(env repo.Env) error { return client(context.Background(), env, "/").Err }

// ClientVersion asks the client for its version. An error wraps ErrNoClient, or
// ErrClientTooOld if it is older than minClient.
func ClientVersion(ctx context.Context, env repo.Env) (repo.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	out, err := repo.Output(client(ctx, env, "/", "--version"))
	if err != nil {
		return repo.Version{}, fmt.Errorf("claude --version: %w", err)
	}
	v, ok := repo.ParseVersion(strings.TrimSpace(out))
	switch {
	case !ok:
		return v, fmt.Errorf("claude --version says %.80q", out)
	case v.Compare(minClient) < 0:
		return v, fmt.Errorf("%w: %s, need %s", ErrClientTooOld, v, minClient)
	}
	return v, nil
}

// ProbeEnv names a file. A hook that finds it in its environment adds its event to
// that file, a line, and does nothing else.
const ProbeEnv = "GIT_SWARM_PROBE"

// ProbeHooks lets the client run the hooks for the start of a session in dir,
// without starting one, and reports whether ours was among them. Nothing is sent to
// the model, and no session joins.
func ProbeHooks(ctx context.Context, env repo.Env, dir string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	file, err := os.CreateTemp("", "git-swarm-probe-")
	if err != nil {
		return false, err
	}
	defer os.Remove(file.Name())
	if err := file.Close(); err != nil {
		return false, err
	}
	if _, err := repo.Output(client(ctx, env.With(ProbeEnv+"="+file.Name()), dir, "--init-only")); err != nil {
		return false, fmt.Errorf("claude --init-only: %w", err)
	}
	events, err := os.ReadFile(file.Name())
	return slices.Contains(strings.Split(string(events), "\n"), agents.SessionStart), err
}

// AnswerProbe is what a hook does for ProbeHooks.
func AnswerProbe(file, event string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(event + "\n")
	return errors.Join(err, f.Close())
}
