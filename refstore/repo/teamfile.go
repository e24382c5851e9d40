package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// TeamFileName is the file at the top of the tree that holds a team's settings.
const TeamFileName = "swarm.toml"

// MaxTeamFile is how long swarm.toml may be, in bytes.
const MaxTeamFile = 64 << 10

// TeamFile is swarm.toml. Whoever can commit writes it, so it holds nothing that
// is run, and its values are checked by who uses them. The zero value is a file
// that sets nothing.
type TeamFile struct {
	Sessions      []string      // "ID:workstream"
	Remote        string        // a remote's name
	Target        string        // a branch's name
	StaleAfter    time.Duration // 0 if not set, else positive
	LockTimeout   time.Duration // 0 if not set, else positive
	RequireReview bool
	Heal          string // a level's name
}

// TeamFileError says what is wrong in swarm.toml.
type TeamFileError struct {
	Ref string // where it is committed, "" if it was read from elsewhere
	Why string
}

const tooLong = "it has more than 65536 bytes"

var errNotRegular = &TeamFileError{Why: "it is no regular file"}

func (e *TeamFileError) Error() string {
	if e.Ref == "" {
		return TeamFileName + ": " + e.Why
	}
	return TeamFileName + " on " + e.Ref + ": " + e.Why
}

// ParseTeamFile reads swarm.toml. A key that is not known, and a value of another
// kind than its key's, is a *TeamFileError: a misspelt key must not pass silently.
func ParseTeamFile(content []byte) (*TeamFile, error) {
	var t struct {
		Sessions      []string `toml:"sessions"`
		Remote        string   `toml:"remote"`
		Target        string   `toml:"target"`
		StaleAfter    string   `toml:"staleAfter"`
		LockTimeout   string   `toml:"lockTimeout"`
		RequireReview bool     `toml:"requireReview"`
		Heal          string   `toml:"heal"`
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff")) // as git does with its own files
	if err := toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields().Decode(&t); err != nil {
		return nil, &TeamFileError{Why: whyNot(err)}
	}
	f := &TeamFile{Sessions: t.Sessions, Remote: t.Remote, Target: t.Target, RequireReview: t.RequireReview, Heal: t.Heal}
	var err error
	if f.StaleAfter, err = teamDuration("staleAfter", t.StaleAfter); err != nil {
		return nil, err
	}
	if f.LockTimeout, err = teamDuration("lockTimeout", t.LockTimeout); err != nil {
		return nil, err
	}
	return f, nil
}

// whyNot says what a decoder found wrong, in the words of the file.
func whyNot(err error) string {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		return fmt.Sprintf("unknown key '%s'", strings.Join(strict.Errors[0].Key(), "."))
	}
	var no *toml.DecodeError
	if !errors.As(err, &no) {
		return err.Error()
	}
	line, _ := no.Position()
	if key := no.Key(); len(key) > 0 && strings.Contains(no.Error(), "cannot decode") {
		return fmt.Sprintf("line %d: the value of '%s' is of the wrong type", line, strings.Join(key, "."))
	}
	return fmt.Sprintf("line %d: %s", line, strings.TrimPrefix(no.Error(), "toml: "))
}

func teamDuration(key, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, &TeamFileError{Why: fmt.Sprintf("%s = %q is no duration such as \"15m\"", key, text)}
	}
	return d, nil
}

// ReadTeamFile reads swarm.toml in a work tree. Where there is none, it is the zero
// TeamFile. Anything but a regular file, a link too, and one that is too long is a
// *TeamFileError: whoever can commit may have put a device there.
func ReadTeamFile(path string) (*TeamFile, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return new(TeamFile), nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	// What took its place meanwhile is neither followed nor waited for.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, cmpErr(err, errNotRegular)
	}
	content, err := io.ReadAll(io.LimitReader(file, MaxTeamFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxTeamFile {
		return nil, &TeamFileError{Why: tooLong}
	}
	return ParseTeamFile(content)
}

// TeamFileAt reads swarm.toml as it is committed at ref, which is a full ref name
// or a commit's id. Where there is none, it is the zero TeamFile. Of one that is too
// long no more than its size is read.
func (r *Repo) TeamFileAt(ctx context.Context, ref string) (*TeamFile, error) {
	content, err := r.teamFileContent(ctx, ref)
	f := new(TeamFile)
	if err == nil && content != nil {
		f, err = ParseTeamFile(content)
	}
	var bad *TeamFileError
	if errors.As(err, &bad) {
		bad.Ref = ref
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// teamFileContent is what swarm.toml holds at ref, nil if there is none.
func (r *Repo) teamFileContent(ctx context.Context, ref string) (content []byte, err error) {
	cmd := r.GitParsed(ctx, "cat-file", "--batch-command")
	ask, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var asking error
	_, err = OutputBy(cmd, func() error {
		if err := cmd.Start(); err != nil {
			return err
		}
		content, asking = askForBlob(ask, bufio.NewReader(answers), ref+":"+TeamFileName)
		ask.Close()
		return cmd.Wait()
	})
	return content, cmpErr(err, asking)
}

// askForBlob asks git cat-file --batch-command for the blob, first for its size.
func askForBlob(ask io.Writer, answers *bufio.Reader, name string) ([]byte, error) {
	info := func(command, name string) ([]string, error) {
		if _, err := io.WriteString(ask, command+" "+name+"\n"); err != nil {
			return nil, err
		}
		line, err := answers.ReadString('\n')
		return strings.Fields(line), err
	}
	words, err := info("info", name) // ID blob SIZE
	if err != nil || len(words) != 3 || words[1] != "blob" {
		return nil, err
	}
	size, err := strconv.Atoi(words[2])
	if err != nil || size > MaxTeamFile {
		return nil, &TeamFileError{Why: tooLong}
	}
	if _, err := info("contents", words[0]); err != nil {
		return nil, err
	}
	content := make([]byte, size)
	_, err = io.ReadFull(answers, content)
	return content, err
}
