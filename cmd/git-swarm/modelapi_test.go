package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// api writes an answer as one of the APIs has it: the events of a stream, of which the
// last is all of it.
type api func(model string, answer step) []event

type event struct {
	name string // "" where the API names none
	data map[string]any
}

// apiOf is the API that a path is of, nil for Claude's.
func apiOf(path string) api {
	switch {
	case strings.HasSuffix(path, "/responses"):
		return responses
	case strings.HasSuffix(path, "/chat/completions"):
		return chat
	case strings.Contains(path, ":generateContent"), strings.Contains(path, ":streamGenerateContent"):
		return gemini
	case strings.Contains(path, "messages"):
		return nil
	}
	return other
}

// other answers what is no request for an answer of the model: for its name, say.
func other(string, step) []event {
	return []event{{data: map[string]any{"object": "list", "data": []any{}, "models": []any{}, "totalTokens": 1}}}
}

// serveOther answers a request of another client than Claude Code. What the model was
// shown is kept as plain text.
func (m *model) serveOther(w http.ResponseWriter, r *http.Request, session string, api api) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = unpacked
	}
	var body map[string]any
	_ = json.NewDecoder(in).Decode(&body)
	answer := step{text: "ok"}
	offered := offer{}
	offered.add(body["tools"])
	if items, ok := body["input"].([]any); ok { // some models of Codex have them there
		for _, item := range items {
			if item, ok := item.(map[string]any); ok && item["type"] == "additional_tools" {
				offered.add(item["tools"])
			}
		}
	}
	schema := schemaIn(body)
	switch {
	case schema != nil: // a title and the like
		text, _ := json.Marshal(example(schema))
		answer.text = string(text)
	case len(offered) > 0:
		var shown strings.Builder
		for _, key := range []string{"input", "messages", "contents"} {
			writeText(&shown, body[key])
		}
		answer = offered.choose(m.next(session, shown.String()))
	}
	model, _ := body["model"].(string)
	events := api(model, answer)
	if body["stream"] != true && !strings.Contains(r.URL.Path, ":stream") {
		whole := events[len(events)-1].data
		if response, ok := whole["response"]; ok {
			whole = response.(fields)
		}
		_ = json.NewEncoder(w).Encode(whole)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for n, e := range events {
		if e.name != "" {
			e.data["sequence_number"] = n
			fmt.Fprintf(w, "event: %s\n", e.name)
		}
		data, _ := json.Marshal(e.data)
		fmt.Fprintf(w, "data: %s\n\n", data)
	}
	if strings.HasSuffix(r.URL.Path, "/chat/completions") {
		fmt.Fprint(w, "data: [DONE]\n\n")
	}
}

// writeText writes all texts in a value, a line each.
func writeText(b *strings.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.WriteString(v + "\n")
	case []any:
		for _, v := range v {
			writeText(b, v)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			writeText(b, v[key])
		}
	}
}

// schemaIn is the form that a request wants its answer in, nil if that is free.
func schemaIn(body map[string]any) any {
	for _, path := range [][]string{
		{"generationConfig", "responseJsonSchema"},
		{"generationConfig", "responseSchema"},
		{"text", "format", "schema"},
		{"response_format", "json_schema", "schema"},
	} {
		var at any = body
		for _, key := range path {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		if at != nil {
			return at
		}
	}
	return nil
}

// example is a value in that form.
func example(schema any) any {
	s, _ := schema.(map[string]any)
	if all, ok := s["enum"].([]any); ok && len(all) > 0 {
		return all[0]
	}
	kind, _ := s["type"].(string)
	switch strings.ToLower(kind) {
	case "object":
		made := map[string]any{}
		properties, _ := s["properties"].(map[string]any)
		for key, value := range properties {
			made[key] = example(value)
		}
		return made
	case "array":
		return []any{}
	case "number", "integer":
		return 0
	case "boolean":
		return false
	}
	return "ok"
}

// offer is the tools that a request offers, with their declarations.
type offer map[string]string

func (o offer) add(tools any) {
	all, _ := tools.([]any)
	for _, one := range all {
		tool, _ := one.(map[string]any)
		o.add(tool["tools"])
		o.add(tool["functionDeclarations"])
		name := tool["name"]
		for _, kind := range []string{"function", "custom"} {
			if inner, ok := tool[kind].(map[string]any); ok {
				name = inner["name"]
			}
		}
		if name, ok := name.(string); ok && tool["tools"] == nil {
			text, _ := json.Marshal(tool)
			o[name] = string(text)
		}
	}
}

// has is the first of these tools that is offered, "" if none is.
func (o offer) has(names ...string) string {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return name
		}
	}
	return ""
}

