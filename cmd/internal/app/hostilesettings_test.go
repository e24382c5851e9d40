package app

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// hostileSettings are swarm.toml, git's configuration, and the settings of agents.
func hostileSettings() []hostile {
	team := func(name, content, line string) hostile {
		return hostile{name: "swarm.toml: " + name, do: func(w *town) { w.Write("swarm.toml", content) }, args: verbOf("claim x"), code: exitFatal, line: "swarm.toml: " + line}
	}
	config := func(key, value, verb, line string) hostile {
		return hostile{name: key + " = " + value, do: func(w *town) { w.Git("config", key, value) }, args: verbOf(verb), code: exitFatal, line: line}
	}
	put := func(path, content string) func(w *town) { return func(w *town) { w.Write(path, content) } }
	link := func(at, to string) func(w *town) {
		return func(w *town) {
			w.Must(os.MkdirAll(filepath.Dir(filepath.Join(w.Dir, at)), 0o777))
			w.Must(os.Symlink(to, filepath.Join(w.Dir, at)))
		}
	}
	fifo := func(at string) func(w *town) {
		return func(w *town) {
			w.Must(os.MkdirAll(filepath.Dir(filepath.Join(w.Dir, at)), 0o777))
			w.Must(syscall.Mkfifo(filepath.Join(w.Dir, at), 0o666))
		}
	}
	installs := func(name, verb string, do func(w *town), line string) hostile {
		return hostile{name: name, do: do, args: verbOf("init " + verb), code: exitNo, line: line}
	}
	hooks := func(name string, do func(w *town)) hostile { // ours go beside theirs, which stay as they are
		return hostile{name: "git's hooks: " + name, do: do, args: verbOf("init --git-hooks"), code: exitDone, out: "(?m)^Initialized with"}
	}
	const claude, shared = ".claude/settings.local.json", ".claude/settings.json"
	return []hostile{
		team("no TOML", "hello", "line 1: expected '=' after key"),
		team("marks of a conflict", "<<<<<<< HEAD\n", `line 1: invalid character at start of key: U\+003C '<'`),
		team("an unknown key", "verify = 'rm -rf /'\n", "unknown key 'verify'"),
		team("a key that acts", "\"\\u001b[2J\" = 1\n", `unknown key '\\x1b\[2J'`),
		team("a table", "[requireReview]\nx = 1\n", "line 1: cannot store a table in a bool"),
		team("a value of another kind", "requireReview = 'no'\n", "line 1: the value of 'requireReview' is of the wrong type"),
		team("a duration that is none", "staleAfter = 'soon'\n", `staleAfter = "soon" is no duration such as "15m"`),
		team("a duration below zero", "staleAfter = '-1h'\n", `staleAfter = "-1h" is no duration such as "15m"`),
		team("a duration of zero", "lockTimeout = '0s'\n", `lockTimeout = "0s" is no duration such as "15m"`),
		team("a level that is none", "heal = 'everything'\n", `heal = "everything": safe, both, wide or off`),
		team("a key twice", "heal = 'off'\nheal = 'wide'\n", "line 2: key heal is already defined"),
		team("more than can be", "# "+strings.Repeat("x", 64<<10), "it has more than 65536 bytes"),
		team("no text", "\x00\xff", `line 1: invalid character at start of key: U\+0000`),
		{name: "swarm.toml: a FIFO", do: fifo("swarm.toml"), args: verbOf("claim x"), code: exitFatal, line: "swarm.toml: it is no regular file"},
		{name: "swarm.toml: a link to a device", do: link("swarm.toml", "/dev/zero"), args: verbOf("claim x"), code: exitFatal, line: "swarm.toml: it is no regular file"},
		{name: "swarm.toml: a link out of the work tree", do: link("swarm.toml", "../victim/file"), args: verbOf("claim x"), code: exitFatal, line: "swarm.toml: it is no regular file"},
		{name: "swarm.toml: a folder", do: put("swarm.toml/x", ""), args: verbOf("claim x"), code: exitFatal, line: "swarm.toml: it is no regular file"},
		{name: "swarm.toml: a session that is a path", do: put("swarm.toml", "sessions = ['../E:e']\n"), args: verbOf("init"), code: exitUsage, line: `bad session id "\.\./E": letters, digits, '_' and '-', a letter or digit first, at most 64`},
		{name: "swarm.toml: a session that is no pair", do: put("swarm.toml", "sessions = ['E']\n"), args: verbOf("init"), code: exitUsage, line: "'E' is not ID:WORKSTREAM"},
		{name: "swarm.toml: a claim taken at once", do: put("swarm.toml", "staleAfter = '1ns'\n"), args: verbOf("claim --takeover src/a"), code: exitNo, line: `'src/a' is claimed by A .*`},
		config("swarm.staleAfter", "abc", "claim x", `bad duration value "abc" for "swarm\.staleAfter" in file \.git/config`),
		config("swarm.staleAfter", "-1m", "claim x", `bad duration value "-1m" for "swarm\.staleAfter" in file \.git/config`),
		{name: "swarm.lockTimeout = abc", do: func(w *town) { w.hub(); w.Git("config", "swarm.lockTimeout", "abc") }, args: verbOf("push --to main"), code: exitFatal, line: `bad duration value "abc" for "swarm\.lockTimeout" in file \.git/config`},
		config("swarm.requireReview", "perhaps", "launch A --task x", `bad boolean value "perhaps" for "swarm\.requireReview" in file \.git/config`),
		config("swarm.heal", "all", "heal --base code --ours code --theirs code --output -", `swarm\.heal is 'all' in file \.git/config: safe, both, wide or off`),
		{name: "swarm.session = a path", do: func(w *town) { w.Git("config", "swarm.session", "../A") }, args: verbOf("sync"), env: []string{"GIT_SWARM_SESSION="}, code: exitUsage, line: `bad session id "\.\./A": letters, digits, '_' and '-', a letter or digit first, at most 64`},
		{name: "swarm.target = an option", do: func(w *town) { w.Git("config", "swarm.target", "--exec=x") }, args: verbOf("push"), code: exitNo, line: "'--exec=x' is not a valid branch name"},
		{name: "swarm.target = what acts", do: func(w *town) { w.Git("config", "swarm.target", "\x1b[2J") }, args: verbOf("push"), code: exitNo, line: `'\\x1b\[2J' is not a valid branch name`},
		{name: "swarm.remote = an option", do: func(w *town) { w.Git("config", "swarm.remote", "--upload-pack=x") }, args: verbOf("push"), code: exitFatal, line: `fetch from --upload-pack=x: Could not read from remote repository\.`},
		{name: "swarm.remote = a command", do: func(w *town) { w.Git("config", "swarm.remote", "ext::sh -c touch% "+filepath.Dir(w.Dir)+"/PWNED") }, args: verbOf("push"), code: exitFatal, line: "fetch from ext::sh -c touch% .*/PWNED: transport 'ext' not allowed"},
		installs("Claude Code: no JSON", "--claude", put(claude, "hello"), `'.*/r/\.claude/settings\.local\.json': invalid character 'h' looking for beginning of value; left alone`),
		installs("Claude Code: a list", "--claude", put(claude, "[]"), `'.*/r/\.claude/settings\.local\.json': unexpected kind of value: the file is not an object; left alone`),
		installs("Claude Code: hooks that are text", "--claude", put(claude, `{"hooks":"x"}`), `'.*/r/\.claude/settings\.local\.json': unexpected kind of value: "hooks" is not an object; left alone`),
		installs("Claude Code: rules that are an object", "--claude", put(claude, `{"permissions":{"allow":{}}}`), `'.*/r/\.claude/settings\.local\.json': unexpected kind of value: "allow" is not a list; left alone`),
		installs("Claude Code: more than is read", "--claude", put(claude, "{"+strings.Repeat(" ", 4<<20)+"}"), `'.*/r/\.claude/settings\.local\.json': it has more than 4194304 bytes; left alone`),
		installs("Claude Code: a link out of the work tree", "--claude", link(claude, "../../victim/file"), `'.*/r/\.claude/settings\.local\.json': it is a link, or behind one; left alone`),
		installs("Claude Code: a folder that is a link", "--claude", link(".claude", "../victim"), `'.*/r/\.claude/settings\.local\.json': it is a link, or behind one; left alone`),
		installs("Claude Code: a folder that is a link into the git dir", "--claude --shared", link(".claude", ".git"), `'.*/r/\.claude/settings\.json': it is a link, or behind one; left alone`),
		installs("Claude Code: a FIFO", "--claude", fifo(claude), `'.*/r/\.claude/settings\.local\.json': it is no regular file; left alone`),
		installs("Claude Code: a FIFO that is shared", "--claude --shared", fifo(shared), `'.*/r/\.claude/settings\.json': it is no regular file; left alone`),
		installs("Claude Code: committed", "--claude", func(w *town) { w.Write(claude, "{}\n"); w.Git("add", "-f", claude) }, `'.*/r/\.claude/settings\.local\.json': it is committed, and is for this machine alone; left alone`),
		installs("Claude Code: committed in another case", "--claude", func(w *town) { w.Write(".Claude/settings.local.json", "{}\n"); w.Git("add", "-f", ".Claude") }, `'.*/r/\.claude/settings\.local\.json': it is committed, and is for this machine alone; left alone`),
		installs("Cursor: a link", "--agents cursor", link(".cursor", "../victim"), `'.*/r/\.cursor/hooks\.json': it is a link, or behind one; left alone`),
		installs("Cursor: a list", "--agents cursor", put(".cursor/hooks.json", "[]"), `'.*/r/\.cursor/hooks\.json': unexpected kind of value: the file is not an object; left alone`),
		installs("Codex: a link", "--agents codex", link(".codex/hooks.json", "../../victim/file"), `'.*/r/\.codex/hooks\.json': it is a link, or behind one; left alone`),
		installs("opencode: a plugin that is not ours", "--agents opencode", put(".opencode/plugin/git-swarm.js", "theirs\n"), `'.*/r/\.opencode/plugin/git-swarm\.js': it is not git swarm's; left alone`),
		installs("Gemini CLI: a link into the git dir", "--agents gemini", link(".gemini", ".git"), `'.*/r/\.gemini/settings\.json': it is a link, or behind one; left alone`),
		installs("Gemini CLI: a link to itself", "--agents gemini", link(".gemini", ".gemini"), `'.*/r/\.gemini/settings\.json': it is a link, or behind one; left alone`),
		installs("the list of what is ignored: a link", "--claude", func(w *town) {
			_ = os.Remove(filepath.Join(w.Dir, ".git", "info", "exclude"))
			link(".git/info/exclude", "../../../victim/file")(w)
		}, `'.*/r/\.git/info/exclude': it is a link, or behind one; left alone`),
		hooks("a link", func(w *town) { w.Git("config", "core.hooksPath", ".hooks"); link(".hooks", "../victim")(w) }),
		hooks("a link on the way", func(w *town) { w.Git("config", "core.hooksPath", ".dev/hooks"); link(".dev", "../victim")(w) }),
		hooks("one kept before", func(w *town) {
			w.write("hooks/pre-push", "#!/bin/sh\n")
			w.write("hooks/pre-push.before-git-swarm", "#!/bin/sh\n")
		}),
	}
}

