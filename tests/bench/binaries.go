package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"sluice/shared/domain/services"
)

// functionFile returns the executable of a service for this machine.
func functionFile(service string) string {
	return filepath.Join("build", runtime.GOARCH, service, "bootstrap")
}

// measureBinaries returns the size of the largest executable of a function.
func measureBinaries(context.Context, settings) ([]row, error) {
	var largest float64
	for _, s := range services.Map {
		info, err := os.Stat(functionFile(s.Name))
		if err != nil {
			return nil, err
		}
		largest = max(largest, float64(info.Size())/1e6)
	}
	return []row{newRow("binary_mb_max", "MB", sample{largest}, 20)}, nil
}
