package cli

import (
	"context"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

func newDevice(e *env) *cobra.Command {
	group := &cobra.Command{Use: "device", Short: "Machines that send messages: phone system, scanner, web form"}
	group.AddCommand(newDeviceAdd(e), newDeviceList(e), newDeviceDisable(e))
	return group
}

// device is how a device is listed.
type device struct {
	Name     string `json:"name"`
	User     string `json:"user"`
	Disabled bool   `json:"disabled"`
}

// addedDevice is shown once: the password is kept as a hash only.
type addedDevice struct {
	Name     string `json:"name"`
	User     string `json:"user"`
	Password string `json:"password"`
}

func newDeviceAdd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "add NAME", Short: "Give a machine its credential, shown once", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			d, err := put(c.Context(), e, askDeviceAdd, words[0], nil)
			if err != nil {
				return err
			}
			return e.object(d, func() {
				e.say("User:     %s\nPassword: %s", d.User, d.Password)
				e.say("Type both into the machine now: the password is not shown again.\nOver HTTP the password is the bearer token.")
			})
		},
	}
}

func newDeviceList(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the machines that may send", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			devices, err := put(c.Context(), e, askDeviceList, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, devices, "NAME\tUSER\tMAY SEND", func(d device) []string {
				may := "yes"
				if d.Disabled {
					may = "no"
				}
				return []string{d.Name, d.User, may}
			}, "No machine may send yet. Add one with `nightbell device add NAME`.")
		},
	}
}

func newDeviceDisable(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "disable NAME", Short: "Refuse a machine from now on", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			d, err := put(c.Context(), e, askDeviceDisable, words[0], nil)
			if err != nil {
				return err
			}
			return e.object(d, func() { e.say("%s is refused from now on.", d.Name) })
		},
	}
}

var askDeviceAdd = ask[string, addedDevice]{"device-add", func(ctx context.Context, a *appliance.Appliance, name string, _ progress) (addedDevice, error) {
	d, password, err := a.Access.AddDevice(ctx, owner, name)
	return addedDevice{Name: d.Name, User: string(d.ID), Password: password}, err
}}

var askDeviceList = ask[nothing, []device]{"device-list", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) ([]device, error) {
	devices, err := a.Devices()
	rows := make([]device, 0, len(devices))
	for _, d := range devices {
		rows = append(rows, device{Name: d.Name, User: string(d.ID), Disabled: d.Disabled})
	}
	return rows, err
}}

var askDeviceDisable = ask[string, device]{"device-disable", func(ctx context.Context, a *appliance.Appliance, name string, _ progress) (device, error) {
	d, err := a.DisableDevice(ctx, owner, name)
	return device{Name: d.Name, User: string(d.ID), Disabled: d.Disabled}, err
}}
