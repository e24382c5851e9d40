package app

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// hostilePaths are paths and names on the command line.
func hostilePaths() []hostile {
	claim := func(name, path, line string) hostile {
		return hostile{name: name, args: []string{"claim", "--", path}, code: exitUsage, line: line}
	}
	named := func(name string, code int, line string, args ...string) hostile {
		return hostile{name: name, args: args, code: code, line: line}
	}
	heal := []string{"heal", "--base", "code", "--ours", "code", "--theirs", "code", "--output"}
	output := func(name, path string, do func(w *town), line string) hostile {
		return hostile{name: name, do: do, args: append(heal[:len(heal):len(heal)], path), code: exitNo, line: "--output " + line}
	}
	link := func(at, to string) func(w *town) {
		return func(w *town) { w.Must(os.Symlink(to, filepath.Join(w.Dir, at))) }
	}
	return []hostile{
		claim("a folder above", "../x", `'\.\./x': outside the repository`),
		claim("a folder above, round about", "sub/../../x", `'sub/\.\./\.\./x': outside the repository`),
		claim("a path of the machine", "/etc/passwd", "'/etc/passwd': outside the repository"),
		claim("the work tree", ".", `'\.': the whole work tree cannot be claimed; claim folders or files`),
		claim("the work tree, round about", "sub/..", `'sub/\.\.': the whole work tree cannot be claimed; claim folders or files`),
		claim("nothing", "", "an empty path"),
		claim("the git dir", ".git/config", `'\.git/config': below \.git`),
		claim("the git dir in capitals", ".GIT/config", `'\.GIT/config': below \.git`),
		claim("a git dir in a folder", "sub/.git/hooks/x", `'sub/\.git/hooks/x': below \.git`),
		claim("the git dir on a Windows disk", "git~1/config", `'git~1/config': below \.git`),
		claim("the git dir with a blank", ".git /config", `'\.git /config': below \.git`),
		claim("the git dir with a stream", ".git::$INDEX_ALLOCATION/config", `'\.git::\$INDEX_ALLOCATION/config': below \.git`),
		claim("the git dir behind a backslash", "sub\\.git\\config", `'sub\\\.git\\config': below \.git`),
		claim("the git dir on a Macintosh", ".g\u200cit/config", `'\.g\\u200cit/config': below \.git`),
		claim("a long name", strings.Repeat("a", 256), "'a+…': too long"),
		claim("a long path", strings.Repeat("a/", 2100)+"a", "'a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/…': too long"),
		claim("a path that is not UTF-8", "a\xffb", `'a\\xffb': not valid UTF-8, so it cannot be claimed; claim a folder above it`),
		claim("a path with a NUL", "a\x00b", `'a\\x00b': not valid UTF-8, so it cannot be claimed; claim a folder above it`),
		{name: "beyond a link", do: link("door", "OUTSIDE"), args: verbOf("claim door/x"), code: exitUsage, line: "'door/x': beyond the symbolic link 'door'"},
		{name: "a path that acts", args: []string{"claim", "sub/\x1b[2J"}, out: `B claimed sub/\\x1b\[2J`},
		{name: "a path that reorders", args: []string{"claim", "sub/\u202egpj.exe"}, out: `B claimed sub/\\u202egpj\.exe`},
		{name: "a path of two lines", args: []string{"claim", "sub/x\ngit swarm: all is well"}, out: `B claimed sub/x\\ngit swarm: all is well`},
		named("a release of what nobody can hold", exitUsage, `'\.\./x': outside the repository`, "unclaim", "../x"),
		named("a release of another's", exitNo, "'src/a' is claimed by A", "unclaim", "src/a"),
		named("a message to a path", exitNo, `unknown session '\.\./A' \(known: A, B, orchestrator\)`, "message", "../A", "hi"),
		named("a message to an option", exitNo, `unknown session '-A' \(known: A, B, orchestrator\)`, "message", "--", "-A", "hi"),
		named("a message to what acts", exitNo, `unknown session '\\x1b\[2J' \(known: A, B, orchestrator\)`, "message", "\x1b[2J", "hi"),
		named("a message that is not UTF-8", exitUsage, "the text is not valid UTF-8", "message", "A", "a\xffb"),
		named("an empty message", exitUsage, "the text is empty", "message", "A", ""),
		named("a message of more than can be", exitUsage, "the text has 1048577 bytes, more than 1048576", "message", "A", strings.Repeat("x", 1<<20+1)),
		named("a reply to a number that is none", exitUsage, "'1;x' is no number", "reply", "1;x", "hi"),
		named("a reply to the highest number", exitNo, "message #9223372036854775807 to B does not exist", "reply", "9223372036854775807", "hi"),
		named("a category that is none", exitUsage, "unknown category 'SYSTEM': one of decision, interface, warning, convention, discovery", "context", "add", "x", "-c", "SYSTEM"),
		named("a session of a bad name", exitUsage, `bad session id "\.\./E": letters, digits, '_' and '-', a letter or digit first, at most 64`, "init", "--sessions", "../E:e"),
		named("a session for everybody", exitUsage, "bad session id 'all': it stands for every session", "init", "--sessions", "all:e"),
		named("a hub of no name", exitUsage, "--hub takes a remote or a URL", "init", "--hub", ""),
		named("a clone of no name", exitUsage, "--as takes a name", "init", "--hub", "origin", "--as", ""),
		named("a workstream of two lines", exitUsage, "'b' is not ID:WORKSTREAM", "init", "--sessions", "E:a\nb"),
		named("a target that is an option", exitUsage, "'--exec=x' is not a valid branch name", "push", "--to", "--exec=x"),
		named("a target that is a path", exitUsage, `'\.\./main' is not a valid branch name`, "push", "--to", "../main"),
		named("a target that acts", exitUsage, `'\\x1b\[2J' is not a valid branch name`, "push", "--to", "\x1b[2J"),
		named("a review that is none", exitNo, "'1;x' is not a commit of this repository", "review", "show", "1;x"),
		named("a review that is not there", exitNo, "review #99 does not exist", "review", "show", "99"),
		named("a verdict on one's own", exitNo, "review #1: the author gives no verdict", "review", "approve", "1", "--session", "A"),
		named("files written by git-log", exitUsage, "'--output=.*/victim/new' is not passed on to git log: it writes to a file", "git-log", "--output=OUTSIDE/victim/new"),
		named("files read by git-diff", exitUsage, "'--no-index' is not passed on to git diff: it reads files outside the repository", "git-diff", "--no-index", "/etc/passwd", "code"),
		named("a program run by git-diff", exitUsage, "'--ext-diff' is not passed on to git diff: it runs a program", "git-diff", "--ext-diff"),
		output("output into the git dir", ".git/config", nil, `'\.git/config': it is in a git dir`),
		output("output into a new file there", "sub/.git", nil, `'sub/\.git': it is in a git dir`),
		output("output through a link", "door", link("door", "../victim/file"), "'door': it is a link"),
		output("output behind a link into the git dir", "door/config", link("door", ".git"), "'door/config': it is in a git dir"),
	}
}

