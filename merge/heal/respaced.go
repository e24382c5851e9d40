package heal

// respaced: one side changed only white space. Where the other left white space alone it is that
// side's, and lines that the other wrote move with the indentation around them.
func respaced(c *conflict) (string, bool) {
	w := c.tokenMerge()
	if !w.ok || (len(w.ours.edits) == 0) == (len(w.theirs.edits) == 0) {
		return "", false
	}
	return w.weave(0)
}
