// What docker 17.05 computes from the json of images (bridge 8.1 and 9), by the encoding/json of the Go that compiled it.
// The tests compare Drydock with it. Each line of its input is a question, each line of its output the answer.
// .ci/go-programs builds it.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// words is a list of strings, or one string.
type words []string

func (w *words) UnmarshalJSON(text []byte) error {
	list := []string{}
	if json.Unmarshal(text, &list) == nil {
		*w = list
		return nil
	}
	var one string
	err := json.Unmarshal(text, &one)
	if err == nil {
		*w = words{one}
	}
	return err
}

type set map[string]struct{}

type healthcheck struct {
	Test        []string      `json:",omitempty"`
	Interval    time.Duration `json:",omitempty"`
	Timeout     time.Duration `json:",omitempty"`
	StartPeriod time.Duration `json:",omitempty"`
	Retries     int           `json:",omitempty"`
}

type config struct {
	Hostname, Domainname, User              string
	AttachStdin, AttachStdout, AttachStderr bool
	ExposedPorts                            set `json:",omitempty"`
	Tty, OpenStdin, StdinOnce               bool
	Env                                     []string
	Cmd                                     words
	Healthcheck                             *healthcheck `json:",omitempty"`
	ArgsEscaped                             bool         `json:",omitempty"`
	Image                                   string
	Volumes                                 set
	WorkingDir                              string
	Entrypoint                              words
	NetworkDisabled                         bool   `json:",omitempty"`
	MacAddress                              string `json:",omitempty"`
	OnBuild                                 []string
	Labels                                  map[string]string
	StopSignal                              string `json:",omitempty"`
	StopTimeout                             *int   `json:",omitempty"`
	Shell                                   words  `json:",omitempty"`
}

type v1Image struct {
	ID              string    `json:"id,omitempty"`
	Parent          string    `json:"parent,omitempty"`
	Comment         string    `json:"comment,omitempty"`
	Created         time.Time `json:"created"`
	Container       string    `json:"container,omitempty"`
	ContainerConfig config    `json:"container_config"`
	DockerVersion   string    `json:"docker_version,omitempty"`
	Author          string    `json:"author,omitempty"`
	Config          *config   `json:"config,omitempty"`
	Architecture    string    `json:"architecture,omitempty"`
	OS              string    `json:"os,omitempty"`
	Size            int64     `json:",omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids,omitempty"`
}

type historyLine struct {
	Created    time.Time `json:"created"`
	Author     string    `json:"author,omitempty"`
	CreatedBy  string    `json:"created_by,omitempty"`
	Comment    string    `json:"comment,omitempty"`
	EmptyLayer bool      `json:"empty_layer,omitempty"`
}

// image is a config as docker reads it.
type image struct {
	v1Image
	RootFS     *rootFS       `json:"rootfs,omitempty"`
	History    []historyLine `json:"history,omitempty"`
	OSVersion  string        `json:"os.version,omitempty"`
	OSFeatures []string      `json:"os.features,omitempty"`
}

type descriptor struct {
	MediaType string `json:"mediaType,omitempty"`
	Size      int64  `json:"size,omitempty"`
	Digest    string `json:"digest,omitempty"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type link struct {
	JSON   []byte
	DiffID string
}

// question is one of: Chain, the config of a v1 chain; Image, what docker reads from a config, and the ChainIDs of its layers;
// V1Image, what engines read from the json of a v1 image; Manifest, as docker writes it.
type question struct {
	Chain    []link
	Image    []byte
	V1Image  []byte
	Manifest *manifest
}

// answer has Refused when docker refuses it.
type answer struct {
	Refused  string   `json:",omitempty"`
	Config   []byte   `json:",omitempty"`
	V1Image  *v1Image `json:",omitempty"`
	ChainIDs []string `json:",omitempty"`
	Manifest []byte   `json:",omitempty"`
}

// isOlder compares versions by their parts; one that is not a number counts as 0.
func isOlder(version, than string) bool {
	left, right := strings.Split(version, "."), strings.Split(than, ".")
	part := func(parts []string, at int) (number int) {
		if at < len(parts) {
			number, _ = strconv.Atoi(parts[at])
		}
		return
	}
	for at := 0; at < len(left) || at < len(right); at++ {
		if one, other := part(left, at), part(right, at); one != other {
			return one < other
		}
	}
	return false
}

func raw(value interface{}) *json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return (*json.RawMessage)(&text)
}

func historyOf(chain []link) (lines []historyLine, err error) {
	for _, one := range chain {
		var read v1Image
		if err = json.Unmarshal(one.JSON, &read); err != nil {
			return
		}
		createdBy := strings.Join(read.ContainerConfig.Cmd, " ")
		lines = append(lines, historyLine{read.Created, read.Author, createdBy, read.Comment, false})
	}
	return
}

func membersOf(text []byte) (members map[string]*json.RawMessage, err error) {
	var top struct {
		Version string `json:"docker_version"`
	}
	if err = json.Unmarshal(text, &top); err != nil {
		return
	}
	if isOlder(top.Version, "1.8.3") {
		var read v1Image
		if err = json.Unmarshal(text, &read); err != nil {
			return
		}
		if text, err = json.Marshal(read); err != nil {
			return
		}
	}
	err = json.Unmarshal(text, &members)
	return
}

func configOf(chain []link) ([]byte, error) {
	lines, err := historyOf(chain)
	if err != nil {
		return nil, err
	}
	members, err := membersOf(chain[len(chain)-1].JSON)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "parent", "Size", "parent_id", "layer_id", "throwaway"} {
		delete(members, name)
	}
	files := rootFS{Type: "layers"}
	for _, one := range chain {
		files.DiffIDs = append(files.DiffIDs, one.DiffID)
	}
	members["rootfs"], members["history"] = raw(files), raw(lines)
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return text, json.Unmarshal(text, &image{})
}

func chainIDs(diffIDs []string) (ids []string) {
	for at, diffID := range diffIDs {
		if at > 0 {
			diffID = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(ids[at-1]+" "+diffID)))
		}
		ids = append(ids, diffID)
	}
	return
}

func answerTo(asked question) (reply answer, err error) {
	if asked.Chain != nil {
		if reply.Config, err = configOf(asked.Chain); err != nil {
			return
		}
	}
	if asked.Image != nil {
		var read image
		if err = json.Unmarshal(asked.Image, &read); err != nil {
			return
		}
		reply.V1Image, reply.ChainIDs = &read.v1Image, chainIDs(read.RootFS.DiffIDs)
	}
	if asked.V1Image != nil {
		reply.V1Image = &v1Image{}
		if err = json.Unmarshal(asked.V1Image, reply.V1Image); err != nil {
			return
		}
	}
	if asked.Manifest != nil {
		reply.Manifest, err = json.MarshalIndent(asked.Manifest, "", "   ")
	}
	return
}

func main() {
	input, output := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if input.Decode(&asked) != nil {
			return
		}
		reply, err := answerTo(asked)
		if err != nil {
			reply = answer{Refused: err.Error()}
		}
		if output.Encode(reply) != nil {
			return
		}
	}
}
