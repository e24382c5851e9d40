package app

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// bareConfig is the configuration of a repository that is content. At the least
// thing that is missing git runs what it names.
const bareConfig = `[core]
	repositoryformatversion = 1
	bare = true
	fsmonitor = touch AT/PWNED
	hooksPath = hooks
[extensions]
	partialClone = evil
[remote "evil"]
	url = "ext::sh -c touch% AT/PWNED"
	promisor = true
[protocol "ext"]
	allow = always
`

// repository puts what makes a git dir into the folder, from the top.
func (w *town) repository(dir string) {
	w.Helper()
	at := filepath.Dir(w.Dir)
	w.Write(filepath.Join(dir, "HEAD"), "ref: refs/heads/main\n")
	w.Write(filepath.Join(dir, "objects", ".keep"), "")
	w.Write(filepath.Join(dir, "refs", "swarm", "sessions"), strings.Repeat("1", 40)+"\n")
	w.Write(filepath.Join(dir, "config"), strings.ReplaceAll(bareConfig, "AT", at))
	w.Write(filepath.Join(dir, "hooks", "reference-transaction"), "#!/bin/sh\ntouch "+at+"/PWNED\n")
	w.Must(os.Chmod(filepath.Join(w.Dir, dir, "hooks", "reference-transaction"), 0o777))
}

// hostileShape is a folder that is, or pretends to be, a repository.
type hostileShape struct {
	name  string
	do    func(w *town)
	inner string // a folder in it, from the top
	held  string // a file in it, by the name under which it is claimed
	looks string // what status says there: "" as at the top
}

// asGit is what status says in a repository with a work tree: what git would do
// there, it does.
const asGit = "as git"

// hostileShapes are folders in the work tree that others could have made.
func hostileShapes() []hostileShape {
	link := func(w *town, at, to string) { w.Must(os.Symlink(to, filepath.Join(w.Dir, at))) }
	return []hostileShape{
		{"a bare repository", func(w *town) { w.repository("docs/a") }, "docs/a", "docs/a/held", ""},
		{"the folder of objects of a bare repository", func(w *town) { w.repository("docs/a") }, "docs/a/objects", "docs/a/objects/held", ""},
		{"a repository", func(w *town) { w.repository("docs/.git"); w.Write("docs/x", "") }, "docs", "docs/held", asGit},
		{"the git dir of a repository", func(w *town) { w.repository("docs/.git") }, "docs/.git/refs", "", asGit},
		{"a repository within a bare one", func(w *town) { w.repository("docs"); w.repository("docs/b/.git"); w.Write("docs/b/x", "") }, "docs/b", "docs/b/held", asGit},
		{"a .git file that names a folder of content", func(w *town) { w.repository("store"); w.Write("docs/.git", "gitdir: ../store\n") }, "docs", "docs/held", asGit},
		{"a .git file that names the session's own git dir", func(w *town) { w.Write("docs/.git", "gitdir: ../.git\n") }, "docs", "docs/held", ""},
		{"a .git file that names nothing", func(w *town) { w.Write("docs/.git", "gitdir: /nowhere\n") }, "docs", "docs/held", `not a git repository \(or any of the parent directories\)`},
		{"a .git file that names itself", func(w *town) { w.Write("docs/.git", "gitdir: .git\n") }, "docs", "docs/held", `not a git repository \(or any of the parent directories\)`},
		{"a .git file of garbage", func(w *town) { w.Write("docs/.git", "\x00\x1b[2J") }, "docs", "docs/held", `git rev-parse: invalid gitfile format: .*/r/docs/\.git`},
		{"a .git file of a great length", func(w *town) { w.Write("docs/.git", "gitdir: "+strings.Repeat("x", 1<<21)) }, "docs", "docs/held", `git rev-parse: too large to be a \.git file: '.*/r/docs/\.git'`},
		{"a .git that is a link to a git dir of content", func(w *town) { w.repository("store"); w.Write("docs/x", ""); link(w, "docs/.git", "../store") }, "docs", "docs/held", asGit},
		{"a .git that is a FIFO", func(w *town) {
			w.Write("docs/x", "")
			w.Must(syscall.Mkfifo(filepath.Join(w.Dir, "docs", ".git"), 0o666))
		}, "docs", "docs/held", ""},
		{"a worktree that the common dir does not list", func(w *town) {
			w.repository("store")
			w.Write("store/worktrees/w/HEAD", "ref: refs/heads/main\n")
			w.Write("store/worktrees/w/commondir", "../..\n")
			w.Write("store/worktrees/w/gitdir", filepath.Join(w.Dir, "docs", ".git")+"\n")
			w.Write("docs/.git", "gitdir: ../store/worktrees/w\n")
		}, "docs", "docs/held", asGit},
		{"a git dir whose common dir is content", func(w *town) {
			w.repository("store")
			w.Write("docs/.git/HEAD", "ref: refs/heads/main\n")
			w.Write("docs/.git/commondir", "../../store\n")
		}, "docs", "docs/held", asGit},
		{"a HEAD that is a link", func(w *town) {
			w.repository("docs/a")
			w.Must(os.Remove(filepath.Join(w.Dir, "docs", "a", "HEAD")))
			link(w, "docs/a/HEAD", "refs/heads/main")
		}, "docs/a", "docs/a/held", ""},
		{"a folder behind a link", func(w *town) { w.repository("store/a"); link(w, "docs", "store") }, "docs/a", "store/a/held", ""},
	}
}

// hostileFolders: whatever a folder pretends to be, for a hook it is one of the
// repository that it lies in, and so it is for what an agent may run unasked. To
// anybody else a verb does in a repository what git does there, and says what is none.
func hostileFolders() (rows []hostile) {
	for _, s := range hostileShapes() {
		if s.held != "" { // else no path in it can be claimed
			rows = append(rows, hostile{name: s.name + ", edited in", do: func(w *town) { s.do(w); w.ok("A", "claim", s.held) }, args: verbOf("hook pre-edit"), in: `{"session_id":"a","cwd":"TOP","tool_input":{"file_path":"` + s.inner + `/held"}}`, out: `"permissionDecision":"deny","permissionDecisionReason":"'` + s.held + `' is claimed by A`})
		}
		rows = append(rows, hostile{name: s.name + ", worked in", do: s.do, at: s.inner, args: verbOf("hook prompt"), in: `{"session_id":"a","cwd":"TOP/` + s.inner + `"}`, out: `MSG from=A: \\"hello\\"`})
		if s.looks == "" || s.looks == asGit {
			rows = append(rows, hostile{name: s.name + ", looked from by an agent", do: s.do, at: s.inner, args: verbOf("status"), env: []string{"CLAUDE_CODE_SESSION_ID=a"}, out: `(?m)^A +front +(running|in review \(#1\)) +feat`})
		}
		switch {
		case s.looks == "":
			rows = append(rows, hostile{name: s.name + ", looked from", do: s.do, at: s.inner, args: verbOf("status"), out: `(?m)^A +front +(running|in review \(#1\)) +feat`})
		case s.looks != asGit:
			rows = append(rows, hostile{name: s.name + ", looked from", do: s.do, at: s.inner, args: verbOf("status"), code: exitFatal, line: s.looks})
		}
	}
	return rows
}
