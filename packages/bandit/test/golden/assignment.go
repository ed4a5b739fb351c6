// Checks buckets and arms of units: go run assignment.go assignment.json
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
)

type golden struct {
	Ranges [][3]any `json:"ranges"`
	Cases  [][4]any `json:"cases"`
}

func bucket(salt, unit string) uint64 {
	digest := sha256.Sum256([]byte(salt + "|" + unit))
	return uint64(binary.BigEndian.Uint32(digest[:4])) * 1_000_000 >> 32
}

func arm(ranges [][3]any, bucket uint64) string {
	for _, r := range ranges {
		if uint64(r[1].(float64)) <= bucket && bucket < uint64(r[2].(float64)) {
			return r[0].(string)
		}
	}
	return ""
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		panic(err)
	}
	for _, c := range g.Cases {
		b := bucket(c[0].(string), c[1].(string))
		if float64(b) != c[2].(float64) || arm(g.Ranges, b) != c[3].(string) {
			fmt.Fprintln(os.Stderr, "differs:", c, b)
			os.Exit(1)
		}
	}
	fmt.Println(len(g.Cases))
}
