package refstore

import (
	"bytes"
	"fmt"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Versioned opens every struct that is stored in a table.
type Versioned struct {
	Version int `toml:"version"`
}

// Time is a moment as it is stored: UTC, to the second.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// EncodeState is the TOML that stands in a table for v, a struct that begins
// with Versioned.
func EncodeState(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// DecodeState reads what EncodeState wrote into v, and refuses anything else:
// one state has one encoding. A later version gives ErrVersion.
func DecodeState(content []byte, v any) error {
	var version Versioned
	if err := toml.Unmarshal(content, &version); err != nil {
		return fmt.Errorf("not the TOML that git swarm writes: %w", err)
	}
	if version.Version > FormatVersion {
		return fmt.Errorf("%w (version %d)", ErrVersion, version.Version)
	}
	if err := toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields().Decode(v); err != nil {
		return fmt.Errorf("not the TOML that git swarm writes: %w", err)
	}
	again, err := EncodeState(v)
	if err == nil && (version.Version != FormatVersion || !bytes.Equal(again, content)) {
		err = fmt.Errorf("not the TOML that git swarm writes")
	}
	return err
}
