package quiet

// The hooks that leave notes, and the name of the note where a shell was at work.
const (
	Prompt  = "prompt"
	Batch   = "batch"
	PreEdit = "pre-edit"
	Shell   = "shell"
)

// The members of a hook's input that count as they are there, whatever their case, and
// those of its tool_input, of which the case counts. Of tool_calls and tool_name it counts
// only whether a shell is among them.
var (
	members = [...]string{
		"session_id", "agent_id", "cwd", "hook_event_name", "message", "notification_type", "stop_hook_active", "reason", "session_title", "error", "error_details",
		"last_assistant_message", "conversation_id", "workspace_roots", "command", "status", "loop_count", "client_pid",
	}
	toolMembers = [...]string{"file_path", "notebook_path", "path", "command", "patch"}
)

// IsHook reports whether these are the arguments of a hook that leaves notes.
func IsHook(args []string) bool {
	event := args[len(args)-1]
	return args[0] == "hook" && (event == Prompt || event == Batch || event == PreEdit)
}

const toolInput = "tool_input " // begins what was given in that, and says that it is there

// Hook is the name of the note of a hook with these arguments and this input, and what it
// was given, for Look: the arguments, and the members that count. All other members may
// change with each call. It is not ok unless the input is JSON of the plain form in which
// clients write it, and the command reads the same in it.
func Hook(args []string, input []byte) (name string, given []string, ok bool) {
	event, shell := args[len(args)-1], false
	given = append(given, args...)
	text := append(input, 0)
	tool := func(key string, at int) (to int) {
		to = end(text, at, maxDepth, nil)
		switch {
		case key == "" || to < 0:
			return -1
		case key == "tool_name":
			name := lower(text[at:to])
			if name == "" || name[0] != '"' {
				return -1
			}
			shell = shell || IsShell(name[1:len(name)-1])
		}
		return to
	}
	call := func(_ []byte, at int) int {
		return endOf(text, at, '{', func(key []byte, at int) int { return tool(lower(key), at) })
	}
	edit := func(key []byte, at int) int {
		to := end(text, at, maxDepth, nil)
		if to < 0 || !plain(key) {
			return -1
		}
		for _, counts := range toolMembers {
			if string(key) == counts {
				given = append(given, toolInput+`"`+counts+`":`+string(text[at:to]))
			}
		}
		return to
	}
	stop := endOf(text, blanks(text, 0), '{', func(key []byte, at int) int {
		name := lower(key)
		switch {
		case name == "tool_calls":
			return endOf(text, at, '[', call)
		case name == "tool_input" && event == PreEdit:
			given = append(given, toolInput)
			return endOf(text, at, '{', edit)
		}
		to := tool(name, at)
		for _, counts := range members {
			if name == counts && to > 0 {
				given = append(given, `"`+string(key)+`":`+string(text[at:to]))
			}
		}
		return to
	})
	if shell && event == Batch {
		event = Shell
	}
	return Name + "-" + event, given, stop > 0 && blanks(text, stop) == len(input)
}

// editMembers are those of an agent's record that an edit depends on.
var editMembers = [...]string{"session", "waited"}

// appendMembers appends those members of the JSON of a record, which we have written.
func appendMembers(state, record []byte) ([]byte, bool) {
	text := append(record, 0)
	stop := endOf(text, 0, '{', func(key []byte, at int) int {
		to := end(text, at, maxDepth, nil)
		for _, counts := range editMembers {
			if string(key) == counts && to > 0 {
				state = append(append(append(state, counts...), text[at:to]...), 0)
			}
		}
		return to
	})
	return state, stop > 0
}

// IsShell reports whether a tool runs commands, by the names that the clients have for
// theirs.
func IsShell(tool string) bool {
	switch lower([]byte(tool)) {
	case "bash", "shell", "powershell", "run_shell_command", "exec_command", "local_shell", "write_stdin":
		return true
	}
	return false
}

// lower is a plain text in lower case, "" of another one.
func lower(text []byte) string {
	if !plain(text) {
		return ""
	}
	small := make([]byte, len(text))
	for i, c := range text {
		if small[i] = c; c >= 'A' && c <= 'Z' {
			small[i] |= 0x20
		}
	}
	return string(small)
}

// plain reports whether the text is ASCII without escapes.
func plain(text []byte) bool {
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
