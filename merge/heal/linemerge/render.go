package linemerge

import (
	"bytes"
	"strings"
)

// Render prints the hunks, the conflicts among them with markers as f has them. It does not change
// the hunks.
func (m *Merge) Render(hunks []Hunk, f Format) []byte {
	switch f.Style {
	case StyleMerge:
		hunks = m.refine(hunks)
	case StyleZDiff3:
		hunks = m.trimEnds(hunks)
	}
	w := writer{Merge: m, format: f}
	return w.write(hunks)
}

// writer prints hunks as git does.
type writer struct {
	*Merge
	format Format
	out    bytes.Buffer
}

func (w *writer) write(hunks []Hunk) []byte {
	w.out.Grow(len(w.Ours.whole) + len(w.Ours.whole)/8)
	at := 0
	for _, h := range hunks {
		if h.Kind == agreed {
			continue
		}
		w.out.WriteString(w.Ours.Join(Span{at, h.Ours.From}))
		switch h.Kind {
		case TakeOurs:
			w.out.WriteString(w.Ours.Join(h.Ours))
		case TakeTheirs:
			w.out.WriteString(w.Theirs.Join(h.Theirs))
		case Replaced:
			w.out.WriteString(h.Text)
		case Conflict:
			w.conflict(h)
		}
		at = h.Ours.To
	}
	w.out.WriteString(w.Ours.Join(Span{at, len(w.Ours.lines)}))
	return w.out.Bytes()
}

func (w *writer) conflict(h Hunk) {
	eol := "\n"
	if w.crlf(h) {
		eol = "\r\n"
	}
	w.marker('<', w.format.Labels.Ours, eol)
	w.side(w.Ours, h.Ours, eol)
	if w.format.Style != StyleMerge {
		w.marker('|', w.format.Labels.Base, eol)
		w.side(w.Base, h.Base, eol)
	}
	w.marker('=', "", eol)
	w.side(w.Theirs, h.Theirs, eol)
	w.marker('>', w.format.Labels.Theirs, eol)
}

func (w *writer) marker(c byte, label, eol string) {
	for range markerSize(w.format.MarkerSize) {
		w.out.WriteByte(c)
	}
	if label != "" {
		w.out.WriteString(" " + label)
	}
	w.out.WriteString(eol)
}

// side writes lines, the last one with an end of line even if it has none.
func (w *writer) side(t Text, s Span, eol string) {
	if s.Empty() {
		return
	}
	w.out.WriteString(t.Join(s))
	if !strings.HasSuffix(t.lines[s.To-1], "\n") {
		w.out.WriteString(eol)
	}
}

// crlf reports whether the markers of h end in CR LF: where both sides' line before it (or first
// line) does, or cannot be told, and the base's first line does.
func (w *writer) crlf(h Hunk) bool {
	e := endOf(w.Ours, max(h.Ours.From-1, 0))
	if e != lf {
		e = endOf(w.Theirs, max(h.Theirs.From-1, 0))
	}
	if e != lf {
		e = endOf(w.Base, 0)
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
func endOf(t Text, i int) lineEnd {
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
