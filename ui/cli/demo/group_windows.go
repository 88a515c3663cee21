package demo

import "syscall"

// ownGroup keeps a Ctrl-C in the terminal from the child: the demo stops it, in
// its own order.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
