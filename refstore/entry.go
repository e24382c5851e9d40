package refstore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// FormatVersion is the version of everything this package stores.
const FormatVersion = 1

// Entry is one commit of a chain: what was done, by whom, when.
type Entry struct {
	ID     object.Hash // set on entries that were read or written
	Number int         // counted from 1 along the chain
	Author string      // the session
	At     time.Time   // to the second
	Label  string      // printed in brackets before the body; a lower-case word, or empty
	Body   string      // any UTF-8, kept to the byte
	Fields []Field     // further metadata, in a fixed order

	// With a hub: the clone that wrote a commit which other clones read, and of an
	// entry of a view where it comes from, as "desk.17"; see FORMAT.md, "With a hub".
	Clone, Origin string

	// Of an entry that was read: who wrote it, as "Name <address>", and how they
	// named the session, such as "--session"; both "" if the session acted for itself.
	Writer, Via string
}

// vias are the ways in which a session is named to a command.
var vias = []string{"--session", "GIT_SWARM_SESSION"}

// IsVia reports whether that is a way to name a session to a command.
func IsVia(s string) bool { return slices.Contains(vias, s) }

// committerName is the name that a committer stands with in an entry whose session
// was named via that.
func committerName(name, via string) string {
	if via == "" {
		return name
	}
	return name + " (" + via + ")"
}

// readWriter sets what committerName put into the committer's name.
func (e *Entry) readWriter(committer object.Signature) {
	for _, via := range vias {
		if name, ok := strings.CutSuffix(committer.Name, committerName("", via)); ok {
			e.Writer, e.Via = name+" <"+committer.Email+">", via
		}
	}
}

// Field is one line of metadata. Keys are like "In-Reply-To", values one line of
// printable text.
type Field struct{ Key, Value string }

// Field returns the value of the first field with that key, or "".
func (e *Entry) Field(key string) string {
	for _, f := range e.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

const (
	keyNumber  = "Number"
	keyLabel   = "Label"
	keyEscaped = "Escaped"
	keyClone   = "Clone"
	keyOrigin  = "Origin"
	keyFormat  = "Format"
)

// hubVersion is the format of an entry that only clones with a hub write: an older
// git swarm does not write on top of it.
const hubVersion = 2

// format is the format that the entry is stored in.
func (e *Entry) format() int {
	if e.Clone != "" || e.Origin != "" {
		return hubVersion
	}
	return FormatVersion
}

// message is the commit message: "[label] body", a blank line, and the metadata
// as git trailers. The metadata is what follows the last blank line, so a body
// may end in anything, look-alike trailers included.
func (e *Entry) message() string {
	const metadata = 256 // bytes: what it seldom exceeds
	return string(e.appendMessage(make([]byte, 0, len(e.Body)+metadata)))
}

func (e *Entry) appendMessage(b []byte) []byte {
	body, escaped := escapeNUL(e.Body)
	if e.Label != "" {
		b = append(append(append(b, '['), e.Label...), "] "...)
	}
	b = append(append(b, body...), "\n\n"...)
	b = strconv.AppendInt(append(b, keyNumber+": "...), int64(e.Number), 10)
	b = append(b, '\n')
	if e.Label != "" {
		b = appendLine(b, keyLabel, e.Label)
	}
	if escaped {
		b = appendLine(b, keyEscaped, "nul")
	}
	for _, f := range e.Fields {
		b = appendLine(b, f.Key, f.Value)
	}
	if e.Clone != "" {
		b = appendLine(b, keyClone, e.Clone)
	}
	if e.Origin != "" {
		b = appendLine(b, keyOrigin, e.Origin)
	}
	return appendLine(b, keyFormat, strconv.Itoa(e.format()))
}

// appendLine appends a line of metadata.
func appendLine(b []byte, key, value string) []byte {
	return append(append(append(append(b, key...), ": "...), value...), '\n')
}

// decodeEntry reads back a commit that message and Tx wrote on ref, and nothing
// else: one entry has one encoding.
func decodeEntry(ref string, id object.Hash, c *object.CommitData) (*Entry, error) {
	e := &Entry{ID: id, Author: c.Author.Name, At: c.Committer.When}
	at := strings.LastIndex(c.Message, "\n\n")
	if at < 0 || at+2 >= len(c.Message) || !strings.HasSuffix(c.Message, "\n") {
		return nil, errors.New("no metadata at the end of the message")
	}
	body, tail := c.Message[:at], c.Message[at+2:len(c.Message)-1]
	format, err := parseFormat(tail[strings.LastIndex(tail, "\n")+1:])
	if err != nil {
		return nil, err
	}
	e.readWriter(c.Committer)
	escaped, err := e.decodeMetadata(tail)
	if err != nil {
		return nil, err
	}
	if format > e.format() {
		return nil, fmt.Errorf("%w (format %d)", ErrVersion, format)
	}
	if e.Label != "" {
		body = strings.TrimPrefix(body, "["+e.Label+"] ")
	}
	e.Body = body
	if escaped {
		e.Body = unescapeNUL(body)
	}
	if !IsSessionID(e.Author) {
		return nil, fmt.Errorf("author %.80q is no session's id", e.Author)
	}
	if err := checkVocabulary(ref, e); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	var room [1024]byte
	if string(e.appendMessage(room[:0])) != c.Message || !utf8.ValidString(c.Message) {
		return nil, errors.New("the message is not as git swarm writes it")
	}
	return e, nil
}

// parseFormat reads the last line of the metadata.
func parseFormat(line string) (int, error) {
	version, ok := strings.CutPrefix(line, keyFormat+": ")
	n, err := ParseNumber(version)
	switch {
	case !ok:
		return 0, errors.New("no format version at the end of the message")
	case err == nil && n > hubVersion:
		return 0, fmt.Errorf("%w (format %d)", ErrVersion, n)
	case err != nil || n < FormatVersion:
		return 0, fmt.Errorf("%.80q is no format version", line)
	}
	return n, nil
}

// checkHeaders holds a commit's headers against what Tx writes.
func checkHeaders(c *object.CommitData) error {
	const year10000 = 253402300800
	at := c.Committer.When.Unix()
	_, zone := c.Committer.When.Zone()
	_, authorZone := c.Author.When.Zone()
	switch {
	case len(c.Others) > 0:
		return fmt.Errorf("a header '%.80s'", c.Others[0])
	case c.Author.When.Unix() != at || authorZone != zone:
		return errors.New("author and committer are not of the same time and time zone")
	case at < 0 || at >= year10000:
		return fmt.Errorf("the time %d", at)
	case len(c.Parents) > 1:
		return fmt.Errorf("%d parents", len(c.Parents))
	}
	return nil
}

// decodeMetadata reads all lines but the last, which is the format.
func (e *Entry) decodeMetadata(tail string) (escaped bool, err error) {
	for line, rest, more := strings.Cut(tail, "\n"); more; line, rest, more = strings.Cut(rest, "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			return false, fmt.Errorf("malformed metadata line %.80q", line)
		}
		switch key {
		case keyNumber:
			if e.Number, err = ParseNumber(value); err != nil || e.Number < 1 {
				return false, fmt.Errorf("the number %.80q is not from 1 to 2^53-1", value)
			}
		case keyLabel:
			e.Label = value
		case keyEscaped:
			escaped = true
		case keyClone:
			e.Clone = value
		case keyOrigin:
			e.Origin = value
		default:
			e.Fields = append(e.Fields, Field{key, value})
		}
	}
	if e.Number == 0 {
		return false, errors.New("no field 'Number'")
	}
	return escaped, nil
}

