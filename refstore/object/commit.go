package object

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature is who did something, and when, to the second.
type Signature struct {
	Name, Email string
	When        time.Time
}

// CommitData is a commit with its fields apart. Of headers that git swarm does not
// write (encoding, gpgsig, mergetag, …) the names are kept, and Encode leaves
// them out.
type CommitData struct {
	Tree      Hash
	Parents   []Hash
	Author    Signature
	Committer Signature
	Message   string
	Others    []string // names of further headers, as they were read
}

// Parent is the first parent, empty for a root.
func (c *CommitData) Parent() Hash {
	if len(c.Parents) == 0 {
		return ""
	}
	return c.Parents[0]
}

// Encode is the commit object's content. Names and addresses lose the
// characters that git does not allow in them; the message is stored as it is.
func (c *CommitData) Encode() []byte {
	const headers = 512 // bytes: what they seldom exceed
	return c.AppendTo(make([]byte, 0, headers+len(c.Message)))
}

// AppendTo appends to b what Encode gives.
func (c *CommitData) AppendTo(b []byte) []byte {
	b = append(append(append(b, "tree "...), c.Tree...), '\n')
	for _, p := range c.Parents {
		b = append(append(append(b, "parent "...), p...), '\n')
	}
	b = append(c.Author.append(append(b, "author "...)), '\n')
	b = append(c.Committer.append(append(b, "committer "...)), "\n\n"...)
	return append(b, c.Message...)
}

func (s Signature) append(b []byte) []byte {
	b = append(append(b, clean(s.Name)...), " <"...)
	b = append(append(b, clean(s.Email)...), "> "...)
	b = strconv.AppendInt(b, s.When.Unix(), 10)
	return s.When.AppendFormat(b, " -0700")
}

// clean drops what git's ident.c drops: the delimiters anywhere, and
// punctuation and blanks at both ends.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r == '<' || r == '>' || r == '\n' || r == 0 {
			return -1
		}
		return r
	}, s)
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune(`.,:;"\'`, r)
	})
}

// isClean reports whether s is ASCII of which clean drops nothing.
func isClean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '<' || c == '>' {
			return false
		}
	}
	trimmed := func(c byte) bool { return strings.IndexByte(" .,:;\"\\'", c) >= 0 }
	return s == "" || !trimmed(s[0]) && !trimmed(s[len(s)-1])
}

// The headers of a signature, for each kind of ids.
const (
	signatureSHA1   = "gpgsig"
	signatureSHA256 = "gpgsig-sha256"
)

// Signed reports whether the commit has a signature, and no other header that git swarm
// does not write.
func (c *CommitData) Signed() bool {
	return len(c.Others) == 1 && (c.Others[0] == signatureSHA1 || c.Others[0] == signatureSHA256)
}

// WithoutSignature is a commit object's content without the signature, where that is the
// last of its headers.
func WithoutSignature(content []byte) []byte {
	head, _, _ := bytes.Cut(content, []byte("\n\n"))
	start := bytes.LastIndex(head, []byte("\n"+signatureSHA1))
	if start < 0 {
		return content
	}
	for line := range bytes.Lines(head[start+1:]) {
		if line[0] != ' ' && !bytes.HasPrefix(line, []byte(signatureSHA1)) {
			return content
		}
	}
	return slices.Concat(content[:start], content[len(head):])
}

// DecodeCommit reads a commit object's content.
func (a Algo) DecodeCommit(content []byte) (*CommitData, error) {
	head, message, found := strings.Cut(string(content), "\n\n") // all texts are parts of it
	if !found {
		return nil, &SyntaxError{Commit, "no blank line after the headers"}
	}
	c := &CommitData{Message: message}
	first := true
	for line := range strings.SplitSeq(head, "\n") {
		if strings.HasPrefix(line, " ") && !first { // the rest of a header that is not ours
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		if (key == "tree") != first {
			return nil, &SyntaxError{Commit, "the tree line is not the first"}
		}
		first = false
		var err error
		switch key {
		case "tree":
			c.Tree, err = a.parseID(value)
		case "parent":
			var p Hash
			p, err = a.parseID(value)
			c.Parents = append(c.Parents, p)
		case "author":
			c.Author, err = decodeSignature(value)
		case "committer":
			c.Committer, err = decodeSignature(value)
		default:
			c.Others = append(c.Others, key)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.Author.When.IsZero() || c.Committer.When.IsZero() {
		return nil, &SyntaxError{Commit, "no author or no committer"}
	}
	return c, nil
}

func (a Algo) parseID(s string) (Hash, error) {
	if h := Hash(s); a.Valid(h) {
		return h, nil
	}
	return "", &SyntaxError{Commit, fmt.Sprintf("%.70q is no object id", s)}
}

func decodeSignature(s string) (Signature, error) {
	open, end := strings.Index(s, "<"), strings.LastIndex(s, "> ")
	if open < 0 || end < open {
		return Signature{}, notSignature(s)
	}
	seconds, zone, _ := strings.Cut(s[end+2:], " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Signature{}, notSignature(s)
	}
	return Signature{strings.TrimSpace(s[:open]), s[open+1 : end], time.Unix(at, 0).In(location(zone))}, nil
}

func notSignature(s string) error {
	return &SyntaxError{Commit, fmt.Sprintf("%.70q is no signature", s)}
}

// location is the zone "+hhmm"; UTC for anything else. time.Parse would read the
// machine's own zone from disk for it.
func location(zone string) *time.Location {
	n, err := strconv.Atoi(zone)
	if err != nil || len(zone) != 5 || n == 0 {
		return time.UTC
	}
	return time.FixedZone("", (n/100*60+n%100)*60)
}
