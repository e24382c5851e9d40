package launch

import "testing"

// TestUsage: the tokens of a client at work are known, and what it reports at its end
// takes their place; those of several clients add up.
func TestUsage(t *testing.T) {
	var u Usage
	add := func(lines ...string) {
		for _, line := range lines {
			u.Add([]byte(line))
		}
	}
	add(`plain text`, `{"type":"assistant","message":{"id":"m1","usage":{"input_tokens":10,"output_tokens":1}}}`,
		`{"type":"assistant","message":{"id":"m1","usage":{"input_tokens":10,"output_tokens":5}}}`,
		`{"type":"assistant","message":{"id":"m2","usage":{"input_tokens":20,"cache_read_input_tokens":100,"output_tokens":2}}}`)
	if u.Tokens != 137 || u.Cost != 0 {
		t.Errorf("at work: %+v", u)
	}
	result := `{"type":"result","is_error":false,"num_turns":2,"total_cost_usd":0.25,"usage":{"input_tokens":30,"cache_read_input_tokens":100,"output_tokens":10}}`
	add(result)
	if u.Tokens != 140 || u.Cost != 0.25 || u.Turns != 2 {
		t.Errorf("at its end: %+v", u)
	}
	add(result)
	if u.Tokens != 280 || u.Cost != 0.5 {
		t.Errorf("of two: %+v", u)
	}
	if why := Failure([]byte(`{"type":"result","is_error":true,"result":"Claude AI usage limit reached|1767225600"}`)); why != "Claude AI usage limit reached|1767225600" {
		t.Errorf("it failed for %q", why)
	}
	if why := Failure([]byte(result)); why != "" {
		t.Errorf("it failed for %q", why)
	}
}
