package heal

// implied: the text of one side is what both edits make together, by the check that every heal has to
// pass, however their words are aligned. This side left words alone within its edit, so that the two
// are known to be about the same text. Where the other brings something in, no number may come in:
// lists of versions and logs of dates share lines by chance.
func implied(s *scene) (string, bool) {
	text, ok := s.superset()
	if !ok {
		return "", false
	}
	ours, theirs := s.moves()
	greater, lesser := s.tokens().x, theirs
	if text == s.theirs {
		greater, lesser = s.tokens().y, ours
	}
	if len(greater) < 2 || lesser.in.total() > 0 && numbered(s) {
		return "", false
	}
	return text, true
}

// superset returns the side whose text proves to be the merge of both, if only one does and the other
// changed more than white space.
func (s *scene) superset() (string, bool) {
	if s.greater == nil {
		text, ok := "", false
		if w := s.web(); len(w.ours.edits) > 0 && len(w.theirs.edits) > 0 {
			ours := proven(s.base, s.ours, s.theirs, s.ours)
			text, ok = s.theirs, ours != proven(s.base, s.ours, s.theirs, s.theirs)
			if ours {
				text = s.ours
			}
		}
		s.greater = &side{text, ok}
	}
	return s.greater.text, s.greater.ok
}

// side is the text of one side, if ok.
type side struct {
	text string
	ok   bool
}
