package launch

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// OptionsFile is where in the common git dir the user's options for a session's client
// of that make are kept, as a JSON list, for when the session is resumed.
func OptionsFile(commonDir, session, make string) string {
	ending := ".options"
	if make != claudeCode {
		ending = "." + make + ending
	}
	return filepath.Join(commonDir, "swarm", "prompts", session+ending)
}

// KeepOptions keeps them; none are no file.
func KeepOptions(commonDir, session, make string, options []string) error {
	path := OptionsFile(commonDir, session, make)
	if len(options) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	content, err := json.Marshal(options)
	if err != nil {
		return err
	}
	if err := file.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	return file.Replace(path, append(content, '\n'), 0o666)
}

// KeptOptions returns what was kept, none if that cannot be read.
func KeptOptions(commonDir, session, make string) (options []string) {
	content, err := os.ReadFile(OptionsFile(commonDir, session, make))
	if err != nil || json.Unmarshal(content, &options) != nil {
		return nil
	}
	return options
}
