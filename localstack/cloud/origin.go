package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// OriginCertificate returns a certificate for servers on 127.0.0.1. Sluice in the local cloud trusts it and may fetch
// originals from there.
func (e Env) OriginCertificate() (tls.Certificate, error) {
	file := originCertPath(e.Root)
	return tls.LoadX509KeyPair(file, file)
}

func originCertPath(root string) string { return filepath.Join(root, "build", "origin.pem") }

// makeOriginCert writes a self-signed certificate and its key, unless they exist.
func (c *Cloud) makeOriginCert() error {
	if _, err := os.Stat(originCertPath(c.Root)); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	begins := time.Now().Add(-time.Hour)
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(begins.UnixNano()), NotBefore: begins, NotAfter: begins.AddDate(10, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, cerr := x509.CreateCertificate(rand.Reader, shape, shape, &key.PublicKey, key)
	secret, kerr := x509.MarshalPKCS8PrivateKey(key)
	if err := errors.Join(cerr, kerr); err != nil {
		return err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	return os.WriteFile(originCertPath(c.Root), text, 0o600)
}
