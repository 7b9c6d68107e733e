package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
)

// stamp is a file that says which pins a folder was made from, so that a second installation
// costs nothing and a changed pin is never missed.
type stamp struct {
	path string   // written when all is there, and only then
	pins []string // the files that say what should be there
	made []string // what must still be there
}

// isFresh tells whether what the stamp stands for is there, made from these very pins.
func (s stamp) isFresh() (bool, error) {
	want, err := s.hashPins()
	if err != nil {
		return false, err
	}
	got, err := os.ReadFile(s.path)
	if err != nil || string(got) != want {
		return false, nil
	}
	for _, path := range s.made {
		if _, err := os.Stat(path); err != nil {
			return false, nil
		}
	}
	return true, nil
}

// invalidate makes the stamp stale before work starts, so that work cut short is done again.
func (s stamp) invalidate() error { return os.RemoveAll(s.path) }

func (s stamp) write() error {
	sum, err := s.hashPins()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.path, []byte(sum), 0o644)
}

func (s stamp) hashPins() (string, error) {
	hash := sha256.New()
	for _, path := range s.pins {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(hash, file)
		file.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)) + "\n", nil
}
