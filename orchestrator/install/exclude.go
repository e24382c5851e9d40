package install

import (
	"os"
	"path/filepath"
	"strings"
)

// excludeFile is git's, in the common git dir.
const excludeFile = "info/exclude"

// excludeMark stands above the line that is ours in .git/info/exclude.
const excludeMark = "# git swarm init --claude"

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
	return file.write(text + excludeMark + "\n" + pattern + "\n")
}

func removeExclude(commonDir, pattern string) error {
	file, err := openShared(commonDir, excludeFile)
	if err != nil {
		return &SettingsError{filepath.Join(commonDir, excludeFile), err}
	}
	ours := excludeMark + "\n" + pattern + "\n"
	if !strings.Contains("\n"+file.text, "\n"+ours) {
		return nil
	}
	if file.text == ours {
		return os.Remove(file.path)
	}
	return file.write(strings.Replace(file.text, ours, "", 1))
}
