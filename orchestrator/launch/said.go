package launch

import (
	"encoding/json"
	"strings"
)

// streamed is one line of what Claude Code streams without a terminal.
type streamed struct {
	Type    string  `json:"type"`
	Failed  bool    `json:"is_error"`
	Result  string  `json:"result"`
	Cost    float64 `json:"total_cost_usd"`
	Turns   int     `json:"num_turns"`
	Usage   tokens  `json:"usage"`
	Message struct {
		ID      string `json:"id"`
		Usage   tokens `json:"usage"`
		Content []struct {
			Type  string          `json:"type"`
			Text  string          `json:"text"`
			Name  string          `json:"name"`
			Input json.RawMessage `json:"input"`
		} `json:"content"`
	} `json:"message"`
}

// tokens are those of one request, or of all.
type tokens struct {
	In      int `json:"input_tokens"`
	Written int `json:"cache_creation_input_tokens"`
	Read    int `json:"cache_read_input_tokens"`
	Out     int `json:"output_tokens"`
}

func (t tokens) sum() int { return t.In + t.Written + t.Read + t.Out }

// Said reads one line of a client's output: what the model said, the tools that
// it called, and what the client itself prints, as it is.
func Said(line []byte) []string {
	var event streamed
	if json.Unmarshal(line, &event) != nil {
		if text := strings.TrimSpace(string(line)); text != "" {
			return []string{text}
		}
		return nil
	}
	if event.Type == "result" && event.Failed {
		return []string{"it ended with an error: " + event.Result}
	}
	var said []string
	if event.Type != "assistant" {
		return nil
	}
	for _, c := range event.Message.Content {
		switch c.Type {
		case "text":
			said = append(said, c.Text)
		case "tool_use":
			input := string(c.Input)
			said = append(said, c.Name+" "+input[:min(len(input), 200)])
		}
	}
	return said
}

// Usage is what clients have used, as far as they report it.
type Usage struct {
	Cost   float64 // in US dollars
	Tokens int     // read, written and cached ones
	Turns  int

	running map[string]int // the tokens of messages of a client that has not reported all yet
}

// Add reads one line of a client's output.
func (u *Usage) Add(line []byte) {
	if len(line) == 0 || line[0] != '{' {
		return
	}
	var event streamed
	if json.Unmarshal(line, &event) != nil {
		return
	}
	switch event.Type {
	case "assistant": // a message comes in several lines, each with its tokens up to then
		if u.running == nil {
			u.running = map[string]int{}
		}
		u.Tokens += event.Message.Usage.sum() - u.running[event.Message.ID]
		u.running[event.Message.ID] = event.Message.Usage.sum()
	case "result":
		for _, n := range u.running {
			u.Tokens -= n
		}
		u.running = nil
		u.Cost += event.Cost
		u.Turns += event.Turns
		u.Tokens += event.Usage.sum()
	}
}

// Failure is what a client gave as the reason of its end, "" if the line is none.
func Failure(line []byte) string {
	var event streamed
	if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &event) != nil || event.Type != "result" || !event.Failed {
		return ""
	}
	return event.Result
}
