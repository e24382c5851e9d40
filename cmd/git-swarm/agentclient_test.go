package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// agentClient is another client than Claude Code.
type agentClient struct {
	name    string // as git swarm has it, and the program
	pkg     string // as npm has it
	models  []string
	env     func(s *swarmOf, model string) []string
	args    func(s *swarmOf, model string) []string
	oneTurn []string // before the prompt, where there is no terminal
	screen  []string // before it, where there is one; none for one that nothing wakes when it is idle
}

// agentClients are those for which there is a scene. What a model is called decides
// which tools its client offers it: the second edits by patches, or in a program.
var agentClients = []agentClient{
	{
		name: "codex", pkg: "codex@0.169.0", models: []string{"gpt-5.5", "gpt-6.1-sol"},
		env: func(*swarmOf, string) []string { return []string{"STAND_IN_KEY=stand-in"} },
		args: func(s *swarmOf, model string) []string {
			provider := fmt.Sprintf(`model_providers.standin={name="standin",base_url="%s/v1",env_key="STAND_IN_KEY",wire_api="responses",request_max_retries=0,stream_max_retries=0}`, s.url+"/s/A")
			return []string{
				"-m", model, "-c", `model_provider="standin"`, "-c", provider, "-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false",
				"--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox",
			}
		},
		oneTurn: []string{"exec", "--json", "--trust"},
		screen:  []string{"--"},
	},
	{
		name: "gemini", pkg: "gemini-cli@0.61.0", models: []string{"gemini-2.5-pro"},
		env: func(s *swarmOf, _ string) []string {
			return []string{"GEMINI_API_KEY=stand-in", "GOOGLE_GEMINI_BASE_URL=" + s.url + "/s/A", "GEMINI_CLI_TRUST_WORKSPACE=true"}
		},
		args: func(_ *swarmOf, model string) []string {
			return []string{"-m", model, "--approval-mode", "yolo"}
		},
		oneTurn: []string{"-o", "stream-json", "-p"},
	},
	{
		name: "opencode", pkg: "opencode-ai@1.18.33", models: []string{"plain", "gpt-5"},
		env: func(s *swarmOf, model string) []string {
			config := fmt.Sprintf(`{"provider":{"standin":{"npm":"@ai-sdk/openai-compatible","name":"standin","options":{"baseURL":"%s/v1","apiKey":"stand-in"},"models":{"plain":{},"gpt-5":{}}}},"model":"standin/%s","small_model":"standin/plain","autoupdate":false,"share":"disabled"}`, s.url+"/s/A", model)
			return []string{
				"OPENCODE_CONFIG_CONTENT=" + config, "npm_config_offline=true", "OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1",
				"OPENCODE_DISABLE_LSP_DOWNLOAD=1", "OPENCODE_DISABLE_DEFAULT_PLUGINS=1",
			}
		},
		args:    func(_ *swarmOf, model string) []string { return []string{"-m", "standin/" + model, "--auto"} },
		oneTurn: []string{"run", "--format", "json"},
		screen:  []string{"--prompt"},
	},
	{
		name: "copilot", pkg: "copilot@1.0.102", models: []string{"claude-sonnet-4.5", "gpt-5.4"},
		env: func(s *swarmOf, model string) []string {
			return []string{
				"COPILOT_HOME=" + filepath.Join(s.home, ".copilot"), "COPILOT_PROVIDER_BASE_URL=" + s.url + "/s/A/v1", "COPILOT_PROVIDER_API_KEY=stand-in",
				"COPILOT_MODEL=" + model, "COPILOT_OFFLINE=true", "COPILOT_AUTO_UPDATE=false",
			}
		},
		args: func(*swarmOf, string) []string {
			return []string{"--allow-all-tools", "--allow-all-paths", "--disable-builtin-mcps", "--no-auto-update"}
		},
		oneTurn: []string{"--output-format", "json", "--trust-folder", "-p"},
	},
}

// find is the program, "" where it is not installed for tests: in the folder that
// SWARM_AGENTS names, or where .ci/run looks. Nothing is downloaded here.
func (c agentClient) find() string {
	cache, _ := os.UserCacheDir()
	folder := cmp.Or(os.Getenv("SWARM_AGENTS"), filepath.Join(cache, "git-swarm-test", "agents"))
	program := filepath.Join(folder, c.pkg, "node_modules", ".bin", c.name)
	if _, err := os.Stat(program); err != nil {
		return ""
	}
	return program
}

// newAgentSwarm is a repository with a hub, and hooks for the client, after one init.
// B holds src/api.py.
func newAgentSwarm(t *testing.T, c agentClient) *swarmOf {
	t.Helper()
	s := newRepository(t)
	s.env = slices.DeleteFunc(s.env, func(v string) bool {
		return strings.HasPrefix(v, "GIT_AUTHOR_") || strings.HasPrefix(v, "GIT_COMMITTER_")
	})
	file(t, filepath.Join(s.home, ".gitconfig"), "[user]\n\tname = T\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n")
	file(t, filepath.Join(s.home, ".profile"), s.env[0]+"\n") // Codex's commands have a login shell's PATH
	if c.name == "codex" {                                    // on a terminal it would ask whether the folder is trusted, and offer another model
		file(t, filepath.Join(s.home, ".codex", "config.toml"), fmt.Sprintf("[projects.%q]\ntrust_level = \"trusted\"\n[notice.model_migrations]\n\"gpt-5.5\" = \"gpt-6-sol\"\n", s.app))
	}
	if c.name == "gemini" {
		file(t, filepath.Join(s.home, ".gemini", "settings.json"), `{"security":{"auth":{"selectedType":"gemini-api-key"}},"privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false},"general":{"enableAutoUpdate":false,"enableAutoUpdateNotification":false}}`)
	}
	s.run(s.home, "git", "init", "-q", "--bare", "hub.git")
	for _, name := range []string{"auth", "api"} {
		file(t, filepath.Join(s.app, "src", name+".py"), "one\ntwo\n")
	}
	s.run(s.app, "git", "add", ".")
	s.run(s.app, "git", "commit", "-q", "-m", "files")
	s.run(s.app, "git", "remote", "add", "origin", filepath.Join(s.home, "hub.git"))
	s.run(s.app, "git", "push", "-q", "-u", "origin", "main")
	s.run(s.app, "git", "swarm", "init", "--sessions", "A:auth B:api", "--worktrees", "--agents", c.name)
	s.run(s.place("B"), "git", "swarm", "claim", "src/api.py")
	return s
}

// command is the client in A's worktree, about to be started on a prompt; it is killed
// with all that it has started when the test ends.
func (c agentClient) command(s *swarmOf, model string) *exec.Cmd {
	var args []string
	if c.oneTurn[0][0] != '-' { // a command
		args = append(args, c.oneTurn...)
		args = append(args, c.args(s, model)...)
	} else {
		args = append(args, c.args(s, model)...)
		args = append(args, c.oneTurn...)
	}
	cmd := c.start(s, model, append(args, "Do the task."))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("%s: %.6000s", c.name, said.String())
		}
	})
	return cmd
}

// start is the client with these arguments in A's worktree, see command.
func (c agentClient) start(s *swarmOf, model string, args []string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	s.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, c.find(), args...)
	cmd.Dir = s.place("A")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Env = append(slices.Clone(s.env), c.env(s, model)...)
	cmd.Env = append(cmd.Env, "HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9", "NO_PROXY=127.0.0.1,localhost", "TERM=xterm-256color")
	s.t.Cleanup(func() {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	})
	return cmd
}
