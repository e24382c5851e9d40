package heal

// implied: the text of one side is what both edits make together, by the check that every heal has to
// pass, however their words are aligned. This side left words alone within its edit, so that the two
// are known to be about the same text. Where the other brings something in, no number may come in:
// lists of versions and logs of dates share lines by chance.
func implied(c *conflict) (string, bool) {
	text, ok := c.superset()
	if !ok {
		return "", false
	}
	ours, theirs := c.moves()
	greater, lesser := c.tokens().x, theirs
	if text == c.theirs {
		greater, lesser = c.tokens().y, ours
	}
	if len(greater) < 2 || lesser.in.total() > 0 && numbered(c) || !c.carried(text, false) {
		return "", false
	}
	return text, true
}

// superset returns the side whose text proves to be the merge of both, if only one does and the other
// changed more than white space.
func (c *conflict) superset() (string, bool) {
	if c.greater == nil {
		text, ok := "", false
		if w := c.tokenMerge(); len(w.ours.edits) > 0 && len(w.theirs.edits) > 0 {
			ours := proven(c.base, c.ours, c.theirs, c.ours)
			text, ok = c.theirs, ours != proven(c.base, c.ours, c.theirs, c.theirs)
			if ours {
				text = c.ours
			}
		}
		c.greater = &superset{text, ok}
	}
	return c.greater.text, c.greater.ok
}

// superset is the text of the side that holds both edits, if ok.
type superset struct {
	text string
	ok   bool
}
