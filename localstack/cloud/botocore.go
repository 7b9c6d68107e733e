package cloud

import (
	"context"
	"os"
	"path/filepath"
)

// serviceModels are the services whose models tests check requests against, with the version of their API.
var serviceModels = map[string]string{
	"cloudwatch": "2010-08-01", "dynamodb": "2012-08-10", "lambda": "2015-03-31", "s3": "2006-03-01",
	"secretsmanager": "2017-10-17", "sns": "2010-03-31", "sqs": "2012-11-05", "xray": "2016-04-12",
}

// InstallTools installs what tests and demos need: ffmpeg, ffprobe, footage and the service models.
func (c *Cloud) InstallTools(ctx context.Context) error {
	if err := c.installMediaTools(ctx); err != nil {
		return err
	}
	return c.installModels(ctx)
}

// installModels extracts the service models of AWS from the pinned wheel of botocore into build/botocore.
func (c *Cloud) installModels(ctx context.Context) error {
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	pins, want := c.pinPath("botocore-requirements.txt"), map[string]string{}
	s := stamp{path: c.buildPath("botocore", "pins"), pins: []string{pins}}
	for service, version := range serviceModels {
		path := c.buildPath("botocore", service+".json.gz")
		want["botocore/data/"+service+"/"+version+"/service-2.json.gz"] = path
		s.made = append(s.made, path)
	}
	return c.ensureInstalled(ctx, "fetch AWS's service models into build", s, func(ctx context.Context) error {
		wheels := c.buildPath("wheels")
		defer os.RemoveAll(wheels)
		err := c.runPip(ctx, "download", "--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", wheels, "-r",
			pins)
		if err != nil {
			return err
		}
		return extractFiles(filepath.Join(wheels, "botocore-*.whl"), want, 0o644)
	})
}
