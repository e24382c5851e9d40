package agenthook

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// theirs marks text of others: it begins and ends with words that nothing of ours
// has, and blanks, so that no shell word can do without quotes.
func theirs(s string) string { return "zq " + s + " qz" }

// answers are one of each kind, all texts of others in which are s.
func answers(s string) []hook.Answer {
	other := theirs(s)
	now := time.Unix(1e9, 0)
	news := &bus.News{
		Messages: []bus.Message{{Number: 1, From: "A", To: "B", Body: other, Writer: other, Via: "--session"}, {Number: 2, From: "A", To: "B", Body: other, InReplyTo: 1}},
		Context:  []bus.Context{{Number: 1, Category: "decision", By: "A", Body: other, Writer: other, Via: "--session"}}, Older: 2, Unshown: 3,
	}
	peer := bus.Session{ID: "A", Workstream: other, Branch: other, Status: "running", Note: other, Agent: other, Host: other, Seen: now}
	held := func(path, claimed string, stale bool) hook.Answer {
		return hook.DenyEdit{Held: &lock.HeldError{Path: path, Claim: lock.Claim{Path: claimed, Session: "A", Since: now, Reason: other}, Seen: now, Stale: stale}}
	}
	return []hook.Answer{
		&hook.Greeting{Session: peer, Target: "main", Peers: []bus.Session{peer}, Held: []string{other}, Theirs: []lock.Claim{{Path: other, Session: "A", Reason: other}}, Unread: news.Messages, Context: news.Context, Older: true},
		hook.News{News: news, Damage: []string{other, other}},
		hook.Parent{Session: "B", Held: []string{other, other}},
		&hook.Reminder{Session: "B", Target: "main", Messages: news.Messages, Context: 2, Reviews: []int{1}, Unpushed: []string{other, other, other, other}},
		held(other, other, false),
		held(other, other, true),
		held(other, other+"/x", false),
		held(other+"/x", other, false),
		held("-"+other, "-"+other, true),
	}
}

// outside is what of a prompt stands outside quotes: double ones, in which \ escapes;
// single ones, in which it does, too; and, in a command to run, those of a shell.
func outside(prompt string) string {
	var out strings.Builder
	shell := false
	for i := 0; i < len(prompt); i++ {
		c := prompt[i]
		opens := c == '\'' && (i == 0 || !unicode.IsLetter(rune(prompt[i-1]))) // else an apostrophe
		switch {
		case c == '\n':
			shell = false
		case shell && c == '\\':
			i++
			continue
		case shell && c == '\'', !shell && (opens || c == '"'):
			for i++; i < len(prompt) && prompt[i] != c; i++ {
				if prompt[i] == '\\' && !shell {
					i++
				}
			}
			continue
		}
		out.WriteByte(c)
		if strings.HasSuffix(out.String(), "un: git swarm ") {
			shell = true
		}
	}
	return out.String()
}

// acts reports whether a terminal, or a reader, could be misled by the character.
func acts(r rune) bool {
	switch {
	case r == '\n' || r == 0x200d || r == 0xfe0f: // ours; and those that make emoji
		return false
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return true
	}
	return r == unicode.ReplacementChar || r == 0x2800 || r >= 0xe0000 && r < 0xe1000
}

// told is all text in an answer that the model is shown.
func told(v any) (texts []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case map[string]any:
		for key, value := range v {
			if key != "hookEventName" { // which the client gave
				texts = append(texts, told(value)...)
			}
		}
	}
	return texts
}

// FuzzPrompt: whatever a client hands to a hook, and others wrote, nothing of it
// stands outside quotes in what the model is told, and no character acts.
func FuzzPrompt(f *testing.F) {
	for _, s := range []string{
		"", "hello", `"`, `\`, `\"`, `'`, `'\''`, `\'`, "\\\\'", "`id`", "$(id)", "\n", "\r\n", "\t", "\x1b[2J", "\x00", "\x7f", "\u0085", "\xff", "\u2028",
		"\u202e", "\u200b", "\U000e0041", "\ufe01", "\U000e0101", "\u3164", "\u2800", "</system-reminder>", "<", "\\u003c", "run: git swarm push", "Run: git swarm ", "…",
		strings.Repeat("x", 500), strings.Repeat(`"`, 300), strings.Repeat(`'`, 300), strings.Repeat("\x1b", 300), strings.Repeat("é", 300), strings.Repeat(`\`, 159), "A's claim on 'x'",
	} {
		f.Add(s, s)
	}
	places := hook.NewPlaces(repo.Env(os.Environ()))
	f.Fuzz(func(t *testing.T, s, event string) {
		for _, agent := range []string{"claude", "codex", "gemini", "cursor"} {
			for _, a := range answers(s) {
				var stdout, stderr bytes.Buffer
				h := &invocation{
					Process: Process{Stdout: &stdout, Stderr: &stderr, Now: func() time.Time { return time.Unix(1e9, 0) }},
					agent:   agent, name: event, places: places, works: "/",
				}
				h.dialect, _ = dialectOf(agent)
				if err := h.say(a); err != nil && !errors.Is(err, errLate) {
					t.Fatal(err)
				}
				line := stdout.String()
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r == '\n' || acts(r) }) || stderr.Len() > 0 {
					t.Errorf("%s is told %q, %q", agent, line, stderr.String())
				}
				var answer map[string]any
				if err := json.Unmarshal([]byte(line), &answer); err != nil {
					t.Fatalf("%T: %s: %v", a, line, err)
				}
				prompts := told(answer)
				if len(prompts) == 0 {
					t.Errorf("%T: %s is told nothing: %s", a, agent, line)
				}
				for _, prompt := range prompts {
					if rest := outside(prompt); strings.Contains(rest, "zq") || strings.Contains(rest, "qz") {
						t.Errorf("%T: outside quotes stands %q: %s", a, rest, prompt)
					}
					if strings.ContainsFunc(prompt, func(r rune) bool { return r == '<' || acts(r) }) {
						t.Errorf("%T: it acts: %q", a, prompt)
					}
				}
			}
		}
	})
}

// TestQuotes: where a session is told a command with a text, that is in single quotes, as
// its prompt asks for.
func TestQuotes(t *testing.T) {
	h := &invocation{Process: Process{Now: time.Now}}
	for kind, said := range map[string]string{
		"greeting": h.formatGreeting(&hook.Greeting{Session: bus.Session{ID: "A"}}),
		"reminder": h.formatReminder(&hook.Reminder{Session: "A", Unpushed: []string{"a.go"}, Uncommitted: true}),
		"discard":  formatDiscard(hook.DenyDiscard{Command: "git stash", Others: []string{"B"}}),
	} {
		_, command, found := strings.Cut(said, "git swarm commit ")
		if !found || !strings.HasPrefix(command, "'") || strings.Contains(command, `"`) {
			t.Errorf("the %s says: git swarm commit %s", kind, command)
		}
	}
}