// escapeNUL makes a body fit for a commit message, which cannot hold NUL (git
// fsck refuses it): if there is one, NUL becomes \0 and \ becomes \\.
func escapeNUL(s string) (string, bool) {
	if !strings.Contains(s, "\x00") {
		return s, false
	}
	return strings.NewReplacer("\\", "\\\\", "\x00", "\\0").Replace(s), true
}

func unescapeNUL(s string) string {
	return strings.NewReplacer("\\\\", "\\", "\\0", "\x00").Replace(s)
}

// isReserved reports whether that is the key of metadata which is no field.
func isReserved(key string) bool {
	switch key {
	case keyNumber, keyLabel, keyEscaped, keyClone, keyOrigin, keyFormat:
		return true
	}
	return false
}

// check refuses what could not be read back as it was given.
func (e *Entry) check() error {
	if !utf8.ValidString(e.Body) {
		return errors.New("the text is not valid UTF-8")
	}
	ok := func(s string) bool {
		return s == strings.TrimSpace(s) && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	}
	if !IsSessionID(e.Author) || strings.ContainsFunc(e.Label, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return fmt.Errorf("author %.80q or label %.80q cannot be stored", e.Author, e.Label)
	}
	if e.Clone != "" && !IsClone(e.Clone) || e.Origin != "" && !IsOrigin(e.Origin) {
		return fmt.Errorf("clone %.80q or origin %.80q cannot be stored", e.Clone, e.Origin)
	}
	for _, f := range e.Fields {
		if !ok(f.Value) || f.Value == "" || !ok(f.Key) || f.Key == "" || strings.ContainsAny(f.Key, ": ") || isReserved(f.Key) {
			return fmt.Errorf("field %q with value %q cannot be stored", f.Key, f.Value)
		}
	}
	return nil
}
