// Package pickle reads Python's pickles as data. A pickle is a program for a small stack machine, and Python's own
// runs whatever functions it names. Here a pickle names, and a table of the caller's decides what it gets: what the
// table does not hold is an error with the name that was asked for, and nothing is ever run but Go functions of the
// table.
//
// What comes out:
//
//	None                   nil
//	bool, float, str       bool, float64, string
//	int                    int64, or *big.Int where that does not hold it
//	bytes, bytearray       []byte
//	tuple                  Tuple
//	list, set, frozenset   *List
//	dict                   *Dict
//	anything else          what the table made of it
//
// Values may be shared, and a list or dictionary may hold itself.
//
// Pickles are not trusted. Memory is in proportion to the bytes that have been read and to the operations, of which
// there may be 8 million; every error says at which byte it arose. Protocols 0 to 5
// (https://docs.python.org/3/library/pickletools.html) are read, but for instances of old classes, extension codes and
// buffers out of band, which are refused.
package pickle
