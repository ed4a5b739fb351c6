// A second verifier of governance logs on golang.org/x/mod/sumdb, the code that the Go checksum database is verified with.
//
//	verify proofs < LINES     `inclusion INDEX SIZE LEAF ROOT PATH` or `consistency OLD SIZE OLDROOT ROOT PATH`, hashes in hex, the
//	                          path joined by commas or `-`; answers 1 or 0 per line
//	verify note VKEY < NOTE   the text of a note that this key has signed, or an error and exit code 1
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func hash(text string) tlog.Hash {
	bytes, err := hex.DecodeString(text)
	if err != nil || len(bytes) != tlog.HashSize {
		panic("not a hash: " + text)
	}
	var found tlog.Hash
	copy(found[:], bytes)
	return found
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func check(line string) error {
	words := strings.Fields(line)
	a, size, x, root := number(words[1]), number(words[2]), hash(words[3]), hash(words[4])
	var path []tlog.Hash
	if words[5] != "-" {
		for _, word := range strings.Split(words[5], ",") {
			path = append(path, hash(word))
		}
	}
	if words[0] == "inclusion" {
		return tlog.CheckRecord(path, size, root, a, x)
	}
	return tlog.CheckTree(path, size, root, a, x)
}

func proofs() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer := 1
		if check(lines.Text()) != nil {
			answer = 0
		}
		fmt.Fprintln(out, answer)
	}
}

func open(vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + opened.Text[strings.Index(opened.Text, "\n")+1:]))
	if err != nil {
		return err
	}
	fmt.Printf("%d %x\n", tree.N, tree.Hash[:])
	return nil
}

func main() {
	if os.Args[1] == "proofs" {
		proofs()
		return
	}
	if err := open(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
