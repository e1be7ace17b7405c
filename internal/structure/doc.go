// Package structure holds no code, only tests of how the module is built: which package may import
// which, names, documentation and the size of files.
package structure
