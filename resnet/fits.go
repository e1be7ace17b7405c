package resnet

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/weights"
)

// Assign fills n with the tensors of a file, as [weights.Assign] does. Where they do not fit, the error is, by errors.As, a
// [*weights.Mismatch], and says of which net they are if [Recognise] finds one.
func (n *Net) Assign(f *weights.File) error {
	err := weights.Assign(nn.State(n), f)
	if err == nil {
		return nil
	}
	if r, wrong := Recognise(f); wrong == nil {
		if _, wrong = r.Net(); wrong == nil {
			return fmt.Errorf("%w; they fit %s", err, r.title())
		}
	}
	return err
}

// Names lists those of [Names] that describe this net but for its classes and images, most often one.
func (r *Recognised) Names() (names []string) {
	is := r.architecture(r.Config)
	for _, name := range Names() {
		c, err := Named(name, 1)
		if err == nil && is != nil && reflect.DeepEqual(is, r.architecture(c)) {
			names = append(names, name)
		}
	}
	return names
}

// architecture returns a configuration without what nets of one name may have differently, or nil for none.
func (*Recognised) architecture(c Config) *Config {
	c.Classes, c.Image = 1, Shape{224, 224, 3}
	c, _, err := c.complete()
	if err != nil {
		return nil
	}
	return &c
}

// title is the net's names, or its configuration where it has none, with the classes.
func (r *Recognised) title() string {
	if names := r.Names(); len(names) > 0 {
		return fmt.Sprintf("%s with %d classes", strings.Join(names, " or "), r.Config.Classes)
	}
	return r.Config.String()
}
