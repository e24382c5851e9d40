package quiet

// maxDepth is how deep the objects and arrays of an input may be nested.
const maxDepth = 50

// end is where the JSON value ends that begins at text[i], and -1 if there is none. A zero
// byte ends the text. Each member of an object, and each element of an array, is left to
// each, if that is not nil: it returns where the value ends.
func end(text []byte, i, depth int, each func(key []byte, at int) int) int {
	switch c := text[i]; {
	case c == '"':
		return stringEnd(text, i)
	case c == '-' || c >= '0' && c <= '9':
		return numberEnd(text, i)
	case (c == '{' || c == '[') && depth > 0:
		return itemsEnd(text, i, depth, each)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(text)-i > len(word) && string(text[i:i+len(word)]) == word {
			return i + len(word)
		}
	}
	return -1
}

// endOf is end of an object or array that begins so.
func endOf(text []byte, i int, opening byte, each func(key []byte, at int) int) int {
	if text[i] != opening {
		return -1
	}
	return end(text, i, maxDepth, each)
}

func itemsEnd(text []byte, i, depth int, each func(key []byte, at int) int) int {
	object, closing := text[i] == '{', text[i]+2 // which in ASCII comes two behind
	if i = blanks(text, i+1); text[i] == closing {
		return i + 1
	}
	for {
		var key []byte
		if object {
			if text[i] != '"' {
				return -1
			}
			to := stringEnd(text, i)
			if to < 0 {
				return -1
			}
			key = text[i+1 : to-1]
			if i = blanks(text, to); text[i] != ':' {
				return -1
			}
			i = blanks(text, i+1)
		}
		if each != nil {
			i = each(key, i)
		} else {
			i = end(text, i, depth-1, nil)
		}
		if i < 0 {
			return -1
		}
		switch i = blanks(text, i); text[i] {
		case closing:
			return i + 1
		case ',':
			i = blanks(text, i+1)
		default:
			return -1
		}
	}
}

func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] < ' ' {
			return -1
		}
		if text[i] != '\\' {
			continue
		}
		switch i++; text[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			for range 4 {
				if i++; !(text[i] >= '0' && text[i] <= '9' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'f') {
					return -1
				}
			}
		default:
			return -1
		}
	}
	return i + 1
}

func numberEnd(text []byte, i int) int {
	if text[i] == '-' {
		i++
	}
	if text[i] == '0' {
		i++
	} else {
		i = digits(text, i)
	}
	if i > 0 && text[i] == '.' {
		i = digits(text, i+1)
	}
	if i > 0 && text[i]|0x20 == 'e' {
		if i++; text[i] == '+' || text[i] == '-' {
			i++
		}
		i = digits(text, i)
	}
	return i
}

// digits is where the digits at text[i] end, -1 without any.
func digits(text []byte, i int) int {
	from := i
	for text[i] >= '0' && text[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

func blanks(text []byte, i int) int {
	for text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r' {
		i++
	}
	return i
}
