package pickle

// Tuple is a tuple.
type Tuple []any

// List is a list or a set.
type List struct{ Items []any }

// Dict is a dictionary in order of insertion. Keys that are no strings are kept, but found only by looking at all.
type Dict struct {
	Keys, Values []any

	place map[string]int // of string keys
}

// Get returns the value of a string key.
func (d *Dict) Get(key string) (value any, ok bool) {
	i, ok := d.place[key]
	if !ok {
		return nil, false
	}
	return d.Values[i], true
}

// Set gives a key a value: in the place of the one it had, or at the end.
func (d *Dict) Set(key, value any) {
	if name, ok := key.(string); ok {
		if i, ok := d.place[name]; ok {
			d.Values[i] = value
			return
		}
		if d.place == nil {
			d.place = map[string]int{}
		}
		d.place[name] = len(d.Keys)
	}
	d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
}

// Func is what a global is if the pickle may call it.
type Func func(args Tuple) (any, error)

// Stateful is a value that takes the state which a pickle gives it after its construction (__setstate__). The state
// of all others is dropped.
type Stateful interface{ SetState(state any) error }
