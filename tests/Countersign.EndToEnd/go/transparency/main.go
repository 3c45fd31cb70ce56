// Verifies a log that is served as C2SP tlog-tiles with the packages of the Go checksum database: nothing here is ours
// but the fetching. It is given the vkey line and the address of the log, and on its standard input one line for each
// thing to check; it answers each with one line.
//
//	checkpoint             fetches the checkpoint, verifies its signature, keeps it: "size root"
//	record N               fetches entry N, proves that the last checkpoint holds it: "ok"
//	record N TEXT          the same with another leaf in its place: what the library says against it
//	tree N                 proves that the last checkpoint extends the one kept at size N: "ok"
//	tree N BASE64          the same with another root at size N
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const hashesPerTile = 256

type log struct {
	address string
	origin  string
	keys    note.Verifiers
	size    int64
	root    tlog.Hash
	kept    map[int64]tlog.Hash
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	if err != nil {
		fmt.Println("vkey:", err)
		os.Exit(2)
	}
	l := &log{os.Args[2], verifier.Name(), note.VerifierList(verifier), 0, tlog.Hash{}, map[int64]tlog.Hash{}}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := l.answer(strings.SplitN(lines.Text(), " ", 3))
		if err != nil {
			answer = "refused: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

func (l *log) answer(words []string) (string, error) {
	switch words[0] {
	case "checkpoint":
		return l.checkpoint()
	case "record":
		return l.record(words[1:])
	case "tree":
		return l.tree(words[1:])
	}
	return "", fmt.Errorf("what is %q?", words[0])
}

func (l *log) checkpoint() (string, error) {
	text, err := l.fetch("checkpoint")
	if err != nil {
		return "", err
	}
	signed, err := note.Open(text, l.keys)
	if err != nil {
		return "", err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != l.origin || lines[3] != "" {
		return "", fmt.Errorf("no checkpoint: %q", signed.Text)
	}
	if l.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return "", err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", fmt.Errorf("no root: %q", lines[2])
	}
	copy(l.root[:], root)
	l.kept[l.size] = l.root
	return lines[1] + " " + lines[2], nil
}

func (l *log) record(words []string) (string, error) {
	n, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return "", err
	}
	var leaf []byte
	if len(words) > 1 {
		leaf = []byte(words[1])
	} else if leaf, err = l.entry(n); err != nil {
		return "", err
	}
	proof, err := tlog.ProveRecord(l.size, n, l.hashes())
	if err != nil {
		return "", err
	}
	return "ok", tlog.CheckRecord(proof, l.size, l.root, n, tlog.RecordHash(leaf))
}

func (l *log) tree(words []string) (string, error) {
	n, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return "", err
	}
	root := l.kept[n]
	if len(words) > 1 {
		other, err := base64.StdEncoding.DecodeString(words[1])
		if err != nil {
			return "", err
		}
		copy(root[:], other)
	}
	proof, err := tlog.ProveTree(l.size, n, l.hashes())
	if err != nil {
		return "", err
	}
	return "ok", tlog.CheckTree(proof, l.size, l.root, n, root)
}

// hashes reads tiles and checks each against the root, before any hash of it is used.
func (l *log) hashes() tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: l.size, Hash: l.root}, l)
}

func (l *log) Height() int { return 8 }

func (l *log) SaveTiles([]tlog.Tile, [][]byte) {}

func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		bytes, err := l.fetch(fmt.Sprintf("tile/%d/%s", tile.L, path(tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

// entry takes one leaf out of its bundle: a big-endian length of 16 bits before each.
func (l *log) entry(n int64) ([]byte, error) {
	width := hashesPerTile
	if n/hashesPerTile == l.size/hashesPerTile {
		width = int(l.size % hashesPerTile)
	}
	bundle, err := l.fetch("tile/entries/" + path(n/hashesPerTile, width))
	if err != nil {
		return nil, err
	}
	for i := n % hashesPerTile; ; i-- {
		length := int(binary.BigEndian.Uint16(bundle))
		if i == 0 {
			return bundle[2 : 2+length], nil
		}
		bundle = bundle[2+length:]
	}
}

// path spells an index as C2SP tlog-tiles does, which is not how the checksum database does.
func path(n int64, width int) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	if width < hashesPerTile {
		text += fmt.Sprintf(".p/%d", width)
	}
	return text
}

func (l *log) fetch(path string) ([]byte, error) {
	response, err := http.Get(l.address + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}