// choose has the answer use the tool that the client offers for it.
func (o offer) choose(s step) step {
	view := o.has("read_file", "read", "view")
	if s.read != "" && view == "" {
		s.shell = "cat " + s.read
	}
	code := o.has("exec") != "" && o.has("exec_command", "shell_command", "shell") == ""
	switch {
	case s.shell != "" && code:
		return script("exec_command", map[string]any{"cmd": s.shell})
	case s.shell != "":
		s.tool = o.has("exec_command", "shell_command", "run_shell_command", "bash", "shell")
		s.input = map[string]any{"command": s.shell, "description": "run a command"}
		if s.tool == "exec_command" {
			s.input = map[string]any{"cmd": s.shell}
		}
	case s.read != "":
		return step{tool: view, input: fields{map[string]string{"read_file": "file_path", "read": "filePath", "view": "path"}[view]: s.read}}
	case s.edit != nil && code:
		return script("apply_patch", s.edit.patch())
	case s.edit != nil:
		return o.edits(*s.edit)
	}
	return s
}

// script is a step of a model of Codex's that writes programs: it has one tool.
func script(function string, input any) step {
	text, _ := json.Marshal(input)
	return step{tool: "exec", input: fmt.Sprintf("try { const r = await tools.%s(%s); text(typeof r === 'string' ? r : JSON.stringify(r)) } catch (e) { text('TOOL ERROR ' + e) }", function, text)}
}

func (o offer) edits(e edit) step {
	if declared, ok := o["apply_patch"]; ok {
		if strings.Contains(declared, `"type":"custom"`) {
			return step{tool: "apply_patch", input: e.patch()}
		}
		return step{tool: "apply_patch", input: map[string]any{"patchText": e.patch()}}
	}
	if e.old == "" {
		name := o.has("write_file", "write", "create")
		return step{tool: name, input: map[string]map[string]any{
			"write_file": {"file_path": e.path, "content": e.content},
			"write":      {"filePath": e.path, "content": e.content},
			"create":     {"path": e.path, "file_text": e.content},
		}[name]}
	}
	name := o.has("replace", "edit")
	switch {
	case name == "replace":
		return step{tool: name, input: map[string]any{"file_path": e.path, "old_string": e.old, "new_string": e.content, "instruction": "as asked"}}
	case strings.Contains(o[name], "old_str"):
		return step{tool: name, input: map[string]any{"path": e.path, "old_str": e.old, "new_str": e.content}}
	}
	return step{tool: name, input: map[string]any{"filePath": e.path, "oldString": e.old, "newString": e.content}}
}

// patch is the edit in the form of apply_patch.
func (e edit) patch() string {
	if e.old == "" {
		return fmt.Sprintf("*** Begin Patch\n*** Add File: %s\n+%s\n*** End Patch\n", e.path, e.content)
	}
	return fmt.Sprintf("*** Begin Patch\n*** Update File: %s\n@@\n-%s\n+%s\n*** End Patch\n", e.path, e.old, e.content)
}

var lastID atomic.Int64

// newID is one that no other thing has.
func newID(kind string) string { return fmt.Sprintf("%s%020d", kind, lastID.Add(1)) }

type fields = map[string]any

