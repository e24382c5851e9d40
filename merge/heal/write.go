package heal

import (
	"bytes"
	"strings"
)

// writer renders hunks as git does.
type writer struct {
	*files
	opts    Options
	regions []Region // their texts
	out     bytes.Buffer
}

func (w *writer) write(hunks []hunk) []byte {
	at := 0
	for _, h := range hunks {
		if h.kind == agreed {
			continue
		}
		w.out.WriteString(w.ours.join(span{at, h.ours.from}))
		switch h.kind {
		case takeOurs:
			w.out.WriteString(w.ours.join(h.ours))
		case takeTheirs:
			w.out.WriteString(w.theirs.join(h.theirs))
		case healed:
			w.out.WriteString(w.regions[h.region].Text)
		case conflict:
			w.conflict(h)
		}
		at = h.ours.to
	}
	w.out.WriteString(w.ours.join(span{at, len(w.ours.lines)}))
	return w.out.Bytes()
}

func (w *writer) conflict(h hunk) {
	eol := "\n"
	if w.crlf(h) {
		eol = "\r\n"
	}
	w.marker('<', w.opts.Labels.Ours, eol)
	w.side(w.ours, h.ours, eol)
	if w.opts.Style != StyleMerge {
		w.marker('|', w.opts.Labels.Base, eol)
		w.side(w.base, h.base, eol)
	}
	w.marker('=', "", eol)
	w.side(w.theirs, h.theirs, eol)
	w.marker('>', w.opts.Labels.Theirs, eol)
}

func (w *writer) marker(c byte, label, eol string) {
	size := w.opts.MarkerSize
	if size <= 0 {
		size = defaultMarkerSize
	}
	for range size {
		w.out.WriteByte(c)
	}
	if label != "" {
		w.out.WriteString(" " + label)
	}
	w.out.WriteString(eol)
}

// side writes lines, the last one with an end of line even if it has none.
func (w *writer) side(t text, s span, eol string) {
	if s.empty() {
		return
	}
	w.out.WriteString(t.join(s))
	if !strings.HasSuffix(t.lines[s.to-1], "\n") {
		w.out.WriteString(eol)
	}
}

// crlf reports whether the markers of h end in CR LF: where both sides' line before it (or first
// line) does, or cannot be told, and the base's first line does.
func (w *writer) crlf(h hunk) bool {
	e := endOf(w.ours, max(h.ours.from-1, 0))
	if e != lf {
		e = endOf(w.theirs, max(h.theirs.from-1, 0))
	}
	if e != lf {
		e = endOf(w.base, 0)
	}
	return e == crlf
}

type lineEnd byte

const (
	unknown lineEnd = iota
	lf
	crlf
)

// endOf tells how line i ends, or the line before it if i is the last and has no end.
func endOf(t text, i int) lineEnd {
	if len(t.lines) == 0 {
		return unknown
	}
	l := t.lines[i]
	if !strings.HasSuffix(l, "\n") {
		if i == 0 {
			return unknown
		}
		l = t.lines[i-1]
	}
	if strings.HasSuffix(l, "\r\n") {
		return crlf
	}
	return lf
}
