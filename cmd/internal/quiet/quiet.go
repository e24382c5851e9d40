// Package quiet knows whether a command that had nothing to do would have nothing to do
// again.
//
// What git swarm sync finds follows from its arguments, its environment, the clock and
// some twenty small files, and what an agent's hook does from some more and from what the
// agent's client writes to it. Where it has found nothing, it leaves a note in the worktree's
// git dir: which files these are, what was in them, and until when the answer holds. While
// all that is the same, so is the answer, and nothing of it need be decoded, checked or
// understood anew.
//
// # Guarantees
//
//   - [Unchanged] says yes only if every input is as it was when the command itself found
//     nothing to do. Whatever cannot be compared for certain makes it say no: the command
//     runs then as without a note.
//   - A note is made of what was there before the command and after it alike, and of
//     nothing that changed within the second before: an input that changes while the
//     command runs, or while a file system's clock stands still, leaves no note.
//   - The note holds nothing that is not elsewhere, and no value of a variable. It may be
//     deleted at any time. Of one
//     that is torn, that another version wrote or that is another user's, Unchanged says no.
//
// # Imports
//
// Package kernel, and no other: see package early, which runs this before the rest
// of the program is initialised. What a file's path means, which files are read and when a
// note may be left is for the command to say. All times are in ns since 1970.
package quiet

import "github.com/git-swarm/git-swarm/cmd/internal/kernel"

// Name is the note of a sync in the worktree's git dir, and with "-" and its name behind it
// that of a hook: see Hook.
const Name = "swarm-quiet"

// The kinds of an input: what counts of the file at a path. A path that does not exist
// is as good as any other state, unless the kind says otherwise.
const (
	Content = "c" // a regular file of at most maxContent bytes: those
	Times   = "t" // which file it is, through links, its size and its time
	Entry   = "l" // the same of the file or link itself
	Plain   = "f" // a regular file, or nothing: which one does not count
	Place   = "p" // which file or folder it is, its mode and its owner
	Record  = "r" // the JSON of an agent's record: of its members those that an edit depends on
	Own     = "o" // as Place, and it must be there and belong to the user
	Absent  = "a" // it must not be there
	Empty   = "e" // a file without content
)

const (
	magic      = "git swarm quiet 3\n"
	maxContent = 32 << 10 // bytes, as of a note
	settled    = 1e9      // ns that an input must have been as it is
)

// Unchanged reports whether the note of that name of the worktree at the working directory
// says that what the command is given and this environment leave nothing to do.
func Unchanged(name string, given, env []string, now int64) bool {
	path := ".git/" + name
	if link, ok := appendFile(nil, ".git"); ok { // of a linked worktree
		const prefix = "gitdir: "
		if len(link) <= len(prefix) || string(link[:len(prefix)]) != prefix || link[len(link)-1] != '\n' {
			return false
		}
		path = string(link[len(prefix):len(link)-1]) + "/" + name
	}
	note, ok := appendFile(nil, path)
	if _, own := look(nil, Own, path, 0); !ok || !own {
		return false
	}
	if len(note) < len(magic)+24 || string(note[:len(magic)]) != magic {
		return false
	}
	rest := note[len(magic):]
	since, until, size := number(rest), number(rest[8:]), number(rest[16:])
	if now <= since || now >= until || size < 0 || size > int64(len(rest)-24) {
		return false
	}
	inputs, saw := kernel.Split(string(rest[24:24+size])), rest[24+size:]
	sees, ok := Look(given, env, inputs, 0)
	return ok && string(sees) == string(saw)
}

// Note is the content of a note: between the two times, both aside, these inputs, which
// Look saw so, leave nothing to do. Of one that is too long Unchanged says no.
func Note(inputs []string, saw []byte, since, until int64) []byte {
	var list []byte
	for _, input := range inputs {
		list = append(append(list, input...), 0)
	}
	note := appendNumber(appendNumber([]byte(magic), since), until)
	note = appendNumber(note, int64(len(list)))
	return append(append(note, list...), saw...)
}

// Files are these files as inputs of that kind.
func Files(kind string, paths ...string) []string {
	inputs := make([]string, len(paths))
	for i, path := range paths {
		inputs[i] = kind + path
	}
	return inputs
}

// Look is the state of the inputs, each a kind and a path, and of what the process was
// given: arguments, and of a hook what Hook says. It is not ok if one of them is not what
// its kind asks for, or, with a time before that is not zero, has changed within the second
// before that.
func Look(given, env, inputs []string, before int64) (state []byte, ok bool) {
	state = appendNumber(make([]byte, 0, 4096), int64(kernel.Geteuid()))
	state = appendNumber(state, int64(len(given))) // what follows them was not given
	for _, one := range given {
		state = append(append(state, one...), 0)
	}
	for _, variable := range env {
		if counts(variable) {
			state = appendNumber(state, int64(digest(noDigest, variable)))
		}
	}
	list := noDigest
	for _, input := range inputs {
		if input == "" { // of a note that is damaged
			return nil, false
		}
		list = digest(list, input)
		if state, ok = look(state, input[:1], input[1:], before); !ok {
			return nil, false
		}
	}
	return appendNumber(state, int64(list)), true // of a path that is damaged there is no file, either
}

// counts reports whether the variable may have a say in what git swarm or git does.
func counts(variable string) bool {
	for _, prefix := range [...]string{"GIT_", "CLAUDE", "CODEX_", "COPILOT_", "CURSOR_", "GEMINI_", "HOME=", "PATH=", "XDG_", "SUDO_"} {
		if len(variable) >= len(prefix) && variable[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}

// digest is FNV-1a of what sum is of, and the text: of a variable, which may be a secret,
// a note holds no more.
func digest(sum uint64, text string) uint64 {
	for i := range len(text) {
		sum = (sum ^ uint64(text[i])) * 1099511628211
	}
	return sum
}

const noDigest = uint64(14695981039346656037)

// look appends the state of one file.
func look(state []byte, kind, path string, before int64) ([]byte, bool) {
	file, missing, ok := kernel.Stat(path, kind == Times)
	if kind == Plain {
		return state, ok && file.IsRegular() || missing
	}
	if !ok {
		return append(state, '-'), missing && kind != Own
	}
	if kind == Absent {
		return nil, false
	}
	if (kind == Content || kind == Times || kind == Entry || kind == Record) && before != 0 && before-file.Time < settled {
		return nil, false
	}
	state = append(state, kind...)
	switch kind {
	case Content:
		state, ok = appendFile(appendNumber(state, file.Size), path)
		return state, ok && file.IsRegular()
	case Record:
		if text, ok := appendFile(nil, path); ok {
			return appendMembers(state, text)
		}
		return nil, false
	case Empty:
		return state, file.IsRegular() && file.Size == 0
	case Times, Entry:
		state = appendNumber(appendNumber(state, file.Size), file.Time)
	case Own:
		ok = int(file.UID) == kernel.Geteuid()
	}
	state = appendNumber(appendNumber(state, int64(file.Dev)), int64(file.Ino))
	return appendNumber(appendNumber(state, int64(file.UID)), int64(file.Mode)), ok
}

func appendFile(b []byte, path string) ([]byte, bool) {
	return kernel.AppendFile(b, path, maxContent)
}

func appendNumber(b []byte, n int64) []byte {
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(n>>shift))
	}
	return b
}

func number(b []byte) (n int64) {
	for _, c := range b[:8] {
		n = n<<8 | int64(c)
	}
	return n
}
