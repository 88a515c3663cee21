package appliance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nightbell/appliance/access"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// peopleOfShifts answers who is meant by each name of a file. It makes people of
// those whom nobody knows once all other names are clear.
func (a *Appliance) peopleOfShifts(ctx context.Context, by string, file oncall.File) (map[string]*ImportedPerson, error) {
	known, err := a.namesOfPeople()
	if err != nil {
		return nil, err
	}
	people, unknown := map[string]*ImportedPerson{}, []string{}
	var unclear []string
	for _, s := range file.Shifts {
		if people[s.Person] != nil || slices.Contains(unknown, s.Person) {
			continue
		}
		who, many := known.find(s.Person)
		switch {
		case many:
			unclear = append(unclear, fmt.Sprintf("%s: several people are called %s", s.Where, s.Person))
		case who == nil && !personsName(s.Person):
			unclear = append(unclear, s.Where+": what stands there is nobody who is known here, and no person's name")
		case who == nil:
			unknown = append(unknown, s.Person)
		default:
			people[s.Person] = &ImportedPerson{ID: who.ID, Name: who.Call(), Rung: who.Staff() && access.Allowed(who.Roles, access.WorkMessage)}
		}
	}
	if more := len(unclear) - mostUnclear; more > 0 {
		unclear = append(unclear[:mostUnclear], fmt.Sprintf("and %d more", more))
	}
	if len(unclear) > 0 {
		return nil, &oncall.BadFile{Lines: append(unclear, "write the names that people sign in with, and import a schedule of who is on call only")}
	}
	if len(unknown) > newNames {
		return nil, withTodo(fmt.Sprintf("the file names %d people whom nobody here knows", len(unknown)), "see whether it is the on-call schedule; if it is, add its people first")
	}
	return people, a.addUnknown(ctx, by, unknown, people)
}

// mostUnclear is how many lines of a file are named one by one.
const mostUnclear = 20

// longestName is how many words the name of a person has who is kept in the clear.
const longestName = 6

// personsName says whether somebody could be called so. A calendar of appointments
// has more than names in it, and whoever is imported is shown everywhere.
func personsName(s string) bool {
	return len(strings.Fields(s)) <= longestName && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .,-'’", r)
	})
}

// addUnknown makes people without an account of names; two spellings of one name
// are one person.
func (a *Appliance) addUnknown(ctx context.Context, by string, names []string, people map[string]*ImportedPerson) error {
	made := map[string]*ImportedPerson{}
	for _, name := range names {
		key := plainName(name)
		if made[key] == nil {
			p, err := a.Access.AddPerson(ctx, by, access.NewPerson{FullName: name, Contact: true}, nil)
			if err != nil {
				return err
			}
			made[key] = &ImportedPerson{ID: p.ID, Name: p.Call(), New: true}
		}
		people[name] = made[key]
	}
	return nil
}

// knownNames are people by each name that they go by, those who can be rung
// before those who cannot.
type knownNames [3]map[string][]access.Person

func (a *Appliance) namesOfPeople() (known knownNames, err error) {
	for i := range known {
		known[i] = map[string][]access.Person{}
	}
	err = a.Store.View(func(tx *store.Tx) error {
		all, err := a.Access.People(tx)
		if err != nil {
			return err
		}
		for _, p := range all {
			rank := 0
			switch {
			case p.Disabled:
				rank = 2
			case p.Contact:
				rank = 1
			}
			reach, _ := oncall.ReachOf(tx, p.ID) // a damaged one is a finding of its own
			names := []string{plainName(p.Name), plainName(p.FullName), plainName(reach.Preferred)}
			slices.Sort(names)
			for _, name := range slices.Compact(names) {
				if name != "" {
					known[rank][name] = append(known[rank][name], p)
				}
			}
		}
		return nil
	})
	return known, err
}

// find answers who goes by a name, nil for nobody, and whether several do.
func (k knownNames) find(name string) (who *access.Person, many bool) {
	spellings := []string{plainName(name)}
	if last, first, turned := strings.Cut(name, ","); turned {
		spellings = append(spellings, plainName(first+" "+last))
	}
	for _, rank := range k {
		for _, s := range spellings {
			if found := rank[s]; len(found) > 0 {
				return &found[0], len(found) > 1
			}
		}
	}
	return nil, false
}

// plainName is a name as people compare it: “Dr. Ngozi  Okafor” is Ngozi Okafor.
func plainName(name string) string {
	words := strings.Fields(strings.ToLower(name))
	if len(words) > 1 && strings.TrimSuffix(words[0], ".") == "dr" {
		words = words[1:]
	}
	return strings.Join(words, " ")
}
