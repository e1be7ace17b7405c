package atomicfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Unfinished content is in a file .<hash>-<random>.tmp beside the target: hash stands for the target's
// name, which may itself be as long as a name can be. 16 hexadecimal digits each.

// tempPrefix returns what the names of all unfinished files for target begin with.
func tempPrefix(target string) string {
	hash := sha256.Sum256([]byte(filepath.Base(target)))
	return fmt.Sprintf(".%x-", hash[:8])
}

const tempSuffix = ".tmp"

// isTemp reports whether name is one that create gives.
func isTemp(name, prefix string) bool {
	random, ok := strings.CutPrefix(name, prefix)
	random, cut := strings.CutSuffix(random, tempSuffix)
	return ok && cut && len(random) == 16 && strings.Trim(random, "0123456789abcdef") == ""
}

// create makes a file for the new content of target and holds it, so that Clean lets it be. Its
// permissions and owner are those of old, or of any new file: os.CreateTemp would hide it from others.
func create(target string, old fs.FileInfo) (*os.File, error) {
	perm := fs.FileMode(0o666)
	if old != nil {
		perm = old.Mode().Perm() // from the first byte on, less the umask
	}
	dir := folder(target)
	for {
		name := fmt.Sprintf("%s%s%016x%s", dir, tempPrefix(target), rand.Uint64(), tempSuffix)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("new file in folder %s: %w", dir, reason(err))
		}
		hold(f)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) { // a Clean was faster
			f.Close()
			continue
		}
		if old == nil {
			return f, nil
		}
		if err := inherit(f, old); err != nil {
			discard(f)
			return nil, err
		}
		return f, nil
	}
}

// inherit gives f the owner of old, where the process may, and its permission bits.
func inherit(f *os.File, old fs.FileInfo) error {
	inheritOwner(f, old)
	info, err := f.Stat()
	if err != nil || info.Mode().Perm() == old.Mode().Perm() {
		return err // some systems cannot change permissions, but have none to differ either
	}
	return f.Chmod(old.Mode().Perm())
}

// Clean removes what killed processes have left of unfinished writes to the file at path, and nothing
// else: what a living process is writing stays, and so do files that it cannot be sure of, as on systems
// without flock.
func Clean(path string) error {
	target, _, err := resolve(path)
	if err != nil {
		return fmt.Errorf("clean up for %s: %w", path, err)
	}
	dir, prefix := folder(target), tempPrefix(target)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("clean up for %s: %w", path, err)
	}
	for _, e := range entries {
		if isTemp(e.Name(), prefix) && e.Type().IsRegular() {
			removeAbandoned(dir + e.Name())
		}
	}
	return nil
}

// folder returns the part of target before its name, with the separator, so that folder and name can be
// joined without changing what they mean.
func folder(target string) string {
	dir, _ := filepath.Split(target)
	if dir == "" {
		return "." + string(filepath.Separator)
	}
	return dir
}

// follow returns the path that the symbolic link at path stands for.
func follow(path string) (string, error) {
	link, err := os.Readlink(path)
	if err != nil || filepath.IsAbs(link) {
		return link, err
	}
	return folder(path) + link, nil
}

// reason strips the path from an error, when it is the name of a hidden file that tells nobody anything.
func reason(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
