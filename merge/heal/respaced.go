package heal

import "strings"

// respaced: one side changed only white space. Where the other left white space alone it is that
// side's, and lines that the other wrote move with the indentation around them.
func respaced(c *conflict) (string, bool) {
	w := c.tokenMerge()
	if !w.ok || (len(w.ours.edits) == 0) == (len(w.theirs.edits) == 0) {
		return "", false
	}
	worded := c.ours
	if len(w.ours.edits) == 0 {
		worded = c.theirs
	}
	if commented(c.base, worded) || commented(worded, c.base) {
		return "", false
	}
	return w.weave(0)
}

// commented reports whether a line of code became a comment: its indentation is then before the mark, or
// behind it, and what another side gave to the line cannot be told.
func commented(from, to string) bool {
	code := map[string]bool{}
	for line := range strings.Lines(from) {
		code[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(to) {
		line = strings.TrimSpace(line)
		if within := strings.TrimSpace(strings.TrimLeft(line, "/#-;%*")); within != line && within != "" && code[within] && !code[line] {
			return true
		}
	}
	return false
}
