package data

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Card is what a file of weights says of a model beside its tensors, so that whoever has the file can use it: how an
// image becomes its input, and what its outputs mean.
type Card struct {
	Classes []string `json:"classes,omitempty"` // names of the classes in the order of the logits; empty if they have none
	Norm    Norm     `json:"norm"`
	// Preset, if it is not empty, names the published weights whose preset makes inputs of photographs, for PresetOf of
	// package data/image. Norm is then the normalisation of that.
	Preset string `json:"preset,omitempty"`
}

// cardKey is where the metadata of a file has what describes the model.
const cardKey = "residuum.model"

// described is the JSON under cardKey.
type described struct {
	Model  string          `json:"model"`
	Config json.RawMessage `json:"config"`
	Card   Card            `json:"card"`
}

// Describe returns metadata for a file of weights that says what model it is of, "resnet" say, and by which
// configuration it is built, which must survive JSON. The Save methods of resnet.Net and boost.Ensemble write it.
func (c Card) Describe(model string, config any) (meta map[string]string, err error) {
	d := described{Model: model, Card: c}
	if d.Config, err = json.Marshal(config); err != nil {
		return nil, fmt.Errorf("data: Card: configuration of the model: %w", err)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("data: Card: %w", err)
	}
	return map[string]string{cardKey: string(text)}, nil
}

// ErrNoCard is matched by the error of [ReadCard] for a file that [Card.Describe] has not described.
var ErrNoCard = errors.New("the file does not say what model it is of")

// ReadCard is the inverse of [Card.Describe]: it fills the configuration that config points to from a file's metadata,
// and returns the card. A file that does not describe itself or is of another model is an error. Whether the card is for
// as many channels and classes as the model has, [Card.Check] says.
func ReadCard(meta map[string]string, model string, config any) (Card, error) {
	text, ok := meta[cardKey]
	if !ok {
		return Card{}, fmt.Errorf("no key %s in the metadata: %w", cardKey, ErrNoCard)
	}
	var d described
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return Card{}, fmt.Errorf("metadata %s: %w", cardKey, err)
	}
	if d.Model != model {
		return Card{}, fmt.Errorf("the file is of a model of package %.40q, not %q", d.Model, model)
	}
	if err := json.Unmarshal(d.Config, config); err != nil {
		return Card{}, fmt.Errorf("metadata %s: configuration: %w", cardKey, err)
	}
	return d.Card, nil
}

// Check returns an error unless c is for images of so many channels and as many classes.
func (c Card) Check(channels, classes int) error {
	if n := len(c.Classes); n != 0 && n != classes {
		return fmt.Errorf("card: names of %d classes for %d outputs", n, classes)
	}
	if err := c.Norm.check(channels); err != nil {
		return fmt.Errorf("card: normalisation: %w", err)
	}
	return nil
}

// Class returns the name of a class, or its number if there are no names.
func (c Card) Class(i int) string {
	if len(c.Classes) == 0 {
		return fmt.Sprint(i)
	}
	return c.Classes[i]
}