// hostileHooks are what a client could hand to a hook. It prints nothing, ends with
// 0, and what was wrong is there for doctor.
func hostileHooks() []hostile {
	given := func(name, event, in, problem string) hostile {
		return hostile{name: name, args: []string{"hook", event}, in: in, problem: problem}
	}
	edit := func(name, path, problem string) hostile {
		h := given(name, "pre-edit", `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":`+path+`}}`, problem)
		return h
	}
	return []hostile{
		given("no JSON", "prompt", "hello", "the hook's input is malformed: invalid character 'h' looking for beginning of value"),
		given("no input", "prompt", "", "the hook's input is malformed: unexpected end of JSON input"),
		given("a list", "prompt", "[]", "the hook's input is malformed: it is of kind array"),
		given("a number", "stop", "1", "the hook's input is malformed: it is of kind number"),
		given("JSON cut short", "prompt", `{"session_id":"a`, "the hook's input is malformed: unexpected end of JSON input"),
		given("two objects", "prompt", `{"session_id":"a"}{"session_id":"b"}`, `the hook's input is malformed: invalid character '\{' after top-level value`),
		given("JSON of a great depth", "prompt", `{"tool_input":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+"}", `the hook's input is malformed: invalid character '\[' exceeded max depth`),
		given("a NUL", "prompt", "{\"session_id\":\"a\"}\x00", `the hook's input is malformed: invalid character '\\x00' after top-level value`),
		given("a session that is a number", "prompt", `{"session_id":1}`, "the hook's input is malformed: session_id is of kind number"),
		given("a folder that is a list", "prompt", `{"cwd":["TOP"]}`, "the hook's input is malformed: cwd is of kind array"),
		given("a tool's input that is a number", "pre-edit", `{"session_id":"a","cwd":"TOP","tool_input":1}`, `the hook's tool_input is malformed: it is of kind number`),
		given("no tool's input", "pre-edit", `{"session_id":"a","cwd":"TOP"}`, "the hook's tool_input is malformed: unexpected end of JSON input"),
		given("an unknown event", "explode", `{"session_id":"a","cwd":"TOP"}`, `unknown event "explode"`),
		given("an event that acts", "\x1b[2J", `{"session_id":"a","cwd":"TOP"}`, `unknown event "\\x1b\[2J"`),
		{name: "an unknown agent", args: []string{"hook", "--agent", "evil", "prompt"}, in: `{"session_id":"a","cwd":"TOP"}`, problem: "unknown agent 'evil'"},
		{name: "an agent that acts", args: []string{"hook", "--agent", "\x1b[2J", "prompt"}, in: `{"session_id":"a","cwd":"TOP"}`, problem: `unknown agent '\\x1b\[2J'`},
		edit("a file that is a number", `1`, `the hook's tool_input is malformed: file_path is of kind number`),
		edit("a file that is a list", `["x"]`, `the hook's tool_input is malformed: file_path is of kind array`),
		{name: "a held file", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, round about", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"sub/../src//a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, from the machine's root", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"/","tool_input":{"file_path":"TOP/src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, of a session whose id is a path", args: []string{"hook", "pre-edit"}, in: `{"session_id":"../../evil","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, of a session whose id acts", args: []string{"hook", "pre-edit"}, in: `{"session_id":"\u001b[2J","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, of a session without an id", args: []string{"hook", "pre-edit"}, in: `{"cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, by a link", do: func(w *town) {
			w.Must(os.Mkdir(filepath.Join(w.Dir, "src"), 0o777))
			w.Must(os.Symlink("src", filepath.Join(w.Dir, "door")))
		}, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"door/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, in a patch", args: []string{"hook", "--agent", "codex", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"command":"*** Begin Patch\n*** Update File: src/a\n*** End Patch"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, behind others in a patch", args: []string{"hook", "--agent", "codex", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"command":"*** Add File: ../../x\n*** Move to: src/a\r\n"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, as a notebook", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"notebook_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, twice named", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"x"},"tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, beside a key of another spelling", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"src/a","FILE_PATH":"x","File_path":"x"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, between blanks", args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":" src/a\n"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, from the user's folder", env: []string{"HOME=OUTSIDE"}, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"~/r/src/a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, above where a link leads", do: func(w *town) {
			w.Must(os.MkdirAll(filepath.Join(w.Dir, "src", "deep"), 0o777))
			w.Must(os.Symlink("src/deep", filepath.Join(w.Dir, "door")))
		}, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"door/../a"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, in a patch with blanks around its lines", args: []string{"hook", "--agent", "codex", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"command":" *** Begin Patch\n\u00a0*** Update File: src/a \n*** End Patch"}}`, out: "'src/a' is claimed by A"},
		{name: "a held file, where the settings cannot be read", do: func(w *town) { w.Write("swarm.toml", "<<<<<<<\n") }, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A", problem: `swarm\.toml: line 1: invalid character at start of key: U\+003C '<'`},
		{name: "a held file, where a value cannot be read", do: func(w *town) { w.Git("config", "swarm.staleAfter", "abc") }, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A", problem: `bad duration value "abc" for "swarm\.staleAfter" in file \.git/config \(git config swarm\.staleAfter 15m\)`},
		{name: "a held file, beside a FIFO in the place of the settings", do: func(w *town) { w.Must(syscall.Mkfifo(filepath.Join(w.Dir, "swarm.toml"), 0o666)) }, args: []string{"hook", "pre-edit"}, in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"src/a"}}`, out: "'src/a' is claimed by A", problem: `swarm\.toml: it is no regular file`},
	}
}
