package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/access"
)

// owner is who acts when a command comes from the owner of the data folder.
const owner = "owner"

func newUser(e *env) *cobra.Command {
	group := &cobra.Command{Use: "user", Short: "People who sign in"}
	group.AddCommand(newUserAdd(e), newUserList(e), newUserDisable(e), newUserReset(e))
	return group
}

// person is how a person is listed.
type person struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	FullName string   `json:"full_name,omitempty"`
	Roles    []string `json:"roles"`
	Mail     string   `json:"mail,omitempty"`
	Reads    bool     `json:"reads"`
	Waits    bool     `json:"waits"` // a reading role that has no key yet
	Disabled bool     `json:"disabled"`
}

func listed(p access.Person) person {
	row := person{ID: string(p.ID), Name: p.Name, FullName: p.FullName, Mail: p.Mail, Reads: p.Reads(), Waits: p.WantsSlot, Disabled: p.Disabled, Roles: []string{}}
	for _, r := range p.Roles {
		row.Roles = append(row.Roles, string(r))
	}
	return row
}

type userAddArgs struct {
	Name, FullName, Mail, Password string
	Roles                          []access.Role
	Key                            appliance.Key
}

func newUserAdd(e *env) *cobra.Command {
	var args userAddArgs
	var roles []string
	var passwordFile, kit string
	c := &cobra.Command{
		Use: "add NAME", Short: "Add a person", Args: cobra.ExactArgs(1),
		Long: "Add a person. Roles: call-taker, front-desk, provider, privacy-officer, admin.\nA role that reads messages gets its key when the appliance is open, or when --identity gives the recovery kit.",
		RunE: func(c *cobra.Command, words []string) (err error) {
			args.Name = words[0]
			if args.Roles, err = access.ParseRoles(roles); err != nil {
				return usageError{err}
			}
			if args.Key, err = kitKey(kit); err != nil {
				return err
			}
			if args.Password, err = e.newPassword(passwordFile, "Password of "+args.Name); err != nil {
				return err
			}
			p, err := put(c.Context(), e, askUserAdd, args, nil)
			if err != nil {
				return err
			}
			return e.object(p, func() {
				e.say("%s can sign in.", p.Name)
				e.sayWaits(p)
			})
		},
	}
	c.Flags().StringSliceVar(&roles, "role", nil, "role, or several with commas")
	c.Flags().StringVar(&args.FullName, "full-name", "", "name as the desk shows it")
	c.Flags().StringVar(&args.Mail, "mail", "", "address that notices go to")
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with the new person's password (- for standard input)")
	c.Flags().StringVar(&kit, "identity", "", "recovery kit, so that a role that reads gets its key at once")
	required(c, "role")
	return c
}

// kitKey is what a recovery kit opens with, or nothing where none is given.
func kitKey(file string) (appliance.Key, error) {
	if file == "" {
		return appliance.Key{}, nil
	}
	id, err := identityFile(file)
	return appliance.Key{Identity: string(id)}, err
}

func (e *env) sayWaits(p person) {
	if p.Waits {
		e.say("%s cannot read messages yet: somebody who reads must say yes on the People page.", p.Name)
	}
}

func newUserList(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the people", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			people, err := put(c.Context(), e, askUserList, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, people, "NAME\tROLES\tMAIL\tREADS", func(p person) []string {
				return []string{p.Name, strings.Join(p.Roles, ","), p.Mail, readsWord(p)}
			}, "Nobody can sign in yet.")
		},
	}
}

func readsWord(p person) string {
	switch {
	case p.Disabled:
		return "disabled"
	case p.Waits:
		return "waits for a reader's yes"
	case p.Reads:
		return "yes"
	}
	return "no"
}

func newUserDisable(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "disable NAME", Short: "End a person's access at once", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			p, err := put(c.Context(), e, askUserDisable, words[0], nil)
			if err != nil {
				return err
			}
			return e.object(p, func() { e.say("%s can no longer sign in; every session has ended.", p.Name) })
		},
	}
}

type userResetArgs struct {
	Name, Password string
	Key            appliance.Key
}

func newUserReset(e *env) *cobra.Command {
	var args userResetArgs
	var passwordFile, kit string
	c := &cobra.Command{
		Use: "reset NAME", Short: "Give a person a new password", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) (err error) {
			args.Name = words[0]
			if args.Key, err = kitKey(kit); err != nil {
				return err
			}
			if args.Password, err = e.newPassword(passwordFile, "New password of "+args.Name); err != nil {
				return err
			}
			p, err := put(c.Context(), e, askUserReset, args, nil)
			if err != nil {
				return err
			}
			return e.object(p, func() {
				e.say("%s signs in with the new password; every older session has ended.", p.Name)
				e.sayWaits(p)
			})
		},
	}
	c.Flags().StringVar(&passwordFile, "password-file", "", "file with the new password (- for standard input)")
	c.Flags().StringVar(&kit, "identity", "", "recovery kit, so that a role that reads keeps its key")
	return c
}

var askUserAdd = ask[userAddArgs, person]{"user-add", func(ctx context.Context, a *appliance.Appliance, args userAddArgs, _ progress) (person, error) {
	p, err := a.AddPerson(ctx, owner, access.NewPerson{Name: args.Name, FullName: args.FullName, Mail: args.Mail, Roles: args.Roles, Password: args.Password}, args.Key)
	return listed(p), err
}}

var askUserList = ask[nothing, []person]{"user-list", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) ([]person, error) {
	people, err := a.People()
	rows := make([]person, 0, len(people))
	for _, p := range people {
		if !p.Contact {
			rows = append(rows, listed(p))
		}
	}
	return rows, err
}}

var askUserDisable = ask[string, person]{"user-disable", func(ctx context.Context, a *appliance.Appliance, name string, _ progress) (person, error) {
	p, err := a.DisablePerson(ctx, owner, name)
	return listed(p), err
}}

var askUserReset = ask[userResetArgs, person]{"user-reset", func(ctx context.Context, a *appliance.Appliance, args userResetArgs, _ progress) (person, error) {
	p, err := a.ResetPassword(ctx, owner, args.Name, args.Password, args.Key)
	return listed(p), err
}}
