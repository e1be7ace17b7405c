package weights

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner walks over the JSON of a header, b[at:] being what is left. It exists because Unmarshal
// accepts a key that occurs twice, and json.Decoder takes thirty times the memory of a header and
// seconds for a megabyte of small parts. Its nesting is that of its callers, so that no header can
// make it deep.
type scanner struct {
	b  []byte
	at int
}

// object calls f after each key of an object, to consume the value.
func (s *scanner) object(f func(key string) error) error {
	return s.parts('{', '}', func() error {
		key, err := s.text()
		if err == nil {
			err = s.expect(':')
		}
		if err == nil {
			err = f(key)
		}
		return err
	})
}

// list calls f at each element of a list, to consume it.
func (s *scanner) list(f func() error) error { return s.parts('[', ']', f) }

func (s *scanner) parts(first, last byte, f func() error) error {
	if err := s.expect(first); err != nil {
		return err
	}
	if s.next() == last {
		return s.expect(last)
	}
	for {
		if err := f(); err != nil {
			return err
		}
		if s.next() == last {
			return s.expect(last)
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// next goes to the next byte that is not a space and returns it, or 0 at the end. It does not consume it.
func (s *scanner) next() byte {
	for ; s.at < len(s.b); s.at++ {
		if c := s.b[s.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

func (s *scanner) expect(c byte) error {
	if s.next() != c {
		return s.unexpected(strconv.QuoteRune(rune(c)))
	}
	s.at++
	return nil
}

func (s *scanner) unexpected(want string) error {
	if s.at >= len(s.b) {
		return fmt.Errorf("expected %s: %w", want, io.ErrUnexpectedEOF)
	}
	found, _ := utf8.DecodeRune(s.b[s.at:])
	return fmt.Errorf("expected %s at byte %d, found %q", want, s.at, found)
}

// text consumes a string.
func (s *scanner) text() (string, error) {
	if s.next() != '"' {
		return "", s.unexpected("a string")
	}
	begin, escaped := s.at, false
	for s.at++; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '\\':
			escaped = true
			s.at++
		case c < ' ':
			return "", s.unexpected("no control character in a string")
		case c == '"':
			s.at++
			if !escaped {
				return string(s.b[begin+1 : s.at-1]), nil
			}
			var text string
			err := json.Unmarshal(s.b[begin:s.at], &text)
			return text, err
		}
	}
	return "", s.unexpected(`'"'`)
}

// natural consumes a number, which must be an integer of 0 to 2^63-1.
func (s *scanner) natural() (int64, error) {
	s.next()
	begin := s.at
	for s.at < len(s.b) && strings.IndexByte("+-.0123456789Ee", s.b[s.at]) >= 0 {
		s.at++
	}
	digits := s.b[begin:s.at]
	if len(digits) == 0 {
		return 0, s.unexpected("a number")
	}
	if len(digits) <= 19 && (digits[0] != '0' || len(digits) == 1) {
		if u, err := strconv.ParseUint(string(digits), 10, 63); err == nil {
			return int64(u), nil
		}
	}
	return 0, fmt.Errorf("%.20s is no size", digits)
}
