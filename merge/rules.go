package merge

// rule carries out both sides' edits in one way. Its text is checked by the caller: by the evidence
// against it and by proven.
type rule struct {
	name  string
	level Level
	heal  func(*scene) (string, bool)
}

// rules are tried in this order; doc.go has the reasons and the measured precision.
func rules() []rule {
	return []rule{
		{"neighbours", Safe, neighbours},
		{"beside", Wide, beside},
		{"words", Wide, words},
	}
}

// neighbours: each side replaced or deleted lines of its own, and they only touch.
func neighbours(s *scene) (string, bool) {
	p := s.lines()
	for _, e := range append(p.x[:len(p.x):len(p.x)], p.y...) {
		if e.at.empty() {
			return "", false
		}
	}
	return p.weave(0, tight)
}

// beside: one side brought in lines next to lines that the other replaced by as many.
func beside(s *scene) (string, bool) {
	p := s.lines()
	for _, e := range append(p.x[:len(p.x):len(p.x)], p.y...) {
		if !e.at.empty() && len(e.with) != e.at.len() {
			return "", false
		}
	}
	return p.weave(0, tight)
}

// clear is the number of unchanged tokens that must lie between the edits of two sides.
const clear = 3

// words: both sides changed the same lines, in places well apart.
func words(s *scene) (string, bool) {
	return s.tokens().weave(clear, tight)
}
