package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// stamp is a file with the hash of the pins that something was installed from. A second installation costs nothing, and
// a changed pin is noticed.
type stamp struct {
	path string   // written at the end of the installation
	pins []string // the files that pin it
	made []string // files that have to exist
}

// isFresh reports whether the installation exists and was made from these pins.
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
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil)) + "\n", nil
}
