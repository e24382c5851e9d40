package install

import (
	"os"
	"path/filepath"
	"strings"
)

// excludeFile is git's, in the common git dir.
const excludeFile = "info/exclude"

// excludeMarks stand above a line that is ours in .git/info/exclude: that which is
// written, then that of earlier versions.
var excludeMarks = []string{"# git swarm init", "# git swarm init --claude"}

func addExclude(commonDir, pattern string) error {
	file, err := openShared(commonDir, excludeFile)
	if err != nil {
		return &SettingsError{filepath.Join(commonDir, excludeFile), err}
	}
	text := file.text
	if strings.Contains("\n"+text, "\n"+pattern+"\n") {
		return nil
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return file.write(text + excludeMarks[0] + "\n" + pattern + "\n")
}

func removeExclude(commonDir, pattern string) error {
	file, err := openShared(commonDir, excludeFile)
	if err != nil {
		return &SettingsError{filepath.Join(commonDir, excludeFile), err}
	}
	for _, mark := range excludeMarks {
		ours := mark + "\n" + pattern + "\n"
		switch {
		case file.text == ours:
			return os.Remove(file.path)
		case strings.Contains("\n"+file.text, "\n"+ours):
			return file.write(strings.TrimPrefix(strings.Replace("\n"+file.text, "\n"+ours, "\n", 1), "\n"))
		}
	}
	return nil
}
