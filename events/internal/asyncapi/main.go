// Package main writes events/asyncapi.yaml, an AsyncAPI 3.1 document, from the service map and the event types: go
// generate ./events. It is for programs that send to Sluice's queues or subscribe to its topic.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path"
	"slices"
	"strings"

	"sluice/events"
	"sluice/shared/domain/services"
)

func main() {
	b, err := buildDocument(os.DirFS("."))
	if err == nil {
		err = os.WriteFile("asyncapi.yaml", b, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

const documentHead = `# Made by go generate ./events; do not edit.
asyncapi: 3.1.0
info:
  title: Sluice
  version: 1.0.0
  description: The messages between Sluice's services, and to subscribers. A message that breaks its schema is rejected when it is sent, and becomes a dead letter when it is received.
  license:
    name: Apache-2.0
    url: https://www.apache.org/licenses/LICENSE-2.0
defaultContentType: application/json
`

// buildDocument returns the AsyncAPI document. dir is the folder events.
func buildDocument(dir fs.FS) ([]byte, error) {
	var w bytes.Buffer
	w.WriteString(documentHead)
	writeChannels(&w)
	writeOperations(&w)
	err := writeMessages(&w, dir)
	return w.Bytes(), err
}

func writeChannels(w io.Writer) {
	fmt.Fprint(w, "channels:\n")
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		about := fmt.Sprintf("SQS queue of the service %s; its URL is the stack's output %s.", s.Name,
			outputName(s.Name))
		for _, q := range s.Queues()[1:] {
			about += fmt.Sprintf(" Messages of the lane %s go to another queue: %s.", q.Lane.Name, outputName(q.Name))
		}
		if s.Inbox.FIFO {
			about += " FIFO: the message group is <tenant>.<subject>, and the deduplication id is the event's id."
		}
		writeChannel(w, s.Name, about, s.Inbox.EventTypes)
	}
	var facts []string
	for _, t := range events.ListTypes(events.Fact) {
		facts = append(facts, string(t))
	}
	writeChannel(w, services.Topic,
		"SNS topic. Filter by the message attributes type (by prefix) and tenant. Its ARN is the stack's output TopicArn.",
		facts)
}

// outputName returns the name of the stack output that has the URL of a queue.
func outputName(queue string) string { return "Inbox" + services.PascalCase(queue) }

func writeChannel(w io.Writer, name, description string, types []string) {
	fmt.Fprintf(w, "  %s:\n    address: null\n    description: %s\n    messages:\n", name, quoteYAML(description))
	for _, t := range types {
		fmt.Fprintf(w, "      %s:\n        $ref: %s\n", t, quoteYAML("#/components/messages/"+t))
	}
}

func writeOperations(w io.Writer) {
	fmt.Fprint(w, "operations:\n")
	for _, s := range services.Map {
		if s.Inbox != nil {
			writeOperation(w, s.Name+"Receives", "receive", s.Name, s.Inbox.EventTypes)
		}
		for _, to := range s.Destinations() {
			types := slices.DeleteFunc(slices.Clone(s.Emits), func(t string) bool {
				return services.FindDestination(t) != to
			})
			writeOperation(w, s.Name+"SendsTo"+services.PascalCase(to), "send", to, types)
		}
	}
}

func writeOperation(w io.Writer, name, action, channel string, types []string) {
	fmt.Fprintf(w, "  %s:\n    action: %s\n    channel:\n      $ref: %s\n    messages:\n", name, action,
		quoteYAML("#/channels/"+channel))
	for _, t := range types {
		fmt.Fprintf(w, "      - $ref: %s\n", quoteYAML("#/channels/"+channel+"/messages/"+t))
	}
}

func writeMessages(w io.Writer, dir fs.FS) error {
	fmt.Fprint(w, "components:\n  messages:\n")
	err := writeMessage(w, dir, string(events.ObjectCreated), "s3.json",
		"      payload:\n        $ref: schema/s3.json\n")
	for _, t := range events.ListTypes() {
		if err != nil {
			return err
		}
		payload := fmt.Sprintf("      correlationId:\n        location: $message.payload#/correlationid\n      payload:\n"+
			"        allOf:\n          - $ref: schema/envelope.json\n          - properties:\n"+
			"              type:\n                const: %[1]s\n              data:\n                $ref: schema/%[1]s.json\n", t)
		err = writeMessage(w, dir, string(t), string(t)+".json", payload)
	}
	return err
}

// writeMessage writes a message with the title of its schema and all examples of its type.
func writeMessage(w io.Writer, dir fs.FS, name, schema, payload string) error {
	title, err := readTitle(dir, schema)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "    %[1]s:\n      name: %[1]s\n      title: %[2]s\n%[3]s      examples:\n", name, quoteYAML(title),
		payload)
	files, err := fs.Glob(dir, "examples/"+name+"/*.json")
	if err != nil {
		return err
	}
	for _, file := range files {
		b, err := fs.ReadFile(dir, file)
		if err != nil {
			return err
		}
		var line bytes.Buffer
		if err := json.Compact(&line, b); err != nil {
			return err
		}
		example := strings.TrimSuffix(path.Base(file), ".json")
		fmt.Fprintf(w, "        - name: %s\n          payload: %s\n", example, &line)
	}
	return nil
}

// readTitle returns the title of a schema file.
func readTitle(dir fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(dir, "schema/"+name)
	if err != nil {
		return "", err
	}
	var s struct{ Title string }
	err = json.Unmarshal(b, &s)
	return s.Title, err
}

// quoteYAML returns a string as YAML. JSON is valid YAML.
func quoteYAML(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
