package app

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Refusals: what only a verb finds out. Each is exit code 1 unless it says more.

func no(hint, format string, args ...any) error {
	return &refusal{exitNo, fmt.Sprintf(format, args...), hint}
}

// refuseStaged refuses to commit what is staged, as the first file and more are another's.
func refuseStaged(first, more string, paths []string) error {
	return no("git restore --staged "+strings.Join(paths, " "), "%s, and is staged%s", first, more)
}

// refuseTaken refuses a commit that takes files of another's from the work tree.
func refuseTaken(first, more string, _ []string) error {
	return no("name your own files: git swarm commit MESSAGE PATH...", "%s, and would be committed%s", first, more)
}

// alsoHeld names more files of others', a few of them.
func alsoHeld(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %s more: %s)", text.Count(len(more), "file"), strings.Join(more[:min(len(more), 5)], ", "))
}

// refuseOther refuses an agent of session own that names another, or would act as it.
func refuseOther(own, other, how string) error {
	line := fmt.Sprintf("you are session %s: an agent does not act as another session (%s)", own, text.Inert(other))
	switch how {
	case byOption:
		return no("leave out --session, or tell it: git swarm message "+text.ShellWord(other)+" TEXT", "%s", line)
	case byEnvironment:
		return no("unset GIT_SWARM_SESSION", "%s", line)
	}
	return no("tell it: git swarm message "+text.ShellWord(other)+" TEXT", "%s", line)
}

// refusePlainPush refuses an agent of session own.
func refusePlainPush(own, branch string) error {
	return no("git swarm push --to "+text.ShellWord(branch), "you are session %s: a plain git push of '%s' goes past the push lock and the checks", own, text.Inert(branch))
}

func refuseOversee(own string) error {
	return no("ask it: git swarm message orchestrator TEXT", "you are session %s: only a person and the orchestrator start sessions and watch over them", own)
}

func refuseRetire(own string) error {
	return no("when your work has landed: git swarm update "+own+" --status done", "you are session %s: only a person and the orchestrator retire sessions", own)
}

func refuseOverClaims() error {
	return no("git swarm message SESSION TEXT", "an agent may not land over others' claims")
}

func refuseForce() error {
	return no("git swarm message SESSION TEXT", "an agent may not take over what a session that is at work holds")
}

func refusePart() error {
	return no("git swarm push", "you have taken no task, of which a part could land")
}

func refuseResolved(path, target string) error {
	return no("put it back, or if it is meant: git -c swarm.healCheck=show swarm push", "the resolution of '%s' undoes what has landed on %s", path, target)
}

func refuseUninit(own string) error {
	return no("ask your user to run it", "you are session %s: only a person takes git swarm out of a repository", own)
}

func refusePathspec(pathspec string) error {
	return no("if that is a file's name: git swarm claim "+text.ShellWord(":(literal)"+pathspec), "pathspec '%s' matches no file", pathspec)
}

// refuseMagic refuses a pathspec that git cannot read, in git's words.
func refuseMagic(said, pathspec string) error {
	line, _, _ := strings.Cut(strings.TrimPrefix(said, "fatal: "), "\n")
	return &refusal{exitUsage, text.Inert(line), "if that is a file's name: git swarm claim " + text.ShellWord(":(literal)"+pathspec)}
}

func refuseScreen() error {
	return &refusal{exitUsage, "--watch needs a terminal that can be drawn on", "git swarm orchestrate dashboard"}
}

func refuseVerb(words []string, hint string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not a git swarm command", strings.Join(words, " ")), hint}
}

// refuseDir says it as git does.
func refuseDir(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal{exitFatal, fmt.Sprintf("cannot change to '%s': there is no such folder", dir), ""}
	}
	return &refusal{exitFatal, fmt.Sprintf("cannot change to '%s': %v", dir, errors.Unwrap(err)), ""}
}

func refuseGuide(words []string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not a guide", strings.Join(words, " ")), "git swarm help -g"}
}

func refuseExists(folder string) error {
	return no("git swarm demo --scratch NEWFOLDER", "'%s' exists already", folder)
}

func refuseHomeless() error {
	return no("", "HOME is not set, so there is no place for completions")
}

func refuseNoBin(dir string) error {
	return no("move it into such a folder on PATH, as go install does", "git-swarm is in '%s', and man only looks beside folders named bin", dir)
}

func refuseUnwritable(dir string) error {
	return no("run this again with sudo", "no permission to write in '%s'", dir)
}

func refuseRevision(arg string) error {
	return no("git swarm status", "'%s' is neither a branch nor a session with one", arg)
}

func refuseNoConflict(paths []string) error {
	if len(paths) == 1 {
		return no("git status", "%s is not in conflict", paths[0])
	}
	return no("git status", "%s are not in conflict", strings.Join(paths, ", "))
}

