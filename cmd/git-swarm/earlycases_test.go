package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
)

// env adds to the environment.
func env(more ...string) func(*earlyPlace) {
	return func(p *earlyPlace) { p.env = append(p.env, more...) }
}

func sh(script string) func(*earlyPlace) { return func(p *earlyPlace) { p.sh(script) } }

// inBoth runs a line for the git dir $d of each work tree.
func inBoth(line string) func(*earlyPlace) {
	return sh("for d in .git .git/worktrees/app.a; do " + line + "; done")
}

const (
	all   = "sync shell pre-edit sync"
	hooks = "shell prompt pre-edit"
)

var earlyCases = []struct {
	name  string
	early string // whose notes hold all the same
	owner bool   // it gives files away
	hook  bool   // it is of hooks alone
	then  func(p *earlyPlace)
}{
	// Those that end early come first, while no heartbeat is due.
	{name: "nothing", early: all, then: sh("")},
	{name: "work in the tree", early: "sync pre-edit sync", then: sh("echo x >f; git add f; git commit -qm f; git branch other")},
	{name: "news of others", early: "sync sync", then: sh("git-swarm message --session A B x; git-swarm claim --session B x.go")},
	{name: "a message", early: "pre-edit", then: sh("git-swarm message A hello --session B")},
	{name: "an entry", early: "pre-edit", then: sh("git-swarm context add hello --category decision --session B")},
	{name: "a message, packed", then: sh("git-swarm message A hello --session B; git pack-refs --all --prune")},
	{name: "packed refs", then: sh("git pack-refs --all --prune")},
	{name: "a gc", then: sh("git gc -q --prune=now")},

	{name: "another session", then: env("GIT_SWARM_SESSION=B")},
	{name: "an unknown session", then: env("GIT_SWARM_SESSION=Z")},
	{name: "a session in another case", then: env("GIT_SWARM_SESSION=a")},
	{name: "a bad session", then: env("GIT_SWARM_SESSION=../A")},
	{name: "no session", then: env("GIT_SWARM_SESSION=")},
	{name: "the worktree's session", early: "shell pre-edit", then: inBoth("echo B >$d/swarm-session")},
	{name: "a variable as an argument", then: func(p *earlyPlace) {
		p.args = []string{"GIT_SWARM_SESSION=A"}
		p.env = slices.DeleteFunc(p.env, func(v string) bool { return v == p.args[0] })
	}},
	{name: "an agent", then: env("CLAUDE_CODE_SESSION_ID=one")},
	{name: "another agent", then: env("CODEX_THREAD_ID=one")},

	{name: "another repository by GIT_DIR", then: func(p *earlyPlace) {
		p.sh("git init -q ../other")
		p.env = append(p.env, "GIT_DIR="+p.home+"/other/.git")
	}},
	{name: "GIT_DIR nowhere", then: env("GIT_DIR=/nowhere")},
	{name: "another object directory", then: env("GIT_OBJECT_DIRECTORY=/nowhere")},
	{name: "a namespace", then: env("GIT_NAMESPACE=x")},
	{name: "configuration from the environment", then: env("GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=swarm.session", "GIT_CONFIG_VALUE_0=B")},
	{name: "another home", then: env("HOME=/nowhere")},
	{name: "no trust", then: env("GIT_TEST_ASSUME_DIFFERENT_OWNER=1")},
	{name: "another owner", owner: true, then: sh("chown -R 12345 .")},
	{name: "another's notes", owner: true, then: inBoth("chown 12345 $d/swarm-quiet*")},
	{name: "another owner, trusted", owner: true, then: sh("git config --global safe.directory '*'; chown -R 12345 .")},

	{name: "the configuration", then: sh("git config swarm.session B")},
	{name: "the user's configuration", then: sh("git config --global core.hooksPath /elsewhere")},
	{name: "a worktree's configuration", then: inBoth("echo '[core' >$d/config.worktree")},
	{name: "an unknown extension", then: sh("git config core.repositoryFormatVersion 1; git config extensions.frob true")},
	{name: "a broken configuration", then: sh("echo '[core' >>.git/config")},
	{name: "a bare repository", then: sh("git config core.bare true")},
	{name: "a broken HEAD", then: inBoth("echo nonsense >$d/HEAD")},
	{name: "no objects", then: sh("mv .git/objects .git/o")},
	{name: "a git hook replaced", early: "shell pre-edit", then: sh("mv .git/hooks/pre-push .git/hooks/old; echo '#!/bin/sh' >.git/hooks/pre-push")},

	{name: "a hub", then: sh(": >.git/swarm/hub")},
	{name: "a killed writer", early: "shell pre-edit sync", then: sh("echo torn >.git/swarm/redo")},
	{name: "a notice that is kept", early: "pre-edit", then: sh(`mkdir .git/swarm/notices; echo '{"from":"B","to":"A","body":"kept"}' >.git/swarm/notices/0.json`)},
	{name: "a push left in the queue", early: "shell pre-edit sync", then: sh(": >.git/swarm/queued-A")},
	{name: "in review by a request", early: "shell pre-edit", then: inBoth("echo main x >$d/swarm-request")},
	{name: "a damaged cursor", early: "pre-edit", then: func(p *earlyPlace) { p.change(p.cursor(), 60) }},
	{name: "a damaged end of the cursor", early: "pre-edit", then: func(p *earlyPlace) { p.change(p.cursor(), -1) }},
	{name: "a missing cursor", early: "pre-edit", then: func(p *earlyPlace) { must(p.t, os.Remove(p.cursor())) }},
	{name: "a damaged ref", early: "pre-edit", then: sh("echo nonsense >.git/refs/swarm/inbox/A")},
	{name: "a ref that is gone", early: "pre-edit", then: sh("git update-ref -d refs/swarm/context")},
	{name: "torn notes", then: inBoth("for n in $d/swarm-quiet*; do head -c 500 $n >$d/x; mv $d/x $n; done")},
	{name: "another time", then: func(p *earlyPlace) { // as if the heartbeat were an hour old
		for _, path := range p.notes() {
			note, err := os.ReadFile(path)
			must(p.t, err)
			at := bytes.IndexByte(note, '\n') + 1
			for i := range 16 {
				note[at+i] = 0
			}
			must(p.t, os.WriteFile(path, note, 0o666))
		}
	}},

	// What else agents' hooks depend on. The first of them that has something to do does it.
	{hook: true, name: "a killed writer, at a hook", early: "prompt pre-edit", then: sh("echo torn >.git/swarm/redo")},
	{hook: true, name: "a notice, at a hook", early: "pre-edit", then: sh(`mkdir .git/swarm/notices; echo '{"from":"B","to":"A","body":"kept"}' >.git/swarm/notices/0.json`)},
	{hook: true, name: "news that waits", early: "pre-edit", then: func(p *earlyPlace) {
		for range 2 { // of which the first is told
			p.sh(`git-swarm message A "in your own time" --session B`)
			p.age()
			p.call(p.dirs()[0], "shell")
			p.call(p.dirs()[0], "prompt")
		}
		p.age()
		p.call(p.dirs()[0], "shell")
		p.call(p.dirs()[0], "prompt")
	}},
	{hook: true, name: "what does not count", early: hooks, then: input(`,"prompt":"x \u00e9","permission_mode":"plan","x":{"tool_name":[1.5e-3,true,null,"\n"]}`, `,"old_string":"[{"`)},
	{hook: true, name: "a subagent", then: input(`,"agent_id":"sub"`, "")},
	{hook: true, name: "no JSON", then: input(`,"x":01`, "")},
	{hook: true, name: "much", then: input(`,"x":"`+strings.Repeat("x", 1<<20)+`"`, "")},
	{hook: true, name: "another file", early: "shell prompt", then: input("", `,"file_path":"theirs.txt"`)},
	{hook: true, name: "a file that is a link", then: sh("ln -sf ../theirs.txt own/a.txt")},
	{hook: true, name: "a folder that is a link", early: "prompt", then: sh("mv own was; ln -s was own")},
	{hook: true, name: "a repository below", early: "shell prompt", then: sh("git init -q own")},
	{hook: true, name: "a file that is edited", early: "pre-edit", then: sh("echo x >own/a.txt")},
	{hook: true, name: "a file that is replaced", early: "pre-edit", then: sh("echo x >own/b; mv own/b own/a.txt")},
	{hook: true, name: "a claim given up", early: "prompt", then: sh("git-swarm unclaim own/a.txt --session A")},
	{hook: true, name: "another's file changed", early: "pre-edit", then: sh("echo x >theirs.txt")},
	{hook: true, name: "a team's settings", then: sh("echo 'staleAfter = 1' >swarm.toml")},
	{hook: true, name: "a bad setting of the user's", then: sh("git config --global swarm.staleAfter never")},
	{hook: true, name: "a question to the user", early: "prompt pre-edit", then: asks},
	{hook: true, name: "a waiter", early: "prompt pre-edit", then: sh("echo '1 x' >.git/swarm/agents/agent-app.wait")},
	{hook: true, name: "no record", early: "pre-edit", then: sh("rm .git/swarm/agents/agent-app.json")},
	{hook: true, name: "a damaged record", early: "pre-edit", then: sh("echo '{' >.git/swarm/agents/agent-app.json")},
	{hook: true, name: "the record of another session", early: "pre-edit", then: sh(`sed -i 's/"session":"A"/"session":"B"/' .git/swarm/agents/agent-app.json`)},
	{hook: true, name: "a file that was waited for", then: sh(`sed -i 's/"session"/"waited":["own\/a.txt"],"session"/' .git/swarm/agents/agent-app.json`)},
	{hook: true, name: "a parked session", early: "shell pre-edit", then: sh("git-swarm update A --status parked")},
	{hook: true, name: "hooks of a plugin", then: env("GIT_SWARM_HOOKS=plugin")},
	{hook: true, name: "in Copilot", then: env("COPILOT_CLI=1")},
}

// input adds members to the hooks' input, and to its tool_input.
func input(more, tool string) func(*earlyPlace) {
	return func(p *earlyPlace) { p.more, p.tool = more, tool }
}

// asks has the agent ask its user.
func asks(p *earlyPlace) {
	p.call(p.dirs()[0], "asks")
}
