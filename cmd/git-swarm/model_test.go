package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// model stands in for the models: each session has a script, and its client, which
// is the real one, is answered with the next step. It knows what it was shown.
type model struct {
	t        *testing.T
	mu       sync.Mutex
	scripts  map[string]func(shown string) step
	requests map[string][]string // what each session's requests held
	arrived  *sync.Cond
}

// step is one answer: a tool to be called, or text that ends the turn. The tool can be
// left to the client, see offer.choose.
type step struct {
	tool  string
	of    string // the tool's namespace, where it has one
	input any
	text  string

	shell string // a command
	read  string // a file
	edit  *edit
}

// edit is a change of a file: old becomes content, or content is all of it.
type edit struct{ path, old, content string }

func newModel(t *testing.T) *model {
	m := &model{t: t, scripts: map[string]func(string) step{}, requests: map[string][]string{}}
	m.arrived = sync.NewCond(&m.mu)
	return m
}

// plan gives a session its steps, one for each request; behind the last, and
// whenever a step is empty, the turn ends.
func (m *model) plan(session string, steps ...func(shown string) step) {
	var next atomic.Int32
	m.answers(session, func(shown string) step {
		n := int(next.Add(1))
		if n > len(steps) {
			return step{text: "done"}
		}
		return steps[n-1](shown)
	})
}

// answers has each of a session's requests answered by what is shown in it.
func (m *model) answers(session string, answer func(shown string) step) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts[session] = answer
}

// ServeHTTP is the part of the models' APIs that the clients use: here Claude's.
func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, rest, _ := strings.Cut(r.URL.Path, "/s/")
	session, path, _ := strings.Cut(rest, "/")
	if api := apiOf(path); api != nil {
		m.serveOther(w, r, session, api)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var request struct {
		Stream bool              `json:"stream"`
		Tools  []json.RawMessage `json:"tools"`
	}
	_ = json.Unmarshal(body, &request)
	switch {
	case path == "v1/messages/count_tokens":
		fmt.Fprint(w, `{"input_tokens":1}`)
	case path != "v1/messages":
		fmt.Fprint(w, `{}`)
	case len(request.Tools) == 0: // a title and the like
		m.send(w, request.Stream, step{text: "ok"})
	default:
		m.send(w, request.Stream, m.next(session, string(body)))
	}
}

// next is what the session's script answers, which is shown what its request holds.
func (m *model) next(session, shown string) step {
	m.mu.Lock()
	m.requests[session] = append(m.requests[session], shown)
	m.arrived.Broadcast()
	script := m.scripts[session]
	m.mu.Unlock()
	return script(shown)
}

// shown waits until one of the session's requests holds the text.
func (m *model) shown(session, text string, within time.Duration) bool {
	return m.await(session, within, func(requests []string) bool {
		return slices.ContainsFunc(requests, func(r string) bool { return strings.Contains(r, text) })
	})
}

// asked waits until the session has made n requests.
func (m *model) asked(session string, n int, within time.Duration) bool {
	return m.await(session, within, func(requests []string) bool { return len(requests) >= n })
}

// await waits until the session's requests are so, and reports whether they are.
func (m *model) await(session string, within time.Duration, so func(requests []string) bool) bool {
	end := time.Now().Add(within)
	late := time.AfterFunc(within, func() {
		m.mu.Lock() // who has seen that there is time left waits by now
		defer m.mu.Unlock()
		m.arrived.Broadcast()
	})
	defer late.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	for !so(m.requests[session]) {
		if !time.Now().Before(end) {
			return false
		}
		m.arrived.Wait()
	}
	return true
}

// count is how many requests the session has made.
func (m *model) count(session string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.requests[session])
}

// send writes an answer, as server-sent events or as one object.
func (m *model) send(w http.ResponseWriter, stream bool, s step) {
	block, delta, reason := map[string]any{"type": "text", "text": ""}, map[string]any{"type": "text_delta", "text": s.text}, "end_turn"
	if s.tool != "" {
		input, _ := json.Marshal(s.input)
		id := fmt.Sprintf("toolu_%d", time.Now().UnixNano())
		block = map[string]any{"type": "tool_use", "id": id, "name": s.tool, "input": map[string]any{}}
		delta = map[string]any{"type": "input_json_delta", "partial_json": string(input)}
		reason = "tool_use"
	}
	usage := map[string]any{"input_tokens": 1, "output_tokens": 1}
	message := map[string]any{
		"id": fmt.Sprintf("msg_%d", time.Now().UnixNano()), "type": "message", "role": "assistant", "model": "stand-in",
		"content": []any{}, "stop_reason": nil, "stop_sequence": nil, "usage": usage,
	}
	if !stream {
		block["text"], message["stop_reason"] = s.text, reason
		message["content"] = []any{block}
		_ = json.NewEncoder(w).Encode(message)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, event := range []map[string]any{
		{"type": "message_start", "message": message},
		{"type": "content_block_start", "index": 0, "content_block": block},
		{"type": "content_block_delta", "index": 0, "delta": delta},
		{"type": "content_block_stop", "index": 0},
		{"type": "message_delta", "delta": map[string]any{"stop_reason": reason, "stop_sequence": nil}, "usage": usage},
		{"type": "message_stop"},
	} {
		data, _ := json.Marshal(event)
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event["type"], data)
	}
}