// hostileEnvironments are what a process could be started with.
func hostileEnvironments() []hostile {
	set := func(kv, verb string, code int, line string) hostile {
		name := kv
		if len(name) > 60 {
			name = name[:60]
		}
		return hostile{name: name, env: []string{kv}, args: verbOf(verb), code: code, line: line}
	}
	return []hostile{
		set("GIT_SWARM_SESSION=C/evil", "sync", exitUsage, `bad session id "C/evil": letters, digits, '_' and '-', a letter or digit first, at most 64`),
		set("GIT_SWARM_SESSION=all", "message A hi", exitUsage, `bad session id 'all': it stands for every session`),
		set("GIT_SWARM_SESSION=\x1b[2J", "sync", exitUsage, `bad session id "\\x1b\[2J": letters, digits, '_' and '-', a letter or digit first, at most 64`),
		set("GIT_SWARM_SESSION="+strings.Repeat("a", 65), "sync", exitUsage, `bad session id "a+": letters, digits, '_' and '-', a letter or digit first, at most 64`),
		set("GIT_SWARM_SESSION=-A", "claim x", exitUsage, `bad session id "-A": letters, digits, '_' and '-', a letter or digit first, at most 64`),
		set("GIT_SWARM_SESSION=Z", "claim x", exitNo, `unknown session 'Z' \(known: A, B, orchestrator\)`),
		set("GIT_DIR=/nowhere", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		set("GIT_DIR=", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		set("GIT_DIR=\x1b[2J", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		set("GIT_DIR=OUTSIDE/victim", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		set("GIT_DIR=code", "sync", exitFatal, `git rev-parse: invalid gitfile format: code`),
		set("GIT_COMMON_DIR=/nowhere", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		set("GIT_OBJECT_DIRECTORY=/nowhere", "sync", exitFatal, `not a git repository \(or any of the parent directories\)`),
		{name: "a ceiling", env: []string{"GIT_CEILING_DIRECTORIES=TOP"}, at: "sub", args: verbOf("sync"), code: exitFatal, line: `not a git repository \(or any of the parent directories\)`},
		set("GIT_DISCOVERY_ACROSS_FILESYSTEM=perhaps", "sync", exitFatal, `git rev-parse: bad boolean .*'perhaps' for 'GIT_DISCOVERY_ACROSS_FILESYSTEM'`),
		set("GIT_TEST_ASSUME_DIFFERENT_OWNER=1", "sync", exitFatal, `detected dubious ownership in repository at '.*/r'`),
		set("GIT_CONFIG_COUNT=x", "claim x", exitFatal, `read configuration: git config: bogus count in GIT_CONFIG_COUNT`),
		set("GIT_CONFIG_COUNT=1", "claim x", exitFatal, `read configuration: git config: missing config key GIT_CONFIG_KEY_0`),
		set("GIT_CONFIG_PARAMETERS=x", "claim x", exitFatal, `read configuration: git config: bogus format in GIT_CONFIG_PARAMETERS`),
		set("GIT_CONFIG_GLOBAL=TOP", "claim x", exitFatal, `read configuration: git config: .*`),
		set("GIT_COMMITTER_NAME=<>", "message A hi", exitFatal, `no identity configured: name consists only of disallowed characters: <>`),
		set("PATH=/nowhere", "push", exitFatal, "git is not installed, or not on PATH"),
	}
}