// responses is OpenAI's API for responses, as Codex and Copilot CLI use it.
func responses(model string, s step) []event {
	arguments, _ := json.Marshal(s.input)
	item := fields{"type": "message", "role": "assistant", "id": newID("msg_"), "status": "completed", "content": []any{fields{"type": "output_text", "text": s.text, "annotations": []any{}}}}
	if text, ok := s.input.(string); ok {
		item = fields{"type": "custom_tool_call", "id": newID("ctc_"), "call_id": newID("call_"), "name": s.tool, "input": text, "status": "completed"}
	} else if s.tool != "" {
		item = fields{"type": "function_call", "id": newID("fc_"), "call_id": newID("call_"), "name": s.tool, "arguments": string(arguments), "status": "completed"}
	}
	if s.of != "" {
		item["namespace"] = s.of
	}
	usage := fields{"input_tokens": 10, "output_tokens": 10, "total_tokens": 20, "input_tokens_details": fields{"cached_tokens": 0}, "output_tokens_details": fields{"reasoning_tokens": 0}}
	whole := fields{"id": newID("resp_"), "object": "response", "created_at": 1, "model": model, "status": "completed", "output": []any{item}, "usage": usage}
	with := func(o, more fields) fields {
		o = maps.Clone(o)
		maps.Copy(o, more)
		return o
	}
	begun := with(item, fields{"status": "in_progress"})
	empty := fields{"content": []any{}, "arguments": "", "input": ""}
	for key, none := range empty {
		if begun[key] != nil {
			begun[key] = none
		}
	}
	all := []fields{
		{"type": "response.created", "response": with(whole, fields{"status": "in_progress", "output": []any{}, "usage": nil})},
		{"type": "response.output_item.added", "output_index": 0, "item": begun},
	}
	if s.tool == "" {
		part := fields{"item_id": item["id"], "output_index": 0, "content_index": 0}
		all = append(all,
			with(part, fields{"type": "response.content_part.added", "part": fields{"type": "output_text", "text": "", "annotations": []any{}}}),
			with(part, fields{"type": "response.output_text.delta", "delta": s.text}),
			with(part, fields{"type": "response.output_text.done", "text": s.text}))
	}
	all = append(all, fields{"type": "response.output_item.done", "output_index": 0, "item": item}, fields{"type": "response.completed", "response": whole})
	var events []event
	for _, data := range all {
		events = append(events, event{data["type"].(string), data})
	}
	return events
}

// chat is OpenAI's API for chats, as opencode and Copilot CLI use it.
func chat(model string, s step) []event {
	base := fields{"id": newID("chatcmpl-"), "created": 1, "model": model}
	message, end := fields{"role": "assistant", "content": s.text}, "stop"
	if s.tool != "" {
		call := fields{"index": 0, "id": newID("call_")}
		if text, ok := s.input.(string); ok {
			call["type"], call["custom"] = "custom", fields{"name": s.tool, "input": text}
		} else {
			arguments, _ := json.Marshal(s.input)
			call["type"], call["function"] = "function", fields{"name": s.tool, "arguments": string(arguments)}
		}
		message, end = fields{"role": "assistant", "content": nil, "tool_calls": []any{call}}, "tool_calls"
	}
	usage := fields{"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
	chunk := func(kind string, choice, more fields) event {
		data := maps.Clone(base)
		data["object"], data["choices"] = kind, []any{choice}
		maps.Copy(data, more)
		return event{data: data}
	}
	const part = "chat.completion.chunk"
	return []event{
		chunk(part, fields{"index": 0, "delta": message, "finish_reason": nil}, nil),
		chunk(part, fields{"index": 0, "delta": fields{}, "message": message, "finish_reason": end}, fields{"usage": usage}),
	}
}

// gemini is Google's API, as Gemini CLI uses it.
func gemini(model string, s step) []event {
	part := fields{"text": s.text}
	if s.tool != "" {
		part = fields{"functionCall": fields{"name": s.tool, "args": s.input}, "thoughtSignature": "c2ln"}
	}
	return []event{{data: fields{
		"candidates": []any{fields{"index": 0, "content": fields{"role": "model", "parts": []any{part}}, "finishReason": "STOP"}},
		"responseId": newID("r"), "usageMetadata": fields{"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}, "modelVersion": model,
	}}}
}
