package resnet

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/weights"
)

// Assign fills n with the tensors of a file, as [weights.Assign] does, also under the other names that [Recognise] knows.
// Where they do not fit, the error is, by errors.As, a [*weights.Mismatch], and says of which net they are, if Recognise
// finds one, or which is the nearest.
func (n *Net) Assign(f *weights.File) error {
	err := weights.Assign(nn.State(n), f)
	if err == nil {
		return nil
	}
	if r, wrong := Recognise(f); wrong == nil && weights.Assign(nn.State(n), r.file) == nil {
		return nil
	}
	return misfit(err, f)
}

// misfit adds to the error of a net that a file does not fit which net the file fits, or by what it does not fit the
// nearest.
func misfit(err error, f *weights.File) error {
	r, wrong := Recognise(f)
	if wrong != nil {
		return fmt.Errorf("%w; the file fits no net of this package: %w", err, errors.Unwrap(wrong))
	}
	if _, wrong = r.fill(); wrong == nil {
		return fmt.Errorf("%w; the file fits %s", err, r.title())
	}
	var differs string
	if m := (*weights.Mismatch)(nil); !errors.As(wrong, &m) {
		differs = ", but " + wrong.Error()
	} else if wrong.Error() != err.Error() {
		differs = ", but " + first(m)
	}
	return fmt.Errorf("%w; the file fits no net of this package, the nearest is %s%s", err, r.title(), differs)
}

// first describes one difference.
func first(m *weights.Mismatch) string {
	switch {
	case len(m.Shapes) > 0:
		return m.Shapes[0]
	case len(m.Missing) > 0:
		return m.Missing[0] + " is missing"
	case len(m.Unexpected) > 0:
		return m.Unexpected[0] + " is unexpected"
	}
	return m.Unsupported[0]
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

// title is the net's names with what a name does not tell, or its configuration where it has none.
func (r *Recognised) title() string {
	if names := r.Names(); len(names) > 0 {
		title := fmt.Sprintf("%s with %d classes", strings.Join(names, " or "), r.Config.Classes)
		if c := r.Config.Image.Channels; c != 3 {
			title += fmt.Sprintf(" and images of %d channels", c)
		}
		return title
	}
	return r.Config.String()
}