func refuseUnknownPath(path string) error {
	return no("git status", "'%s' is neither in the work tree nor known to git", text.Inert(path))
}

func refusePassing(command, word, why string) error {
	return &refusal{exitUsage, fmt.Sprintf("'%s' is not passed on to git %s: %s", text.Inert(word), command, why), "git " + command + ", with the same arguments"}
}

func refuseOutput(path, why string) error {
	return no("--output - writes to standard output", "--output '%s': %s", text.Inert(path), why)
}

func refuseWorktree(err error) error { return no("git worktree list", "%s", err.Error()) }

func refuseNotOnPath() error {
	return no("go install ./cmd/git-swarm", "git-swarm is not on PATH, so no hook could run it")
}

func refuseWindow(window string) error {
	return no("tmux select-window -t "+window, "there is a tmux window %s already", window)
}

func refuseSecondAgent(session string) error {
	return no(fmt.Sprintf("git swarm message %s \"…\"", session), "an agent is already running as %s", session)
}

func refuseResume(session, agent, worktree string) error {
	return no("resume it there by its own means, in "+text.ShellWord(worktree), "session %s is %s's, and launch starts and resumes %s alone", session, text.Inert(agent), strings.Join(launch.Makes(), ", "))
}

func refuseOtherAgent(session, agent, asked string) error {
	return no(fmt.Sprintf("without --agent it goes on; without --resume, and with --task, %s begins anew", asked),
		"the last conversation of session %s is %s's, and %s cannot go on with it", session, text.Inert(agent), asked)
}

func refuseBackground(session, agent string) error {
	return no("leave out --background for a tmux window, or give --headless", "session %s is %s's, which has no background sessions", session, agent)
}

func refuseOtherWorkstream(s bus.Session, workstream string) error {
	return no(fmt.Sprintf("git swarm retire %s, then this again; or register another id", s.ID),
		"session %s is there already, for the workstream %s on %s, and not for %s", s.ID, text.Inert(s.Workstream), text.Inert(s.Branch), workstream)
}

func refuseTakenBranch(branch, session string) error {
	return no("give it another workstream: git swarm status lists them", "the branch %s is that of session %s: of two sessions on one branch, each would move it under the other", branch, session)
}

func refuseTooLong(what string) error {
	return no("write it to a file in the repository, and say: it stands in FILE", "the %s has more than %d bytes, and cannot be handed to the client", what, launch.MaxPrompt)
}

func refuseOrchestratorWorktree() error {
	return no("git swarm start", "the orchestrator has no worktree: git swarm start runs it")
}

func refuseNoWorktree(session, workstream string) error {
	return no(fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", session, workstream), "session %s has no worktree", session)
}

// refuseElsewhere refuses to act on what is checked out here for a session that works
// elsewhere.
func refuseElsewhere(id, here, path, again string) error {
	whose := "nobody's"
	if here != "" {
		whose = here + "'s"
	}
	return no("git -C "+text.ShellWord(path)+" swarm "+again, "session %s works in '%s': this checkout is %s", id, path, text.Inert(whose))
}

func refuseOthersWorktree(id, here, workstream string) error {
	hint := ""
	if workstream != "" {
		hint = fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", id, workstream)
	}
	return no(hint, "session %s has no worktree: this one is %s's", id, text.Inert(here))
}

func refuseHalfMade(session, workstream string) error {
	return no(fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", session, workstream), "the worktree of %s was cut short while it was made", session)
}

func refuseNobody() error {
	return no("git swarm init --sessions \"B:workstream\"", "there is nobody else to tell")
}

func refuseGoneCommit(id string) error {
	return no("", "commit %s is gone from this repository, so there is no diff to show", id)
}

func refuseUnnumbered(number int) error {
	return no(fmt.Sprintf("git swarm review show %d, then git swarm review approve %d", number, number),
		"an approval takes a number: a branch or commit may have a newer review than the one you looked at")
}

func refuseUnrelated(session string, err error) error { return no("", "%s: %s", session, err.Error()) }

func refuseBareStart() error {
	return no("git worktree add PATH", "git swarm start needs a work tree, and the repository is bare")
}

func refuseClient(err error) error { return no("git swarm setup", "%s", err.Error()) }

// refuseFile is for a file that the user has named, and that cannot be read.
func refuseFile(name string, err error) error {
	const hint = "name another one, or - for standard input"
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no(hint, "there is no file '%s'", text.Inert(name))
	case errors.As(err, &failed):
		return no(hint, "'%s' cannot be read: %s", text.Inert(name), failed.Err)
	}
	return err
}

func refuseEmptyPlan() error { return no("", "the plan is empty: nothing to do") }

func refuseEditor(err error) error { return no("", "the editor ended with an error (%v)", err) }
