package repo

import "bytes"

// entry is one setting. The key has its section and name in lower case and its
// subsection as written, as git config --list shows it.
type entry struct {
	key, value string
	bare       bool // "name" alone, without "=": true where a boolean is read
}

// scan reads one config file as git does. sure is false if it cannot be relied
// upon: where git would refuse the file, and where versions of git read it
// differently (a tab or a lone carriage return inside an unquoted value became a
// blank before 2.45 and is kept since).
//
// It follows git's grammar a character at a time. go-git's decoder agreed with
// git config --list on 48 of the 83 files that the tests hold: it keeps the line
// break of a continued value, cannot tell "name" from "name =", refuses bytes
// that are not UTF-8, a BOM, dotted sections and a setting behind its header, and
// accepts what git refuses.
func scan(data []byte) (entries []entry, sure bool) {
	if bytes.IndexByte(data, 0) >= 0 { // git's strings end there
		return nil, false
	}
	s := scanner{rest: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	var section []byte
	entries = make([]entry, 0, bytes.Count(data, []byte{'\n'})+1)
	for {
		c, more := s.next()
		switch {
		case !more:
			return entries, true
		case isSpace(c):
		case c == '#' || c == ';':
			s.skipLine()
		case c == '[':
			name, ok := s.header()
			if !ok {
				return nil, false
			}
			section = name
		case isAlpha(c) && section != nil:
			e, ok := s.setting(section, c)
			if !ok {
				return nil, false
			}
			entries = append(entries, e)
		default:
			return nil, false
		}
	}
}

// scanner is a config file from some point on.
type scanner struct{ rest []byte }

// next is the next character, a line's end always '\n'; at the end of the file
// it is '\n' and more is false.
func (s *scanner) next() (c byte, more bool) {
	if len(s.rest) == 0 {
		return '\n', false
	}
	c = s.rest[0]
	s.rest = s.rest[1:]
	if c == '\r' && len(s.rest) > 0 && s.rest[0] == '\n' {
		c, s.rest = '\n', s.rest[1:]
	}
	return c, true
}

func (s *scanner) skipLine() {
	end := bytes.IndexByte(s.rest, '\n')
	if end < 0 {
		end = len(s.rest) - 1
	}
	s.rest = s.rest[end+1:]
}

// header reads a section's header behind its '[' and returns the stem of the
// keys in it, with the dot.
func (s *scanner) header() ([]byte, bool) {
	var name []byte
	for {
		c, more := s.next()
		switch {
		case !more:
			return nil, false
		case c == ']':
			return append(name, '.'), len(name) > 0
		case isSpace(c):
			return s.subsection(name, c)
		case isKeyChar(c) || c == '.':
			name = append(name, toLower(c))
		default:
			return nil, false
		}
	}
}

// subsection reads the rest of [name "subsection"]; c is the white space behind the name.
func (s *scanner) subsection(name []byte, c byte) ([]byte, bool) {
	for isSpace(c) {
		if c == '\n' {
			return nil, false
		}
		c, _ = s.next()
	}
	if c != '"' {
		return nil, false
	}
	name = append(name, '.')
	for {
		c, _ = s.next()
		if c == '"' {
			break
		}
		if c == '\\' {
			c, _ = s.next()
		}
		if c == '\n' {
			return nil, false
		}
		name = append(name, c)
	}
	if c, _ = s.next(); c != ']' {
		return nil, false
	}
	return append(name, '.'), true
}

// setting reads "name" or "name = value" from the name's first letter on.
func (s *scanner) setting(section []byte, first byte) (entry, bool) {
	key := append(make([]byte, 0, len(section)+24), section...)
	key = append(key, toLower(first))
	c, _ := s.next()
	for isKeyChar(c) {
		key = append(key, toLower(c))
		c, _ = s.next()
	}
	for c == ' ' || c == '\t' {
		c, _ = s.next()
	}
	switch c {
	case '\n':
		return entry{key: string(key), bare: true}, true
	case '=':
		value, ok := s.value()
		return entry{key: string(key), value: value}, ok
	}
	return entry{}, false
}

// value reads the value behind '=', up to the end of its last line.
func (s *scanner) value() (string, bool) {
	var value []byte
	var blanks int // seen, and kept only if something follows
	var quoted, odd bool
	for {
		c, _ := s.next()
		switch {
		case c == '\n':
			return string(value), !quoted
		case isSpace(c) && !quoted:
			if len(value) > 0 {
				blanks++
				odd = odd || c != ' '
			}
			continue
		case (c == '#' || c == ';') && !quoted:
			s.skipLine()
			return string(value), true
		}
		if odd {
			return "", false
		}
		for ; blanks > 0; blanks-- {
			value = append(value, ' ')
		}
		switch c {
		case '"':
			quoted = !quoted
		case '\\':
			c, _ = s.next()
			if c == '\n' {
				continue
			}
			c = unescape(c)
			if c == 0 {
				return "", false
			}
			value = append(value, c)
		default:
			value = append(value, c)
		}
	}
}

// unescape is the character that a backslash and c stand for, or 0.
func unescape(c byte) byte {
	switch c {
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case '\\', '"':
		return c
	}
	return 0
}

// isSpace is git's isspace, which knows neither \v nor \f.
func isSpace(c byte) bool   { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isAlpha(c byte) bool   { return 'a' <= toLower(c) && toLower(c) <= 'z' }
func isKeyChar(c byte) bool { return isAlpha(c) || '0' <= c && c <= '9' || c == '-' }

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
