package install

import (
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/merge/land"
)

// hookMark is in every hook of ours.
const hookMark = "# git swarm's hook; \"git swarm init --git-hooks --remove\" takes it out"

// callOurs runs our hook, with what git gives it. A repository whose git-swarm is
// gone goes on as if there were no hook of ours.
const callOurs = `command -v git-swarm >/dev/null 2>&1 || exit 0
`

// ownScript is a hook of ours that stands alone.
func ownScript(name string) string {
	return "#!/bin/sh\n" + hookMark + "\n" + land.UsersHookLine("") + callOurs + "exec git-swarm hook " + name + " \"$@\"\n"
}

// dispatchScript is a hook that runs theirs, the hook of that name in dir, as git
// would: by its own path and, if dir is relative, from where git runs hooks. If ours
// is wanted it runs then; each gets the arguments and what git says on standard input,
// and each can refuse.
func dispatchScript(dir, name string, ours bool) string {
	theirs := filepath.Join(dir, name)
	if !strings.Contains(theirs, "/") { // else it would be looked for on PATH
		theirs = "./" + theirs
	}
	head := "#!/bin/sh\n" + hookMark + "\n" + land.UsersHookLine(theirs)
	switch {
	case !ours:
		return head + "[ -x \"$theirs\" ] || exit 0\nexec \"$theirs\" \"$@\"\n"
	case name != PrePush: // git says nothing
		return head + "[ ! -x \"$theirs\" ] || \"$theirs\" \"$@\" || exit\n" + callOurs + "exec git-swarm hook " + name + " \"$@\"\n"
	}
	return head + `input=$(cat)
say() { printf '%s' "$input${input:+
}"; }
[ ! -x "$theirs" ] || say | "$theirs" "$@" || exit
` + callOurs + "say | git-swarm hook " + name + " \"$@\"\n"
}

// hookNames are the hooks that git looks for by name, but for sometimes.
var hookNames = []string{
	"applypatch-msg", "commit-msg", "post-applypatch", "post-checkout", "post-commit", "post-merge", "post-receive", "post-rewrite",
	"post-update", "pre-applypatch", "pre-auto-gc", PreCommit, "pre-merge-commit", PrePush, "pre-rebase", "pre-receive",
	"prepare-commit-msg", "sendemail-validate", "update",
	"p4-changelist", "p4-post-changelist", "p4-pre-submit", "p4-prepare-changelist",
}

// sometimes are those whose being there alone changes what git does, or costs at every
// change of a ref or of the index: ours are there only where others' are.
var sometimes = []string{"post-index-change", "proc-receive", "push-to-checkout", "reference-transaction"}
