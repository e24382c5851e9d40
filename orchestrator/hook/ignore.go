package hook

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// mayBeIgnored reports whether git could ignore the path: whether the last part of
// any pattern that applies there matches any part of the path. For most paths the
// answer is no, and git, which knows for certain, does not have to be started.
func (h *Handler) mayBeIgnored(file string) bool {
	if h.Repo.WorkTree == "" {
		return false
	}
	files := []string{filepath.Join(h.Repo.CommonDir, "info", "exclude"), filepath.Join(h.Repo.WorkTree, ".gitignore")}
	parts := strings.Split(file, "/")
	for i := range parts[:len(parts)-1] {
		files = append(files, filepath.Join(h.Repo.WorkTree, filepath.Join(parts[:i+1]...), ".gitignore"))
	}
	config, err := h.Repo.Config()
	if err != nil {
		return true
	}
	if own, ok := config.Get("core.excludesfile"); ok {
		if own, ok = strings.CutPrefix(own, "~/"); ok {
			own = filepath.Join(h.Env.Get("HOME"), own)
		}
		if !filepath.IsAbs(own) {
			return true
		}
		files = append(files, own)
	} else if xdg := h.Env.Get("XDG_CONFIG_HOME"); xdg != "" {
		files = append(files, filepath.Join(xdg, "git", "ignore"))
	} else {
		files = append(files, filepath.Join(h.Env.Get("HOME"), ".config", "git", "ignore"))
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if mayMatch(line, parts) {
				return true
			}
		}
	}
	return false
}

// mayMatch never says no where git finds that the pattern matches: if that takes
// more than shell wildcards, it says yes.
func mayMatch(line string, parts []string) bool {
	pattern := strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), " \r\n")
	if pattern == "" || pattern[0] == '#' || pattern[0] == '!' {
		return false
	}
	last := strings.ToLower(path.Base(strings.TrimRight(pattern, "/")))
	if last == "**" || strings.ContainsAny(pattern, `\[`) {
		return true
	}
	return slices.ContainsFunc(parts, func(part string) bool {
		ok, err := path.Match(last, strings.ToLower(part))
		return ok || err != nil
	})
}
